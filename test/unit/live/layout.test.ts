/** The view's screens as functions of what is to be shown: they fit every terminal, and every key does what it says. */

import { describe, expect, test } from 'vitest'
import { cells, clock, compact, compactNs, cut, harmless, sparkline } from '../../../lib/live/figures.ts'
import { History } from '../../../lib/live/history.ts'
import { type Line, layout, type Model } from '../../../lib/live/layout.ts'
import { onceText } from '../../../lib/live/once.ts'
import { rowsOf } from '../../../lib/live/rows.ts'
import { initialState, type Key, onKey, sortKeys, type ViewState } from '../../../lib/live/state.ts'
import { columnsFor } from '../../../lib/live/table.ts'
import type {
  ProbeSize,
  SessionSnapshot,
  SnapshotActivity,
  SnapshotProcess,
  SnapshotThread,
} from '../../../lib/types.ts'

const text = (line: Line | undefined) => (line ?? []).map((span) => span.text).join('')
const rates = (callsPerSecond: number) => ({
  callsPerSecond,
  allocationsPerSecond: callsPerSecond / 2,
  freesPerSecond: callsPerSecond / 2,
  requestedBytesPerSecond: callsPerSecond * 100,
})
const activity = (calls: number): SnapshotActivity => ({
  calls,
  allocations: calls,
  frees: 0,
  failures: 0,
  requestedBytes: calls * 100,
  rates: rates(calls),
  latency: null,
})
const sizes = [16, 32, 48, null].map((upToBytes, index) => ({
  upToBytes,
  requests: 10 ** index,
  givenBlocks: 5,
  givenBytes: 500,
  takenBlocks: 1,
  takenBytes: 100,
}))
const thread = (number: number, name: string, calls = 5): SnapshotThread => ({
  thread: number,
  name,
  alive: true,
  ...activity(calls),
  netBlocks: -3,
  netBytes: -3000,
  entries: {},
  sizes,
})

function aProcess(pid: number, ppid: number, changes: Partial<SnapshotProcess> = {}): SnapshotProcess {
  return {
    id: `${pid}-1`,
    pid,
    ppid,
    parent: ppid === 1 ? null : `${ppid}-1`,
    name: `program${pid}`,
    executable: `/usr/bin/program${pid}`,
    command: `/usr/bin/program${pid} --option value`,
    state: 'running',
    forked: false,
    levels: ['counts', 'live'],
    beganAfterNs: pid,
    ...activity(pid * 1000),
    liveBlocks: 10,
    liveBytes: pid * 1024,
    peakBytes: pid * 2048,
    peakAfterNs: 1,
    rssBytes: 10e6,
    entries: {},
    sizes,
    threads: [thread(pid, 'main'), thread(pid + 5000, 'worker', 9)],
    threadsSeen: 2,
    lostThreads: 0,
    ...changes,
  }
}

function aSnapshot(processes: SnapshotProcess[]): SessionSnapshot {
  return {
    schema: 1,
    session: '/tmp/session',
    state: 'running',
    unixMs: 1,
    elapsedNs: 754e9,
    intervalNs: 1e9,
    totals: {
      ...activity(99),
      processes: processes.length,
      running: processes.length,
      liveBlocks: 1,
      liveBytes: 123456,
      peakBytes: 234567,
      rssBytes: 9876543,
      threads: 2,
      sizes,
    },
    processes,
    omitted: { processes: 0, calls: 0, allocations: 0, frees: 0, failures: 0, requestedBytes: 0 },
    unrecorded: [],
    unrecordedOmitted: 0,
    unreadable: [],
  }
}

const family = () => [
  aProcess(10, 1),
  aProcess(20, 10),
  aProcess(30, 10, { state: 'ended', rssBytes: null }),
  aProcess(40, 20, { liveBytes: 1 << 30 }),
]

function model(processes = family()): Model {
  const snapshot = aSnapshot(processes)
  const history = new History()
  for (let i = 1; i < 300; i++) {
    history.add({ ...snapshot, totals: { ...snapshot.totals, liveBytes: i * 100 } })
  }
  return { title: '/opt/bin/server --port 80', snapshot, history, output: ['one', 'two'] }
}

const screen = (changes: Partial<ViewState> = {}, style = { width: 80, height: 24, unicode: true }, of = model()) =>
  layout(of, { ...initialState, ...changes }, style)
const texts = (...args: Parameters<typeof screen>) => screen(...args).lines.map(text)

