/** What the view says about the row that is chosen: its size classes, and how long its calls take. Pure. */

import type { ProbeSize, SessionSnapshot, SnapshotLatency } from '../types.ts'
import { bar, compact, compactNs, cut, type LiveStyle, padTo } from './figures.ts'
import type { Line } from './layout.ts'
import type { Row } from './rows.ts'

/** Lines for the chosen row, at most `most` of size classes with their title; all processes where none is chosen. */
export function detailLines({ totals }: SessionSnapshot, row: Row | undefined, most: number, style: LiveStyle): Line[] {
  const place = row === undefined ? totals : (row.thread ?? row.process)
  const of = row === undefined ? 'all' : `${row.number} ${row.name}`
  return [...sizeLines(place.sizes, of, most, style), ...latencyLines(place.latency, style)]
}

/** A cell of the table of sizes: its title, width and text. */
interface Part {
  title: string
  width: number
  text(size: ProbeSize): string
}

const parts: readonly Part[] = [
  { title: 'SIZE', width: 7, text: ({ upToBytes }) => (upToBytes === null ? 'larger' : compact(upToBytes, 1024)) },
  { title: 'ASKED', width: 6, text: ({ requests }) => compact(requests, 1000) },
  { title: 'BLOCKS', width: 6, text: (size) => compact(size.givenBlocks - size.takenBlocks, 1000) },
  { title: 'BYTES', width: 6, text: (size) => compact(size.givenBytes - size.takenBytes, 1024) },
]

/** The classes that were asked for most often, in order of size. */
function sizeLines(sizes: readonly ProbeSize[], of: string, most: number, style: LiveStyle): Line[] {
  const columns = style.width >= 100 ? 2 : 1
  const asked = sizes.filter(({ requests, givenBlocks }) => requests > 0 || givenBlocks > 0)
  const shown = [...asked]
    .sort((a, b) => b.requests - a.requests)
    .slice(0, Math.max(0, most - 2) * columns)
    .sort((a, b) => (a.upToBytes ?? Number.POSITIVE_INFINITY) - (b.upToBytes ?? Number.POSITIVE_INFINITY))
  if (shown.length === 0) return []
  const largest = Math.max(...shown.map(({ requests }) => requests))
  const width = Math.floor(style.width / columns)
  const room = Math.min(40, width - parts.reduce((sum, part) => sum + part.width + 1, 0) - 1)
  const one = (size: ProbeSize | undefined): Line => {
    if (size === undefined) return []
    const numbers = parts.map((part) => padTo(part.text(size), part.width, style, 'right')).join(' ')
    return [
      { text: `${numbers} ` },
      {
        text: padTo(bar(size.requests, largest, room, style.unicode), width - numbers.length - 1, style),
        tone: 'green',
      },
    ]
  }
  const rows = Math.ceil(shown.length / columns)
  const title = `sizes of ${of}`
  const heads = parts.map((part) => padTo(part.title, part.width, style, 'right')).join(' ')
  return [
    [{ text: cut(title, style.width, style), tone: 'cyan' }],
    Array.from({ length: columns }, () => ({ text: padTo(heads, width, style), tone: 'dim' as const })),
    ...Array.from({ length: rows }, (_, index) => [
      ...one(shown[index]),
      ...(columns > 1 ? one(shown[index + rows]) : []),
    ]),
  ]
}

/** As they stand; two may be equal. */
const latencyOrder = ['p50', 'p90', 'p99', 'p99.9', 'p99.99', 'max']

/** Percentiles, as many as fit. */
function latencyLines(latency: SnapshotLatency | null, style: LiveStyle): Line[] {
  if (latency === null) return []
  const values: [string, number][] = [
    ['p50', latency.p50Ns],
    ['p99', latency.p99Ns],
    ['max', latency.maxNs],
    ['p90', latency.p90Ns],
    ['p99.9', latency.p999Ns],
    ['p99.99', latency.p9999Ns],
  ]
  const chosen = values.slice(0, style.width >= 84 ? 6 : style.width >= 60 ? 5 : 3)
  const fitting = chosen.sort(([a], [b]) => latencyOrder.indexOf(a) - latencyOrder.indexOf(b))
  return [
    [
      { text: 'latency ', tone: 'cyan' },
      ...fitting.flatMap(
        ([name, ns]): Line => [{ text: ` ${name} `, tone: 'dim' }, { text: compactNs(ns, style.unicode) }],
      ),
    ],
  ]
}
