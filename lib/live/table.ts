/** The columns of the view's table: as many as fit, the most telling first. Pure. */

import { cells, compact, compactNs, type LiveStyle, padTo, sparkline } from './figures.ts'
import type { History } from './history.ts'
import type { Line } from './layout.ts'
import type { Row } from './rows.ts'
import type { SortKey, ViewState } from './state.ts'

/** One column. */
export interface Column {
  title: string
  width: number
  sort: SortKey | null
  /** Null for the one that is drawn from the history. */
  text: ((row: Row, unicode: boolean) => string) | null
}

const number: Column = { title: 'PID', width: 7, sort: 'pid', text: ({ number: value }) => String(value) }

/** The first ones are the last to be left out. */
const others: readonly Column[] = [
  {
    title: 'LIVE',
    width: 6,
    sort: 'live',
    text: ({ process, thread }) => compact(thread === null ? process.liveBytes : thread.netBytes, 1024),
  },
  {
    title: 'CALL/S',
    width: 6,
    sort: 'rate',
    text: ({ process, thread }) => compact((thread ?? process).rates?.callsPerSecond ?? null, 1000),
  },
  {
    title: 'RSS',
    width: 6,
    sort: 'rss',
    text: ({ process, thread }) => (thread === null ? compact(process.rssBytes, 1024) : ''),
  },
  {
    title: 'PEAK',
    width: 6,
    sort: 'peak',
    text: ({ process, thread }) => (thread === null ? compact(process.peakBytes, 1024) : ''),
  },
  {
    title: 'BYTE/S',
    width: 6,
    sort: 'bytes',
    text: ({ process, thread }) => compact((thread ?? process).rates?.requestedBytesPerSecond ?? null, 1024),
  },
  { title: 'CALLS', width: 6, sort: 'calls', text: ({ process, thread }) => compact((thread ?? process).calls, 1000) },
  {
    title: 'P99',
    width: 6,
    sort: null,
    text: ({ process, thread }, unicode) => {
      const { latency } = thread ?? process
      return latency === null ? '' : compactNs(latency.p99Ns, unicode)
    },
  },
  {
    title: 'THR',
    width: 4,
    sort: null,
    text: ({ process, thread }) =>
      thread === null ? compact(process.threads.filter(({ alive }) => alive).length, 1000) : '',
  },
  { title: 'LIVE OVER TIME', width: 20, sort: null, text: null },
]

/** The order in which they stand. */
const order = ['PID', 'LIVE', 'PEAK', 'RSS', 'CALL/S', 'BYTE/S', 'CALLS', 'P99', 'THR', 'LIVE OVER TIME']

/** So much is left for the name before there is another column. */
const nameWidth = (columns: number) => (columns <= 4 ? 10 : 20)

/** The columns that fit beside the name; P99 only where calls are timed. */
export function columnsFor(width: number, timed: boolean): Column[] {
  const chosen = [number]
  let used = number.width + 1
  for (const column of others) {
    if (column.title === 'P99' && !timed) continue
    if (used + column.width + 1 + nameWidth(chosen.length + 1) > width) break
    chosen.push(column)
    used += column.width + 1
  }
  return chosen.sort((a, b) => order.indexOf(a.title) - order.indexOf(b.title))
}

/** The titles; what is sorted by is marked. */
export function tableHead(columns: readonly Column[], { sort, reversed }: ViewState, style: LiveStyle): Line {
  const mark = style.unicode ? (reversed ? '▴' : '▾') : reversed ? '^' : 'v'
  const line: Line = columns.flatMap((column) => {
    const chosen = column.sort === sort
    const title = chosen ? `${column.title.slice(0, column.width - 1)}${mark}` : column.title
    return [{ text: `${padTo(title, column.width, style, 'right')} `, tone: chosen ? 'cyan' : 'dim' }]
  })
  const named = sort === 'name' || sort === 'start'
  const room = style.width - line.reduce((sum, { text }) => sum + cells(text), 0)
  const by = sort === 'start' && room >= 17 ? ' by start' : ''
  return [...line, { text: named ? `COMMAND${mark}${by}` : 'COMMAND', tone: named ? 'cyan' : 'dim' }]
}

/** One row, over the whole width where it is chosen. */
export function rowLine(
  row: Row,
  columns: readonly Column[],
  history: History,
  chosen: boolean,
  style: LiveStyle,
): Line {
  const tone = chosen ? ('inverse' as const) : row.running ? undefined : ('dim' as const)
  const line: Line = columns.map((column) => {
    if (column.text !== null)
      return { text: `${padTo(column.text(row, style.unicode), column.width, style, 'right')} `, tone }
    const values = row.thread === null && row.running ? history.liveOf(row.id) : []
    return { text: `${sparkline(values, column.width, style.unicode)} `, tone: tone ?? 'green' }
  })
  const used = columns.reduce((sum, { width }) => sum + width + 1, 0)
  const name = padTo(row.branch + row.name, Math.max(0, style.width - used), style)
  return [...line, { text: name, tone }]
}
