/** `page-trace`: which calls of the system a heap makes for memory while a pattern of requests goes by, and when. */

import { Alloc8Error } from '../../errors.ts'
import type { Batch, Later } from '../batch.ts'
import { betweenMarks, type CallChange, changesOf, sumOf } from '../call-sums.ts'
import { defineExperiment, type Facts, type Lab } from '../experiment.ts'
import type { Puppet } from '../puppet.ts'
import { type SystemCall, SystemCallTracer } from '../system-calls.ts'
import { sizeText } from '../words.ts'

/** What is counted. mprotect is among them because some heaps make reserved addresses usable by it. */
const kinds = ['mmap', 'munmap', 'mremap', 'brk', 'madvise', 'mprotect'] as const
const SMALL = { count: 20_000, bytes: 64 }
const PAGES = { count: 2_000, bytes: 4096 }
const LARGE = { count: 64, bytes: 256 << 10 }
const AGAIN = 100
const GROWS = { from: 64 << 10, to: 16 << 20, steps: 8 }
const THREADS = 4
const BY_THREAD = 5000
const PAUSE_MS = 200

interface Phase {
  name: string
  /** Gives the blocks that are left. */
  ask(batch: Batch, blocks: readonly bigint[]): Later[]
}

const filled = (name: string, { count, bytes }: { count: number; bytes: number }): Phase[] => [
  {
    name,
    ask: (batch) =>
      Array.from({ length: count }, () => {
        const block = batch.malloc(bytes)
        batch.touch(block, bytes)
        return block
      }),
  },
  { name: `${name} freed`, ask: freeAll },
]

/** In order; all in one thread. */
const phases: readonly Phase[] = [
  ...filled('small blocks', SMALL),
  ...filled('blocks of a page', PAGES),
  ...filled('large blocks', LARGE),
  {
    name: 'one large block again and again',
    ask: (batch) => {
      for (let i = 0; i < AGAIN; ++i) {
        const block = batch.malloc(LARGE.bytes)
        batch.touch(block, LARGE.bytes)
        batch.free(block)
      }
      return []
    },
  },
  {
    name: 'a block that grows',
    ask: (batch) => {
      let block = batch.malloc(GROWS.from)
      batch.touch(block, GROWS.from)
      for (let bytes = GROWS.from * 2; bytes <= GROWS.to; bytes *= 2) {
        block = batch.realloc(block, bytes)
        batch.touch(block, bytes)
      }
      return [block]
    },
  },
  { name: 'that block freed', ask: freeAll },
]

const others = 'more threads'
const later: readonly Phase[] = [
  {
    name: 'a pause',
    ask: (batch) => {
      batch.sleep(PAUSE_MS)
      // Some heaps look at the time only when something is asked of them.
      for (let i = 0; i < AGAIN; ++i) batch.free(batch.malloc(SMALL.bytes))
      return []
    },
  },
  {
    name: 'malloc_trim',
    ask: (batch) => {
      batch.trim()
      return []
    },
  },
]
const names = [...phases.map(({ name }) => name), others, ...later.map(({ name }) => name)]

function freeAll(batch: Batch, blocks: readonly bigint[]): Later[] {
  for (const block of blocks) batch.free(block)
  return []
}

export default defineExperiment({
  name: 'page-trace',
  question: 'Which mmap, munmap, mremap, brk and madvise calls does the heap make, for which requests, and when?',
  did:
    'strace is attached to a puppet. One thread allocates, touches and frees ' +
    `${SMALL.count} blocks of ${SMALL.bytes} bytes, ${PAGES.count} of ${PAGES.bytes} and ${LARGE.count} of ` +
    `${sizeText(LARGE.bytes)}; ${AGAIN} times one of ${sizeText(LARGE.bytes)}; then a block that is doubled from ` +
    `${sizeText(GROWS.from)} to ${sizeText(GROWS.to)}. ${THREADS} more threads allocate ${BY_THREAD} small blocks each. ` +
    `At last ${PAUSE_MS} ms pass, and malloc_trim is called. Marks among the calls say where each part begins and ends.`,
  async observe(lab) {
    const p = await lab.puppet({ threads: THREADS + 1 })
    await warmUp(p)
    const broken = await p.main.sbrk()
    const tracer = await SystemCallTracer.attach(p.pid)
    const resident: number[] = []
    let calls: SystemCall[] = []
    try {
      let blocks: bigint[] = []
      for (const [i, phase] of phases.entries()) {
        blocks = await run(p, i, phase, blocks)
        resident.push(p.memory().rssBytes)
      }
      await runOthers(p, phases.length)
      resident.push(p.memory().rssBytes)
      for (const [i, phase] of later.entries()) {
        await run(p, phases.length + 1 + i, phase, [])
        resident.push(p.memory().rssBytes)
      }
    } finally {
      calls = await tracer.stop()
    }
    record(lab, changesOf(calls, broken), resident)
  },
  explain: (facts) => [...whatFor(facts), ...whatIsGivenBack(facts)],
})

