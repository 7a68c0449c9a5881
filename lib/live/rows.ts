/** The rows of the view's table: processes and threads of a snapshot as a tree or a list, sorted and filtered. Pure. */

import type { SessionSnapshot, SnapshotProcess, SnapshotThread } from '../types.ts'
import { harmless } from './figures.ts'
import type { SortKey, ViewState } from './state.ts'

/** One row. */
export interface Row {
  /** Tells it from the others, over snapshots. */
  id: string
  /** The lines of the tree in front of its name. */
  branch: string
  number: number
  name: string
  running: boolean
  process: SnapshotProcess
  /** Null for a process. */
  thread: SnapshotThread | null
}

const marks = {
  unicode: { middle: '├─', last: '└─', past: '│ ', nothing: '  ' },
  ascii: { middle: '|-', last: '`-', past: '| ', nothing: '  ' },
}

/** The rows that a state asks for. */
export function rowsOf(snapshot: SessionSnapshot, state: ViewState, unicode: boolean): Row[] {
  const shown = matching(snapshot.processes, state)
  const signs = unicode ? marks.unicode : marks.ascii
  const rows: Row[] = []
  if (!state.tree) {
    for (const process of shown.sort(inOrder(state))) add(rows, process, state, '', '', signs)
    return rows
  }
  const ids = new Set(shown.map(({ id }) => id))
  const children = new Map<string | null, SnapshotProcess[]>()
  for (const process of shown) {
    const parent = process.parent !== null && ids.has(process.parent) ? process.parent : null
    children.set(parent, [...(children.get(parent) ?? []), process])
  }
  for (const siblings of children.values()) siblings.sort(inOrder(state))
  // No recursion: a chain of forks may be as long as the system allows.
  const waiting = (children.get(null) ?? []).map((process) => ({ process, before: '', after: '' })).reverse()
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { process, before, after } = next
    const below = children.get(process.id) ?? []
    add(rows, process, state, before, after, signs, below.length > 0)
    below.forEach((_, index) => {
      const at = below.length - 1 - index
      const last = index === 0
      const child = below[at] as SnapshotProcess
      waiting.push({
        process: child,
        before: after + (last ? signs.last : signs.middle),
        after: after + (last ? signs.nothing : signs.past),
      })
    })
  }
  return rows
}

/** Adds a process and, where they are asked for, its threads. */
function add(
  rows: Row[],
  process: SnapshotProcess,
  state: ViewState,
  before: string,
  after: string,
  signs: (typeof marks)['unicode'],
  hasChildren = false,
): void {
  const running = process.state === 'running'
  const command = process.command ?? process.executable ?? process.name ?? '?'
  rows.push({
    id: process.id,
    branch: before,
    number: process.pid,
    name: shortName(harmless(command)),
    running,
    process,
    thread: null,
  })
  if (!state.threads) return
  const threads = process.threads.filter(({ alive }) => alive || state.ended).sort(threadsInOrder(state))
  threads.forEach((thread, index) => {
    const last = index === threads.length - 1 && !hasChildren
    rows.push({
      id: `${process.id}/${thread.thread}`,
      branch: after + (last ? signs.last : signs.middle),
      number: thread.thread,
      name: `{${harmless(thread.name ?? 'thread')}}`,
      running: thread.alive,
      process,
      thread,
    })
  })
}

/** A command without the folders of its program. */
export function shortName(command: string): string {
  return command.replace(/^\/(?:[^ /]+\/)*(?=[^ /])/, '')
}

/** Those that are to be seen; in a tree with those above them, so that their place is seen as well. */
function matching(processes: readonly SnapshotProcess[], { ended, filter, tree }: ViewState): SnapshotProcess[] {
  const wanted = filter.toLowerCase()
  const matches = ({ pid, name, executable, command, threads }: SnapshotProcess) =>
    wanted === '' ||
    [String(pid), name, executable, command, ...threads.map((thread) => thread.name)].some((text) =>
      text?.toLowerCase().includes(wanted),
    )
  const shown = processes.filter((process) => (ended || process.state === 'running') && matches(process))
  if (!tree) return shown
  const byId = new Map(processes.map((process) => [process.id, process]))
  const kept = new Set(shown.map(({ id }) => id))
  for (const process of shown) {
    for (let at = process.parent; at !== null && !kept.has(at); at = byId.get(at)?.parent ?? null) kept.add(at)
  }
  return processes.filter(({ id }) => kept.has(id))
}

/** What is sorted by; of numbers the largest comes first. */
const values: Record<Exclude<SortKey, 'start' | 'name'>, (process: SnapshotProcess) => number> = {
  live: ({ liveBytes }) => -(liveBytes ?? -1),
  rss: ({ rssBytes }) => -(rssBytes ?? -1),
  peak: ({ peakBytes }) => -(peakBytes ?? -1),
  rate: ({ rates }) => -(rates?.callsPerSecond ?? 0),
  bytes: ({ rates }) => -(rates?.requestedBytesPerSecond ?? 0),
  calls: ({ calls }) => -calls,
  pid: ({ pid }) => pid,
}

function inOrder({ sort, reversed }: ViewState): (a: SnapshotProcess, b: SnapshotProcess) => number {
  const sign = reversed ? -1 : 1
  if (sort === 'start') return (a, b) => sign * (a.beganAfterNs - b.beganAfterNs)
  if (sort === 'name') return (a, b) => sign * (a.name ?? '').localeCompare(b.name ?? '')
  const value = values[sort]
  return (a, b) => sign * (value(a) - value(b))
}

function threadsInOrder({ sort, reversed }: ViewState): (a: SnapshotThread, b: SnapshotThread) => number {
  const sign = reversed ? -1 : 1
  const value = (thread: SnapshotThread): number => {
    if (sort === 'live' || sort === 'rss' || sort === 'peak') return -thread.netBytes
    if (sort === 'rate') return -(thread.rates?.callsPerSecond ?? 0)
    if (sort === 'bytes') return -(thread.rates?.requestedBytesPerSecond ?? 0)
    return sort === 'calls' ? -thread.calls : thread.thread
  }
  return (a, b) => sign * (value(a) - value(b))
}