describe('a screen', () => {
  test('fits every terminal, whatever it shows', () => {
    const strange = aProcess(50, 40, {
      command: `名前が長い ${'\x1b[31mred\x07\n'} 👩‍👩‍👧‍👦 ${'x'.repeat(500)}`,
      name: 'ü',
    })
    const of = model([...family(), strange])
    const states: Partial<ViewState>[] = [
      {},
      { threads: true, chosen: 7 },
      { help: true },
      { output: true },
      { tree: false, filter: 'program', typing: true },
      { ended: false, details: false, paused: true, sort: 'name', reversed: true },
    ]
    for (const unicode of [true, false]) {
      for (const state of states) {
        for (let width = 1; width <= 200; width += width < 50 ? 1 : 23) {
          for (const height of [1, 2, 5, 6, 12, 40]) {
            const { lines } = screen(state, { width, height, unicode }, of)
            expect(lines).toHaveLength(height)
            const wide = lines.map(text).filter((line) => cells(line) > width)
            expect(wide, `${width} columns, ${height} lines`).toEqual([])
          }
        }
      }
    }
  })

  test('never lets a target move the cursor', () => {
    const evil = '\x1b]0;title\x07\x1b[2J\r\n\u202eturned\u2066\x9b31m'
    const of = {
      ...model([aProcess(10, 1, { command: evil, threads: [thread(1, evil)] })]),
      title: evil,
      output: [evil],
    }
    for (const state of [{ threads: true }, { output: true }, { filter: evil }]) {
      expect(texts(state, undefined, of).join('')).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
    }
  })

  test('at 80 columns', () => {
    const lines = texts()
    expect(lines[0]).toMatch(/^alloc8 server --port 80 +4 proc 2 thr 12:34$/)
    expect(lines[1]).toMatch(/^live +121K █{35} {2}1 blocks, peak 229K +$/)
    expect(lines[4]).toBe('    PID   LIVE   PEAK    RSS CALL/S BYTE/S  CALLS  THR COMMAND▾ by start')
    expect(lines.slice(5, 9).map((line) => line.trimEnd())).toEqual([
      '     10  10.0K  20.0K   9.5M  10.0k   977K  10.0k    2 program10 --option value',
      '     20  20.0K  40.0K   9.5M  20.0k   1.9M  20.0k    2 ├─program20 --option val…',
      '     40   1.0G  80.0K   9.5M  40.0k   3.8M  40.0k    2 │ └─program40 --option v…',
      '     30  30.0K  60.0K      -  30.0k   2.9M  30.0k    2 └─program30 --option val…',
    ])
    expect(lines.at(-1)).toMatch(/^q end view {2}\? help/)
  })

  test('at 40 columns has what matters most, at 160 all', () => {
    const titles = (width: number) => columnsFor(width, true).map(({ title }) => title)
    expect(titles(40)).toEqual(['PID', 'LIVE', 'RSS', 'CALL/S'])
    expect(titles(160)).toContain('LIVE OVER TIME')
    expect(titles(160)).toContain('P99')
    expect(columnsFor(160, false).map(({ title }) => title)).not.toContain('P99')
  })

  test('scrolls with the row that is chosen', () => {
    const many = Array.from({ length: 100 }, (_, index) => aProcess(100 + index, 1))
    const of = model(many)
    const { state, lines } = screen({ chosen: 70, details: false }, undefined, of)
    expect(state.chosen).toBe(70)
    expect(
      lines
        .filter((line) => line.some(({ tone }) => tone === 'inverse'))
        .map(text)
        .join(),
    ).toContain('program170')
    // Beyond the last there is none.
    expect(screen({ chosen: 5000 }, undefined, of).state.chosen).toBe(99)
  })

  test('says why there is nothing', () => {
    expect(texts({}, undefined, model([])).join('\n')).toContain('no process has been counted yet')
    expect(texts({ filter: 'zebra' }).join('\n')).toContain('nothing fits the filter')
  })

  test('has latency where calls are timed', () => {
    const latency = { calls: 9, p50Ns: 40, p90Ns: 60, p99Ns: 1234, p999Ns: 5e4, p9999Ns: 6e5, maxNs: 7.7e6 }
    const lines = texts({}, { width: 120, height: 30, unicode: true }, model([aProcess(10, 1, { latency })]))
    expect(lines.join('\n')).toContain('p50 40ns p90 60ns p99 1.2µs p99.9 50.0µs p99.99 600µs max 7.7ms')
    expect(lines.find((line) => line.startsWith('     10'))).toContain(' 1.2µs ')
    const equal = { ...latency, p99Ns: 7.7e6, p999Ns: 7.7e6 }
    const narrow = texts({}, { width: 80, height: 30, unicode: true }, model([aProcess(10, 1, { latency: equal })]))
    expect(narrow.join('\n')).toContain('p50 40ns p90 60ns p99 7.7ms p99.9 7.7ms max 7.7ms')
  })

  test('knows no peak of all that is below what is live', () => {
    const shown = model()
    Object.assign(shown.snapshot?.totals ?? {}, { liveBytes: 3 << 20, peakBytes: 2 << 20 })
    expect(texts({}, { width: 80, height: 24, unicode: true }, shown).join('\n')).toContain('blocks, peak 3.0M')
    shown.history.totals.live.push(5 << 20)
    expect(texts({}, { width: 80, height: 24, unicode: true }, shown).join('\n')).toContain('blocks, peak 5.0M')
  })

  test('gives what the rows leave to the sizes', () => {
    const many = Array.from({ length: 30 }, (_, at) => ({ ...(sizes[0] as ProbeSize), upToBytes: 16 * (at + 1) }))
    const sizeRows = (processes: SnapshotProcess[]) =>
      texts({}, { width: 80, height: 24, unicode: true }, model(processes)).filter((line) => / {5}4 {4}400/.test(line))
        .length
    expect(sizeRows([aProcess(10, 1, { sizes: many })])).toBe(14)
    const crowd = Array.from({ length: 60 }, (_, at) => aProcess(10 + at, 1, { sizes: many }))
    expect(sizeRows(crowd)).toBe(4)
  })

  test('says what it sorts by in whole words', () => {
    const head = (width: number) =>
      texts({}, { width, height: 24, unicode: true }).find((line) => line.includes('COMMAND'))
    expect(head(40)).toMatch(/COMMAND.?$/)
    expect(head(80)).toContain(' by start')
  })

  test('of the target’s output has its last lines', () => {
    const output = Array.from({ length: 100 }, (_, index) => `line ${index}`)
    const lines = texts({ output: true }, undefined, { ...model(), output })
    expect(lines.at(-2)).toBe('line 99')
    expect(lines[4]).toBe('line 81')
  })
})

