/**
 * The view as lines of a screen: a pure function of a snapshot, the values before it, what the user has asked for and
 * how large the screen is. Every line is at most as wide as the screen, and there are exactly as many as it has.
 */

import type { SessionSnapshot } from '../types.ts'
import { detailLines } from './details.ts'
import { cells, clock, compact, cut, harmless, type LiveStyle, padTo, sparkline } from './figures.ts'
import type { History } from './history.ts'
import { rowsOf, shortName } from './rows.ts'
import type { ViewState } from './state.ts'
import { columnsFor, rowLine, tableHead } from './table.ts'

/** How a piece of a line looks; plain without. */
export type Tone = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'inverse'

/** A piece of a line. */
export interface Span {
  text: string
  tone?: Tone | undefined
}

export type Line = Span[]

/** What is to be shown. */
export interface Model {
  /** What is watched, in a few words. */
  title: string
  /** Null before the first one. */
  snapshot: SessionSnapshot | null
  history: History
  /** The last lines that the target has written; null where they are not ours. */
  output: readonly string[] | null
}

/** What a screen shows, with the choice of rows brought within what there is; `page` is how many of them can be seen. */
export interface Screen {
  lines: Line[]
  state: ViewState
  page: number
}

/** Lays out a screen. */
export function layout(model: Model, state: ViewState, style: LiveStyle): Screen {
  const { snapshot } = model
  const height = Math.max(1, style.height)
  const head = [titleLine(model, state, style), ...(snapshot === null || height < 6 ? [] : gauges(model, style))]
  const foot = [footLine(state, model, style)]
  const room = Math.max(0, height - head.length - foot.length)
  const middle = state.help
    ? { lines: helpLines(model, style), state, page: room }
    : state.output && model.output !== null
      ? { lines: outputLines(model.output, room, style), state, page: room }
      : table(model, state, room, style)
  const body = middle.lines.slice(0, room)
  while (body.length < room) body.push([])
  const lines = [...head, ...body, ...foot].slice(0, height)
  return { ...middle, lines: lines.map((line) => within(line, style.width)) }
}

/** A line without what would be beyond the edge. */
function within(line: Line, width: number): Line {
  let left = width
  return line.flatMap((span) => {
    const text = cells(span.text) <= left ? span.text : clip(span.text, left)
    left -= cells(text)
    return text === '' ? [] : [{ ...span, text }]
  })
}

function clip(text: string, width: number): string {
  let shown = ''
  for (const letter of text) {
    if (cells(shown + letter) > width) break
    shown += letter
  }
  return shown
}

function titleLine({ title, snapshot }: Model, state: ViewState, style: LiveStyle): Line {
  const words: Span[] = []
  if (state.paused) words.push({ text: 'paused', tone: 'yellow' })
  if (snapshot !== null) {
    const { processes, running, threads } = snapshot.totals
    const ended = processes - running
    const counts = `${running} proc ${threads} thr${ended > 0 ? ` ${ended} ended` : ''}`
    if (style.width >= 60) words.push({ text: counts, tone: 'dim' })
    if (snapshot.state === 'ended') words.push({ text: 'ended', tone: 'yellow' })
    words.push({ text: clock(snapshot.elapsedNs) })
  }
  const right = words.flatMap((word) => [{ text: ' ' }, word])
  const width = style.width - right.reduce((sum, { text }) => sum + cells(text), 0)
  const name = width >= 20 ? 'alloc8 ' : ''
  const shown = padTo(shortName(harmless(title)), Math.max(0, width - name.length), style)
  return [{ text: name, tone: 'cyan' }, { text: shown, tone: 'bold' }, ...right]
}

/** Three values with what they were before. */
function gauges(model: Model, style: LiveStyle): Line[] {
  const { snapshot, history } = model
  if (snapshot === null) return []
  const { totals, unreadable } = snapshot
  const perSecond = totals.rates
  const rows: [string, string, readonly number[], string][] = [
    [
      'live',
      compact(totals.liveBytes, 1024),
      history.totals.live,
      `${compact(totals.liveBlocks, 1000)} blocks, peak ${compact(peakSeen(model), 1024)}`,
    ],
    ['rss', compact(totals.rssBytes, 1024), history.totals.rss, rssNote(snapshot)],
    [
      'calls/s',
      compact(perSecond?.callsPerSecond ?? null, 1000),
      history.totals.rate,
      `${compact(perSecond?.requestedBytesPerSecond ?? null, 1024)}B/s, ${compact(totals.calls, 1000)} in all`,
    ],
  ]
  const noteWidth = style.width >= 64 ? 28 : 0
  const room = style.width - 8 - 7 - noteWidth - (noteWidth > 0 ? 2 : 0)
  const lines = rows.map(
    ([label, value, values, note]): Line => [
      { text: padTo(label, 8, style), tone: 'dim' },
      { text: `${padTo(value, 6, style, 'right')} `, tone: 'bold' },
      { text: sparkline(values, Math.max(0, room), style.unicode), tone: 'green' },
      { text: noteWidth > 0 ? `  ${padTo(note, noteWidth, style)}` : '', tone: 'dim' },
    ],
  )
  const [first] = unreadable
  const warning = (text: string): Line => [{ text: cut(harmless(text), style.width, style), tone: 'red' }]
  return [
    ...lines,
    ...(snapshot.unrecorded.length === 0 ? [] : [warning(unrecordedNote(snapshot))]),
    ...(first === undefined ? [] : [warning(`${unreadable.length} unreadable: ${first}`)]),
  ]
}