/** What a puppet needs for its own lists is mapped beforehand, so that between two marks only the heap calls. */
async function warmUp(p: Puppet): Promise<void> {
  for (const [i, thread] of p.threads.entries()) {
    const batch = thread.batch()
    for (let each = 0; each < (i === 0 ? 2 * SMALL.count : BY_THREAD) + 16; ++each) batch.add('tell', [])
    await batch.run()
  }
}

async function run(p: Puppet, number: number, phase: Phase, blocks: readonly bigint[]): Promise<bigint[]> {
  const batch = p.thread(0).batch()
  batch.mark(2 * number)
  const left = phase.ask(batch, blocks)
  batch.mark(2 * number + 1)
  const result = await batch.run({ timeoutMs: 30_000 })
  return left.map((block) => result.value(block))
}

async function runOthers(p: Puppet, number: number): Promise<void> {
  await p.thread(0).mark(2 * number)
  await p.together(
    p.threads.slice(1).map((thread) => {
      const batch = thread.batch()
      for (let i = 0; i < BY_THREAD; ++i) batch.malloc(SMALL.bytes)
      return batch
    }),
  )
  await p.thread(0).mark(2 * number + 1)
}

function record(lab: Lab, changes: readonly CallChange[], resident: readonly number[]): void {
  const seen = betweenMarks(changes, names.length).map((each, i) => {
    if (each !== null) return each
    throw new Alloc8Error('TRACER', `strace has not told of all calls: there is no mark around ${names[i]}`)
  })
  const sums = seen.map(sumOf)
  for (const [i, name] of names.entries()) {
    const { calls, takenBytes, returnedBytes, emptiedBytes } = sums[i] ?? sumOf([])
    for (const kind of kinds) lab.fact(`${name}: ${kind}`, calls.get(kind) ?? 0)
    lab.fact(`${name}: addresses taken`, takenBytes, 'B')
    lab.fact(`${name}: addresses given back`, returnedBytes, 'B')
    lab.fact(`${name}: pages given back`, emptiedBytes, 'B')
    lab.fact(`${name}: resident afterwards`, resident[i] ?? null, 'B')
  }
  lab.picture({
    ...{ kind: 'matrix', title: 'Calls of the system by what was asked for', unit: 'calls' },
    ...{ rowTitle: 'asked for', columnTitle: 'call', rows: [...names], columns: [...kinds] },
    values: sums.map(({ calls }) => kinds.map((kind) => calls.get(kind) ?? 0)),
  })
  drawTime(lab, seen, resident)
}

/** Calls and bytes against time; what stands between two parts is the lab's own and is left out. */
function drawTime(lab: Lab, parts: readonly CallChange[][], resident: readonly number[]): void {
  const begin = parts.flat()[0]?.call.atMs ?? 0
  const x = ({ call }: CallChange) => Math.round((call.atMs - begin) * 1000) / 1000
  const events = parts.flatMap((part, i) => (part[0] === undefined ? [] : [{ x: x(part[0]), label: names[i] ?? '' }]))
  const axis = { kind: 'lines', xTitle: 'time', xUnit: 'ms', steps: true, events } as const
  const all = parts.flat()
  lab.picture({
    ...axis,
    ...{ title: 'Calls of the system so far', yTitle: 'calls', yUnit: '' },
    series: kinds.map((name) => {
      const own = all.filter(({ call }) => call.name === name)
      return { name, points: own.map((change, i): [number, number] => [x(change), i + 1]) }
    }),
  })
  let [mapped, emptied] = [0, 0]
  const points = all.map((change): [number, number, number] => {
    mapped += change.takenBytes - change.returnedBytes
    emptied += change.emptiedBytes
    return [x(change), mapped, emptied]
  })
  const ends = parts.flatMap((part, i): [number, number][] => {
    const last = part.at(-1)
    return last === undefined ? [] : [[x(last), resident[i] ?? 0]]
  })
  lab.picture({
    ...axis,
    ...{ title: 'Address space taken, and pages given back', yTitle: 'bytes', yUnit: 'B' },
    series: [
      { name: 'addresses taken less those given back', points: points.map(([at, bytes]) => [at, bytes]) },
      { name: 'pages given back, addresses kept', points: points.map(([at, , bytes]) => [at, bytes]) },
      { name: 'resident', points: ends },
    ],
  })
}

function callsOf(facts: Facts, phase: string): number {
  return kinds.reduce((sum, kind) => sum + facts.number(`${phase}: ${kind}`), 0)
}