describe('rows', () => {
  const numbers = (state: Partial<ViewState>) =>
    rowsOf(aSnapshot(family()), { ...initialState, ...state }, true).map(({ number }) => number)

  test.each([
    ['tree by start', {}, [10, 20, 40, 30]],
    ['tree by live', { sort: 'live' }, [10, 30, 20, 40]],
    ['list by live', { tree: false, sort: 'live' }, [40, 30, 20, 10]],
    ['list by calls, turned round', { tree: false, sort: 'calls', reversed: true }, [10, 20, 30, 40]],
    ['without those that have ended', { ended: false }, [10, 20, 40]],
    ['a filter keeps what is above', { filter: 'PROGRAM40' }, [10, 20, 40]],
    ['a filter in a list', { filter: '40', tree: false }, [40]],
    ['a filter by a thread', { filter: 'worker', tree: false, ended: false }, [10, 20, 40]],
    ['threads', { threads: true, filter: '40', tree: false, sort: 'calls' }, [40, 5040, 40]],
  ] as const)('%s', (_, state, expected) => {
    expect(numbers(state)).toEqual(expected)
  })

  test('a chain of ten thousand forks is no problem', () => {
    const chain = Array.from({ length: 10_000 }, (_, index) => aProcess(index + 2, index + 1))
    expect(rowsOf(aSnapshot(chain), initialState, true)).toHaveLength(10_000)
  })
})