function unrecordedNote({ unrecorded, unrecordedOmitted }: SessionSnapshot): string {
  return `${unrecorded.length + unrecordedOmitted} unrecorded: ${unrecorded.map(({ pid }) => pid).join(', ')}`
}

/** The highest that is known of all processes together: each tells its own peak, and the view has seen some sums. */
function peakSeen({ snapshot, history }: Model): number | null {
  const { peakBytes = null, liveBytes = null } = snapshot?.totals ?? {}
  if (peakBytes === null || liveBytes === null) return peakBytes
  return Math.max(peakBytes, liveBytes, ...history.totals.live)
}

/** How much more the system has given than is in use. */
function rssNote({ totals: { liveBytes, rssBytes } }: SessionSnapshot): string {
  if (liveBytes === null || rssBytes === null || liveBytes === 0) return ''
  return `${(rssBytes / liveBytes).toFixed(1)} times what is live`
}

/** The table, and below it what there is to say about the row that is chosen. */
function table(model: Model, state: ViewState, room: number, style: LiveStyle): Screen {
  const { snapshot, history } = model
  if (snapshot === null || room < 2) return { lines: [], state, page: 0 }
  const rows = rowsOf(snapshot, state, style.unicode)
  const chosen = Math.max(0, Math.min(state.chosen, rows.length - 1))
  // A third, and what the rows leave.
  const forDetails = Math.max(Math.floor(room / 3), room - 2 - rows.length)
  const details = state.details && room >= 9 ? detailLines(snapshot, rows[chosen], forDetails, style) : []
  const page = Math.max(1, room - 1 - details.length)
  const highest = Math.max(0, rows.length - page)
  const top = Math.min(Math.max(Math.min(state.top, chosen), chosen - page + 1), highest)
  const columns = columnsFor(
    style.width,
    snapshot.processes.some(({ latency }) => latency !== null),
  )
  const lines = [tableHead(columns, state, style)]
  const seen = rows.slice(top, top + page)
  for (const [index, row] of seen.entries()) {
    lines.push(rowLine(row, columns, history, top + index === chosen, style))
  }
  if (rows.length === 0) lines.push([{ text: emptyText(snapshot, state), tone: 'dim' }])
  while (lines.length < room - details.length) lines.push([])
  return { lines: [...lines, ...details], state: { ...state, chosen, top }, page }
}

function emptyText({ totals }: SessionSnapshot, { filter, ended }: ViewState): string {
  if (totals.processes === 0) return 'no process has been counted yet'
  return filter !== '' ? 'nothing fits the filter' : ended ? 'nothing to show' : 'no process runs'
}

/** The last lines of the target's output. */
function outputLines(output: readonly string[], room: number, style: LiveStyle): Line[] {
  if (output.length === 0) return [[{ text: 'nothing has been written yet', tone: 'dim' }]]
  return output.slice(-room).map((text) => [{ text: cut(harmless(text), style.width, style) }])
}

const keys: readonly (readonly [string, string])[] = [
  ['q', 'end the view; the program goes on'],
  ['Ctrl-C', 'to the program'],
  ['space', 'pause'],
  ['s S', 'sort by the next, the one before'],
  ['r', 'turn the order round'],
  ['/', 'filter; Esc takes it away'],
  ['t', 'threads'],
  ['f', 'tree or list'],
  ['e', 'processes that have ended'],
  ['d', 'sizes and latency'],
  ['o', "the program's output"],
  ['arrows', 'choose a row'],
]

function helpLines({ output }: Model, style: LiveStyle): Line[] {
  const attached = output === null
  const shown = keys.filter(([key]) => !attached || key !== 'o')
  return shown.map(([key, text]): Line => {
    const words = attached && key === 'Ctrl-C' ? 'end the view' : text
    return [{ text: padTo(` ${key}`, 9, style), tone: 'cyan' }, { text: cut(words, style.width - 9, style) }]
  })
}

const hints: readonly (readonly [string, string])[] = [
  ['q', 'end view'],
  ['?', 'help'],
  ['s', 'sort'],
  ['/', 'filter'],
  ['spc', 'pause'],
  ['t', 'threads'],
  ['o', 'output'],
  ['d', 'sizes'],
  ['e', 'ended'],
  ['f', 'flat'],
  ['r', 'reverse'],
]

/** Keys as far as they fit, or the filter that is being typed. */
function footLine(state: ViewState, { output }: Model, style: LiveStyle): Line {
  const filter = harmless(state.filter)
  if (state.typing) return [{ text: 'filter: ', tone: 'cyan' }, { text: filter }, { text: ' ', tone: 'inverse' }]
  if (state.help) return [{ text: 'any key goes back', tone: 'dim' }]
  const line: Line = filter === '' ? [] : [{ text: `[${cut(filter, 12, style)}] `, tone: 'yellow' }]
  let left = style.width - line.reduce((sum, { text }) => sum + cells(text), 0)
  for (const [key, text] of hints) {
    if (key === 'o' && output === null) continue
    const width = key.length + text.length + 3
    if (width - 2 > left) break
    line.push({ text: key, tone: 'cyan' }, { text: ` ${text}  `, tone: 'dim' })
    left -= width
  }
  return line
}