/** Addresses and pages together. */
function backOf(facts: Facts, phase: string): number {
  return facts.number(`${phase}: addresses given back`) + facts.number(`${phase}: pages given back`)
}

const list = new Intl.ListFormat('en', { type: 'conjunction' })

function whatFor(facts: Facts): string[] {
  const used = kinds.filter((kind) => names.some((name) => facts.number(`${name}: ${kind}`) > 0))
  if (used.length === 0) return ['It asked the system for nothing: it had all of this memory before.']
  const sentences = [`It asks the system by ${list.format(used)}.`]
  sentences.push(`${SMALL.count} small blocks took ${share(callsOf(facts, 'small blocks'), SMALL.count)}.`)
  const large = callsOf(facts, 'large blocks')
  sentences.push(
    large >= LARGE.count
      ? `Each of ${LARGE.count} blocks of ${sizeText(LARGE.bytes)} took a call of its own, or more.`
      : `${LARGE.count} blocks of ${sizeText(LARGE.bytes)} took fewer calls than they are: they share what one brings.`,
  )
  const again = callsOf(facts, 'one large block again and again')
  if (again < AGAIN / 10) {
    sentences.push('Such a block that is freed and allocated again takes hardly a call, or none: its memory is kept.')
  } else if (again >= 2 * AGAIN) {
    sentences.push(
      'Such a block that is freed and allocated again goes back to the system and is taken from it each time, and its ' +
        'pages have to be faulted in anew: for programs that do this in a loop, that is the cost to look at.',
    )
  } else {
    sentences.push(`Such a block freed and allocated again, ${AGAIN} times, took ${times(again)}.`)
  }
  const moved = Math.min(facts.number('a block that grows: mremap'), GROWS.steps)
  sentences.push(
    moved > 0
      ? `A block that was doubled ${GROWS.steps} times was resized by mremap ${moved} of them: the kernel moves pages, ` +
          'and bytes need not be copied.'
      : `A block that was doubled ${GROWS.steps} times was never resized by mremap: where there is no room behind it, ` +
          'its bytes are copied.',
  )
  const threads = callsOf(facts, others)
  sentences.push(
    threads === 0
      ? `${THREADS} more threads took ${BY_THREAD} small blocks each without a call, from what was there.`
      : `${THREADS} more threads, with ${BY_THREAD} small blocks each, took ${share(threads, THREADS * BY_THREAD)}.`,
  )
  return sentences
}

function whatIsGivenBack(facts: Facts): string[] {
  const sentences: string[] = []
  const freed = [
    { what: 'small blocks', bytes: SMALL.count * SMALL.bytes },
    { what: 'blocks of a page', bytes: PAGES.count * PAGES.bytes },
    { what: 'large blocks', bytes: LARGE.count * LARGE.bytes },
  ]
  const parts = freed.map(({ what, bytes }) => ({ what, part: backOf(facts, `${what} freed`) / bytes }))
  const between = (low: number, high: number) =>
    parts.filter(({ part }) => part >= low && part < high).map(({ what }) => what)
  const [most, some, none] = [between(0.5, Number.POSITIVE_INFINITY), between(0.1, 0.5), between(0, 0.1)]
  if (most.length > 0) sentences.push(`While ${list.format(most)} are freed, most of their memory is given back.`)
  if (some.length > 0) sentences.push(`Of ${list.format(some)}, a part is given back while they are freed.`)
  if (none.length > 0)
    sentences.push(`Of ${list.format(none)}, less than a tenth, or nothing, is given back while they are freed.`)
  const paused = backOf(facts, 'a pause')
  if (paused > 0) sentences.push(`After ${PAUSE_MS} ms it gave ${roughly(paused)} back of its own accord.`)
  const trimmed = backOf(facts, 'malloc_trim')
  if (trimmed > 0) sentences.push(`malloc_trim gave ${roughly(trimmed)} back.`)
  else if (callsOf(facts, 'malloc_trim') > 0) sentences.push('malloc_trim made calls, but gave nothing back.')
  else sentences.push('malloc_trim made no call: either there was nothing to give back, or it does nothing here.')
  return sentences
}

function times(calls: number): string {
  return calls === 1 ? 'one call' : `${calls} calls`
}

/** No more digits than hold from run to run: where mappings lie decides over some of the calls. */
function share(calls: number, blocks: number): string {
  if (calls === 0) return 'no call at all'
  if (calls * 1000 < blocks) return 'less than one call for 1000 blocks'
  if (calls * 100 < blocks) return 'less than one call for 100 blocks'
  return `a call for ${Math.round(blocks / calls / 10) * 10 || 'less than 5'} blocks`
}

function roughly(bytes: number): string {
  return bytes < 1 << 20 ? 'less than 1 MiB' : 'more than 1 MiB'
}
