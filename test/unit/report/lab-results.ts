/** Results of the lab for tests of reports: each kind of picture, names that nobody should trust, and a large map. */

import type { LabFact, LabMap, LabMapBlock, LabPicture, LabResult } from '../../../lib/types.ts'
import { EVIL } from './profiles.ts'

const hex = (address: number) => `0x${address.toString(16)}`

/** Numbers that look random and are the same each time. */
export function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return state / 2 ** 32
  }
}

function block(address: number, size: number, age: number, more: Partial<LabMapBlock> = {}): LabMapBlock {
  return {
    ...{ address: hex(address), size, process: 'process 7', thread: 'main', sizeClass: size, age, live: true },
    ...{ freedAt: null, freedBy: null, usable: size + 8 },
    ...more,
  }
}

const [BREAK, ARENA, FAR] = [0x5500_0000_0000, 0x7f00_0000_0000, 0x7f80_0000_0000]

/** Two threads in two processes: small blocks, one freed and one in its place, large ones far away. */
export const map: LabMap = {
  kind: 'map',
  title: 'Blocks of two threads, and of a fork',
  mappings: [
    { start: hex(BREAK), end: hex(BREAK + 0x21000), label: 'the break, [heap]', process: 'process 7' },
    { start: hex(ARENA), end: hex(ARENA + 0x21000), label: 'anonymous', process: 'process 7' },
    { start: hex(FAR), end: hex(FAR + 0x1000000), label: 'anonymous', process: 'process 7' },
    { start: hex(ARENA), end: hex(ARENA + 0x21000), label: 'anonymous', process: 'fork 8' },
  ],
  blocks: [
    ...Array.from({ length: 12 }, (_, at) => block(BREAK + 0x2a0 + at * 0x50, 64, at)),
    ...Array.from({ length: 6 }, (_, at) => block(ARENA + 0xc70 + at * 0x410, 1024, 12 + at, { thread: 'thread 0' })),
    block(ARENA + 0x3000, 200, 18, { thread: 'thread 0', live: false, freedAt: 20, freedBy: 'main', usable: null }),
    block(FAR + 0x10, 4 << 20, 19, { thread: 'thread 1' }),
    block(ARENA + 0x3000, 150, 20, { thread: 'thread 1' }),
    block(FAR + 0x800010, 4 << 20, 21, { thread: 'thread 1', live: false, freedAt: 24, freedBy: 'thread 0' }),
    ...Array.from({ length: 3 }, (_, at) => block(ARENA + 0xc70 + at * 0x410, 1024, 12 + at, { process: 'fork 8' })),
    block(ARENA + 0x5000, 100, 23, { process: 'fork 8' }),
  ],
  pages: [
    { process: 'process 7', start: hex(BREAK), end: hex(BREAK + 0x1000), state: 'own' },
    { process: 'process 7', start: hex(BREAK + 0x1000), end: hex(BREAK + 0x21000), state: 'absent' },
    { process: 'process 7', start: hex(ARENA), end: hex(ARENA + 0x3000), state: 'shared' },
    { process: 'process 7', start: hex(ARENA + 0x3000), end: hex(ARENA + 0x4000), state: 'swapped' },
    { process: 'process 7', start: hex(FAR), end: hex(FAR + 0x1000), state: 'file' },
    { process: 'fork 8', start: hex(ARENA), end: hex(ARENA + 0x3000), state: 'shared' },
  ],
  processes: [
    { name: 'process 7', from: 0 },
    { name: 'fork 8', from: 22 },
  ],
}

/** Mappings and pages, and nothing known of blocks. */
export const pagesOnly: LabMap = { ...map, title: 'Memory of process 7', blocks: [] }

const many = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at))