describe('keys', () => {
  const press = (keys: Key[], state: ViewState = initialState) => {
    let last: ReturnType<typeof onKey> = { state, action: null }
    for (const key of keys) last = onKey(last.state, key)
    return last
  }
  const type = (letters: string): Key[] => [...letters].map((letter) => ({ text: letter, name: letter.toLowerCase() }))

  test.each([
    ['q', 'quit'],
    ['Q', 'quit'],
  ])('%s ends the view', (letter, action) => {
    expect(press(type(letter)).action).toBe(action)
  })

  test.each([
    ['c', 'interrupt'],
    ['\\', 'terminate'],
    ['z', 'suspend'],
    ['l', 'redraw'],
    ['x', null],
  ])('Ctrl-%s', (name, action) => {
    expect(press([{ name, ctrl: true }]).action).toBe(action)
    // Also while a filter is typed.
    expect(press([...type('/q'), { name, ctrl: true }]).action).toBe(action)
  })

  test.each([
    [' ', { paused: true }],
    ['t', { threads: true }],
    ['f', { tree: false }],
    ['e', { ended: false }],
    ['d', { details: false }],
    ['o', { output: true }],
    ['r', { reversed: true }],
    ['s', { sort: 'live' }],
    ['S', { sort: 'name' }],
    ['?', { help: true }],
    ['jjjk', { chosen: 2 }],
    ['/redis', { filter: 'redis', typing: true }],
  ])('%s', (letters, changes) => {
    expect(press(type(letters)).state).toEqual({ ...initialState, ...changes })
  })

  test('what switches something on switches it off', () => {
    for (const letter of [' ', 't', 'f', 'e', 'd', 'o', 'r']) {
      expect(press(type(letter + letter)).state).toEqual(initialState)
    }
    expect(press(type('s'.repeat(sortKeys.length))).state).toEqual(initialState)
    expect(press(type('?x')).state).toEqual(initialState)
  })

  test('a filter is typed, mended, kept and taken away', () => {
    const typed = press([...type('/ab'), { name: 'backspace' }, ...type('q'), { name: 'return' }])
    expect(typed.state).toMatchObject({ filter: 'aq', typing: false })
    expect(press([{ name: 'escape' }], typed.state).state.filter).toBe('')
    expect(press([...type('/ab'), { name: 'escape' }]).state).toEqual(initialState)
  })

  test('rows are chosen by page, and never below the first', () => {
    expect(onKey(initialState, { name: 'pagedown' }, 7).state.chosen).toBe(7)
    expect(press([{ name: 'up' }]).state.chosen).toBe(0)
    expect(press([{ name: 'down' }, { name: 'down' }, { name: 'home' }]).state.chosen).toBe(0)
  })
})

describe('figures', () => {
  test.each([
    [0, 1024, '0'],
    [1023, 1024, '1023'],
    [1024, 1024, '1.0K'],
    [102_348, 1024, '99.9K'],
    [102_400, 1024, '100K'],
    [1_023_999, 1024, '1.0M'],
    [1_048_576, 1024, '1.0M'],
    [999, 1000, '999'],
    [999.6, 1000, '1.0k'],
    [12_345_678, 1000, '12.3M'],
    [-2048, 1024, '-2.0K'],
    [null, 1024, '-'],
  ] as const)('%s in %s', (value, base, expected) => {
    const shown = compact(value, base)
    expect(shown).toBe(expected)
    expect(shown.length).toBeLessThanOrEqual(5)
  })

  test('no number is wider than its column', () => {
    for (let value = 1; value < 1e15; value *= 1.07) {
      for (const base of [1000, 1024] as const) expect(compact(value, base).length).toBeLessThanOrEqual(5)
      expect(compactNs(value / 1e3, true).length).toBeLessThanOrEqual(6)
    }
  })

  test('texts are cut by cells, and time is told', () => {
    expect(cut('名前名前', 5, { unicode: true })).toBe('名前…')
    expect(cells(cut('👩‍👩‍👧‍👦abcdef', 4, { unicode: false }))).toBeLessThanOrEqual(4)
    expect(harmless('a\x1b[31mb\tc')).toBe('ab c')
    expect([clock(7e9), clock(754e9), clock(3723e9)]).toEqual(['0:07', '12:34', '1:02:03'])
  })

  test('sparklines show the last values, the largest highest', () => {
    expect(sparkline([0, 1, 2, 4, 8], 5, true)).toBe('▁▁▂▄█')
    expect(sparkline([5, 0, 8], 2, false)).toBe('_#')
    expect(sparkline([1], 3, true)).toBe('  █')
    expect(sparkline([0, 0], 2, true)).toBe('▁▁')
  })
})

test('once, as text', () => {
  const shown = onceText(aSnapshot(family()), 'the title', 100, true)
  expect(shown).toMatch(/^alloc8 the title/)
  expect(shown).toContain('program40')
  expect(shown).toContain('sizes of 10 program10')
  expect(shown).not.toContain('end view')
})