/** Each kind of picture, and each way to draw it. */
export const pictures: Record<string, LabPicture> = {
  map,
  'map-of-pages': pagesOnly,
  matrix: {
    ...{ kind: 'matrix', title: 'Who freed whose blocks', rowTitle: 'allocated by', columnTitle: 'freed by' },
    ...{ rows: ['main', 'thread 0', 'thread 1'], columns: ['main', 'thread 0', 'thread 1'], unit: 'blocks' },
    values: [
      [12, 0, null],
      [0, 5400, 120],
      [900, 80, 12000],
    ],
  },
  heat: {
    ...{ kind: 'matrix', title: 'Time of a call by arenas and by the size of the cache', unit: 'ns' },
    ...{ rowTitle: 'arenas', columnTitle: 'cache', rows: many(10, (at) => String(2 ** at)) },
    columns: many(30, (at) => String(at * 16)),
    values: many(10, (row) => many(30, (column) => (row === 3 && column === 4 ? null : 20 * (row + 1) * (column + 1)))),
  },
  bars: {
    ...{ kind: 'bars', title: 'Usable bytes of 17', xTitle: 'heap', yTitle: 'usable size', unit: 'B' },
    bars: [
      { label: 'system', value: 24 },
      { label: 'jemalloc', value: 32 },
      { label: 'a heap with a very long name that goes on and on', value: 4096 },
      { label: 'less than nothing', value: -512 },
    ],
  },
  histogram: {
    ...{ kind: 'bars', title: 'Sizes of blocks', xTitle: 'size', yTitle: 'blocks', unit: '' },
    bars: many(64, (at) => ({ label: `${16 * (at + 1)} B`, value: Math.round(1000 / (at + 1)) })),
  },
  lines: {
    ...{ kind: 'lines', title: 'Live, resident and mapped bytes', xTitle: 'time', xUnit: 'ns', steps: true },
    ...{ yTitle: 'memory', yUnit: 'B' },
    series: ['live', 'resident', 'mapped'].map((name, series) => ({
      name,
      points: many(30, (at): [number, number] => [at * 2e7, (series + 1) * ((at * 7) % 12) * 2 ** 20]),
    })),
    events: [
      { x: 2e8, label: 'the burst ends' },
      { x: 2.2e8, label: 'malloc_trim' },
    ],
  },
  curves: {
    ...{ kind: 'lines', title: 'How long blocks live', xTitle: 'lifetime', xUnit: 'allocations' },
    ...{ yTitle: 'share that lives longer', yUnit: '%', logX: true, logY: true },
    series: ['mmap', 'munmap', 'mremap', 'brk', 'madvise', 'mprotect', 'thread 6', 'thread 7', 'WWW'].map(
      (name, thread) => ({
        name,
        points: many(12, (at): [number, number] => [2 ** at, 100 / (1 + at * (thread + 1))]),
      }),
    ),
  },
  bytes: {
    ...{ kind: 'bytes', title: 'What an overflow of 24 bytes changes' },
    rows: [
      {
        address: '0x7f12a4000b70',
        label: 'the block that was written',
        before: '00'.repeat(32),
        after: '41'.repeat(32),
      },
      {
        ...{ address: '0x7f12a4000b90', label: 'the next one: its header and its payload' },
        before: `0000000000000000${'2100000000000000'}${'62'.repeat(16)}`,
        after: `${'41'.repeat(24)}${'62'.repeat(8)}`,
      },
      { address: '0x7f12a4000bb0', label: 'untouched', before: '63'.repeat(16), after: '63'.repeat(16) },
      { address: '0x7f12a4000bc0', label: 'untouched', before: '64'.repeat(8), after: '64'.repeat(8) },
    ],
  },
}

/** The same with names that would be markup, a command or no XML if they were taken as they are. */
export const evil: LabPicture[] = [
  {
    ...map,
    title: EVIL,
    mappings: map.mappings.map((each) => ({ ...each, label: EVIL })),
    blocks: map.blocks.map((each) => ({ ...each, thread: EVIL, process: EVIL })),
    processes: [{ name: EVIL, from: 0 }],
  },
  {
    ...(pictures['matrix'] as LabPicture & { kind: 'matrix' }),
    title: `${EVIL}\uffff`,
    rows: [EVIL, '&', '<'],
    rowTitle: EVIL,
  },
  { kind: 'bars', title: EVIL, xTitle: EVIL, yTitle: EVIL, unit: EVIL, bars: [{ label: EVIL, value: Number.NaN }] },
  {
    ...{ kind: 'lines', title: EVIL, xTitle: EVIL, xUnit: EVIL, yTitle: EVIL, yUnit: EVIL, logY: true },
    series: [
      {
        name: EVIL,
        points: [
          [0, 0],
          [Number.NaN, 1],
          [1, Number.POSITIVE_INFINITY],
          [2, 3],
        ],
      },
    ],
    events: [{ x: 1, label: EVIL }],
  },
  { kind: 'bytes', title: EVIL, rows: [{ address: EVIL, label: EVIL, before: EVIL, after: '0g' }] },
]

/** Pictures with nothing in them. */
export const empty: LabPicture[] = [
  { kind: 'map', title: 'nothing', mappings: [], blocks: [] },
  { kind: 'matrix', title: 'nothing', rowTitle: '', columnTitle: '', rows: [], columns: [], values: [], unit: '' },
  { kind: 'bars', title: 'nothing', xTitle: '', yTitle: '', unit: '', bars: [] },
  { kind: 'lines', title: 'nothing', xTitle: '', xUnit: '', yTitle: '', yUnit: '', series: [] },
  { kind: 'bytes', title: 'nothing', rows: [] },
]

/** A map of so many blocks, some of which were freed and some of which have had the place of others. */
export function largeMap(count: number): LabMap {
  const next = numbers(7)
  const mappings: LabMap['mappings'] = []
  const blocks: LabMapBlock[] = []
  const perMapping = Math.ceil(count / 8)
  let address = ARENA
  let begin = address
  for (let age = 0; age < count; ++age) {
    const size = next() < 0.01 ? 20_000 : 16 + Math.floor(next() * 30) * 16
    const live = next() > 0.3
    const freedAt = live ? null : age + 1 + Math.floor(next() * (count - age))
    const thread = `thread ${(Math.floor(age / perMapping) + (next() < 0.2 ? 1 : 0)) % 8}`
    blocks.push(block(address, size, age, { thread, live, freedAt, freedBy: live ? null : 'thread 1' }))
    if (live || next() < 0.5) address += size + 16
    if (age % perMapping < perMapping - 1 && age < count - 1) continue
    const end = Math.ceil((address + 32_768) / 4096) * 4096
    mappings.push({ start: hex(begin), end: hex(end), label: 'anonymous', process: 'process 7' })
    begin = end + 2 ** 30
    address = begin
  }
  return { kind: 'map', title: 'Many blocks', mappings, blocks, processes: [{ name: 'process 7', from: 0 }] }
}

const fact = (name: string, value: LabFact['value'], unit: string | null = null): LabFact => ({ name, value, unit })

/** An experiment under three heaps, one of which has failed. */
export const result: LabResult = {
  ...{ schema: 1, name: 'layout-map', question: 'Where do blocks of several threads lie?' },
  did: 'Four threads allocate eight blocks of 64 bytes each, one thread after the other, and free every other one.',
  heaps: [
    {
      ...{ heap: 'system', model: {}, error: null, pictures: [map, pictures['bars'] as LabPicture] },
      facts: [
        fact('process', 12345),
        fact('first block', '0x7f48f0000c70'),
        fact('steps from block to block', '80 80 80 80 80 80 80', 'B'),
        fact('least distance between two threads', 64 << 20, 'B'),
        fact('time of a call', 41.5, 'ns'),
        fact('addresses are used again', true),
      ],
      meaning: 'Each thread has a place of its own. An address is used again as soon as it is free.',
    },
    {
      ...{ heap: './my_heap.so', model: {}, error: null, pictures: [] },
      facts: [
        fact('process', 12346),
        fact('first block', null),
        fact('what it said of itself', `| ${EVIL} |`),
        fact('least distance between two threads', -1536, 'B'),
        fact('addresses are used again', false),
      ],
      meaning: 'All threads get their blocks from one place.',
    },
    {
      ...{ heap: 'broken', model: {}, pictures: [], facts: [fact('process', 12347)] },
      meaning: 'The experiment could not be carried through: puppet 12347 died of SIGSEGV in malloc(64)',
      error: { code: 'PUPPET_DIED', message: 'puppet 12347 died of SIGSEGV in malloc(64)' },
    },
  ],
}
