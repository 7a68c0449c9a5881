/**
 * `arena-leaks` (09b): what is lost and what is overwritten, in the heap and in an arena by hand: leaks found by
 * comparing two snapshots, an offset that nobody resets, an overflow byte by byte, and blocks freed twice.
 */

import { byteRows, bytesChanged } from '../byte-rows.ts'
import { outcomeOf, PuppetDied, PuppetHung } from '../died.ts'
import { askDoubleFree, explainHeapDoubleFree, modelDoubleFree } from '../double-free.ts'
import { defineExperiment, type Facts, type Lab } from '../experiment.ts'
import { ARENA_HEAD, ManualArena } from '../manual-arena.ts'
import type { Puppet } from '../puppet.ts'
import { added, bytesOf } from '../snapshots.ts'
import type { PuppetThread } from '../thread.ts'
import { sizeText } from '../words.ts'

const REQUESTS = 40
const PER_REQUEST = 4
/** Every so many requests one forgets a block. */
const FORGETTING = 8
const LEAKED = REQUESTS / FORGETTING
const SIZE = 100
const CAPACITY = 16 << 10
const ROUNDS = 30
const SMALL = 24
const ARENA_BLOCK = 32
/** Bytes of the next block that are written over. */
const BEYOND = 8
/** A neighbour farther away is none. */
const NEAR = 256
const LATER_CALLS = 32

export default defineExperiment({
  name: 'arena-leaks',
  question: 'What is leaked, overrun or freed twice in this heap and in an arena by hand, and who finds out?',
  did:
    `Two threads serve ${REQUESTS} requests each of ${PER_REQUEST} blocks, once properly and once forgetting a block every ` +
    `${FORGETTING} requests; live blocks are compared before and after, from the heap and from an arena whose blocks have ` +
    `heads. An arena serves ${ROUNDS} rounds with and without reset. A block of ${SMALL} bytes is written past its end into ` +
    'the next one, and blocks are freed twice, at once and with another free in between.',
  async observe(lab) {
    const p = await lab.puppet({ threads: 2 })
    await heapLeaks(lab, p)
    await arenaLeaks(lab, p)
    await neverReset(lab, p)
    await arenaOverflow(lab, p)
    await arenaOverflowWithHeads(lab, p)
    await arenaDoubleFree(lab, p)
    await heapOverflow(lab)
    await askDoubleFree(lab)
  },
  explain: (facts) => [
    ...explainLeaks(facts),
    ...explainReset(facts),
    ...explainOverflow(facts),
    ...explainDoubleFree(facts),
  ],
  model: (facts) => ({
    ...modelDoubleFree(facts),
    'leaked bytes in mallinfo2':
      facts.number('heap: its own books grew by') >= facts.number('heap: bytes found by comparing') &&
      facts.number('heap: its own books grew without a leak') === 0
        ? 'counted'
        : 'not counted',
  }),
})

/** Serves requests: each allocates some blocks and frees them, but for those that forget their last one. */
async function serve(thread: PuppetThread, forgetting: number | null): Promise<void> {
  const batch = thread.batch()
  for (let request = 0; request < REQUESTS; ++request) {
    const blocks = Array.from({ length: PER_REQUEST }, (_, i) => batch.malloc(SIZE * (i + 1)))
    const forgets = forgetting !== null && request % forgetting === 0
    for (const block of forgets ? blocks.slice(0, -1) : blocks) batch.free(block)
  }
  await batch.run()
}

async function heapLeaks(lab: Lab, p: Puppet): Promise<void> {
  const [one, two] = [p.thread(0), p.thread(1)]
  const inUse = async () => Number((await p.main.mallinfo()).uordblks)
  // The first pass fills caches; the second shows what is kept when nothing is leaked.
  await serve(one, null)
  await serve(two, null)
  let [before, books] = [p.blocks.live(), await inUse()]
  await serve(one, null)
  await serve(two, null)
  lab.fact('heap: blocks more without a leak', added(before, p.blocks.live()).length)
  lab.fact('heap: its own books grew without a leak', (await inUse()) - books, 'B')
  ;[before, books] = [p.blocks.live(), await inUse()]
  await serve(one, null)
  await serve(two, FORGETTING)
  const found = added(before, p.blocks.live())
  lab.fact('heap: blocks leaked on purpose', LEAKED)
  lab.fact('heap: blocks found by comparing', found.length)
  lab.fact('heap: bytes found by comparing', bytesOf(found), 'B')
  lab.fact('heap: found leaks are of the thread that forgot', found.filter(({ thread }) => thread === two.name).length)
  lab.fact('heap: its own books grew by', (await inUse()) - books, 'B')
}

/** The same in an arena: what is live is read from the heads in its memory. */
async function arenaLeaks(lab: Lab, p: Puppet): Promise<void> {
  const thread = p.thread(0)
  const arena = await ManualArena.make(thread, 8 * CAPACITY, { heads: true })
  const live = async () => (await arena.walk(thread)).blocks.filter((block) => block.live)
  const before = await live()
  for (let request = 0; request < REQUESTS / 2; ++request) {
    const kept = await arena.allocate(thread, SIZE)
    const passing = await arena.allocate(thread, SIZE)
    await arena.free(thread, passing)
    if (request % (FORGETTING / 2) !== 0) await arena.free(thread, kept)
  }
  const found = added(before, await live())
  lab.fact('arena: blocks leaked on purpose', LEAKED)
  lab.fact('arena: blocks found by comparing', found.length)
  lab.fact('arena: bytes found by comparing', bytesOf(found), 'B')
  await arena.close(thread)
}

/** Rounds of ten blocks. All of them are over when the next one begins, but only one arena is told so. */
async function neverReset(lab: Lab, p: Puppet): Promise<void> {
  const thread = p.thread(0)
  const series: { name: string; points: [number, number][] }[] = []
  let exhausted: number | null = null
  for (const resets of [false, true]) {
    const arena = await ManualArena.make(thread, CAPACITY)
    const points: [number, number][] = []
    let failed = false
    for (let round = 0; round < ROUNDS && !failed; ++round) {
      for (let i = 0; i < 10; ++i) failed ||= (await arena.allocate(thread, SIZE)) === 0n
      if (failed && !resets) exhausted = round
      points.push([round, (await arena.look(thread)).offset])
      if (resets) await arena.reset(thread)
    }
    series.push({ name: resets ? 'with reset' : 'without reset', points })
    if (resets) lab.fact('with reset: greatest offset', Math.max(...points.map(([, offset]) => offset)), 'B')
    if (resets) lab.fact(`with reset: all of ${ROUNDS} rounds served`, !failed)
    if (!resets) {
      lab.fact('without reset: rounds until exhausted', exhausted)
      const inside = p.blocks.live().filter(({ address }) => address >= arena.base && address < arena.base + 16384n)
      lab.fact('without reset: blocks that the heap has there', inside.length)
      lab.fact('without reset: blocks in it that nobody needs', (await arena.look(thread)).blocks)
    }
    await arena.close(thread)
  }
  lab.picture({
    kind: 'lines',
    title: 'The offset at the end of each round',
    ...{ xTitle: 'round', xUnit: '', yTitle: 'offset', yUnit: 'B' },
    series: [...series, { name: 'capacity', points: [0, ROUNDS - 1].map((x) => [x, CAPACITY]) }],
    events: exhausted === null ? [] : [{ x: exhausted, label: 'null' }],
  })
}

/** An arena without heads: block lies at block. */
async function arenaOverflow(lab: Lab, p: Puppet): Promise<void> {
  const thread = p.thread(0)
  const arena = await ManualArena.make(thread, CAPACITY)
  const [first, next] = [await arena.allocate(thread, ARENA_BLOCK), await arena.allocate(thread, ARENA_BLOCK)]
  await thread.fill(next, 0x42, ARENA_BLOCK)
  await thread.fill(first, 0x58, ARENA_BLOCK + BEYOND)
  lab.fact('arena: distance from block to block', Number(next - first), 'B')
  const after = await thread.read(next, ARENA_BLOCK)
  lab.fact('arena: bytes of the next block overwritten', bytesChanged(Buffer.alloc(ARENA_BLOCK, 0x42), after))
  await arena.close(thread)
}

/** With heads, the overflow meets a head first, and a walk stumbles over it. */
async function arenaOverflowWithHeads(lab: Lab, p: Puppet): Promise<void> {
  const thread = p.thread(0)
  const arena = await ManualArena.make(thread, CAPACITY, { heads: true })
  const first = await arena.allocate(thread, ARENA_BLOCK)
  const next = await arena.allocate(thread, ARENA_BLOCK)
  await thread.fill(first, 0x41, ARENA_BLOCK)
  await thread.fill(next, 0x42, ARENA_BLOCK)
  const length = Number(next - first) + ARENA_BLOCK
  const before = await thread.read(first, length)
  await thread.fill(first, 0x58, ARENA_BLOCK + ARENA_HEAD + BEYOND)
  const after = await thread.read(first, length)
  const head = Number(next - first) - ARENA_HEAD
  const { damagedHead } = await arena.walk(thread)
  lab.fact('arena with heads: bytes of the head overwritten', bytesChanged(before, after, head, head + ARENA_HEAD))
  lab.fact('arena with heads: overflow found by walking', damagedHead === next - BigInt(ARENA_HEAD))
  lab.picture({
    kind: 'bytes',
    title: `An arena with heads: ${ARENA_BLOCK + ARENA_HEAD + BEYOND} bytes written into a block of ${ARENA_BLOCK}`,
    rows: byteRows(first, before, after, [
      { from: 0, to: ARENA_BLOCK, label: 'the block' },
      { from: head, to: head + ARENA_HEAD, label: 'head of the next: state, size, the head before' },
      { from: length - ARENA_BLOCK, to: length, label: 'the next block' },
    ]),
  })
  await arena.close(thread)
}

async function arenaDoubleFree(lab: Lab, p: Puppet): Promise<void> {
  const thread = p.thread(0)
  const arena = await ManualArena.make(thread, CAPACITY, { heads: true })
  const block = await arena.allocate(thread, SIZE)
  await arena.free(thread, block)
  lab.fact('double free: what the arena says', await arena.free(thread, block))
  await arena.allocate(thread, SIZE)
  lab.fact('arena: what it says of an address inside a block', await arena.free(thread, block + 48n))
  await arena.close(thread)
}

/** The nearest two of some small blocks, the lower written past its end into the upper, and what the heap says to that. */
async function heapOverflow(lab: Lab): Promise<void> {
  const p = await lab.puppet({ timeoutMs: 2000 })
  const thread = p.thread(0)
  const batch = thread.batch()
  const made = Array.from({ length: 16 }, () => batch.malloc(SMALL))
  const result = await batch.run()
  const addresses = made.map((block) => result.value(block)).sort((a, b) => (a < b ? -1 : 1))
  const gaps = addresses.slice(1).map((address, i) => Number(address - (addresses[i] ?? 0n)))
  const distance = Math.min(...gaps)
  const block = addresses[gaps.indexOf(distance)] ?? 0n
  const next = block + BigInt(distance)
  lab.fact('heap: distance from block to block', distance, 'B')
  lab.fact('heap: the next block is near enough', distance <= NEAR)
  if (distance > NEAR) return
  const usable = await thread.usableSize(block)
  lab.fact('heap: usable of that', usable, 'B')
  lab.fact('heap: bytes of its own between the two', distance - usable, 'B')
  await thread.fill(block, 0x41, SMALL)
  await thread.fill(next, 0x42, SMALL)
  const before = await thread.read(block, distance + SMALL)
  await thread.fill(block, 0x58, distance + BEYOND)
  const after = await thread.read(block, distance + SMALL)
  lab.fact('heap: bytes of the next block overwritten', bytesChanged(before, after, distance))
  lab.fact('heap: bytes between the two overwritten', bytesChanged(before, after, SMALL, distance))
  lab.picture({
    kind: 'bytes',
    title: `The heap: ${distance + BEYOND} bytes written into a block of ${SMALL}`,
    rows: byteRows(block, before, after, [
      { from: 0, to: SMALL, label: 'the block' },
      { from: SMALL, to: distance, label: 'between' },
      { from: distance, to: distance + SMALL, label: 'the next block' },
    ]),
  })
  const [noticed, how] = await whoNotices(thread, block, next)
  lab.fact('heap: overflow noticed', noticed)
  lab.fact('heap: overflow noticed by', how)
  await p.close()
}

/** Frees the two and goes on for a while: when the heap noticed, and by what. */
async function whoNotices(
  thread: PuppetThread,
  block: bigint,
  next: bigint,
): Promise<[when: string, how: string | null]> {
  const steps: [string, () => Promise<unknown>][] = [
    ['when the block was freed', () => thread.free(block)],
    ['when the next block was freed', () => thread.free(next)],
    [`in ${LATER_CALLS} calls later on`, () => laterCalls(thread)],
  ]
  for (const [when, step] of steps) {
    const outcome = await outcomeOf(step())
    if (outcome instanceof PuppetDied) return [when, outcome.signal ?? `status ${outcome.exitCode}`]
    if (outcome instanceof PuppetHung) return [when, 'hang']
  }
  return ['never', null]
}

async function laterCalls(thread: PuppetThread): Promise<bigint[]> {
  const batch = thread.batch()
  const blocks = Array.from({ length: LATER_CALLS / 2 }, () => batch.malloc(SMALL))
  const result = await batch.run()
  const values = blocks.map((block) => result.value(block))
  const freeing = thread.batch()
  for (const address of new Set(values)) freeing.free(address, { unchecked: true })
  await freeing.run()
  return values
}

function explainLeaks(facts: Facts): string[] {
  const sentences: string[] = []
  for (const where of ['heap', 'arena'] as const) {
    const [leaked, found] = [
      facts.number(`${where}: blocks leaked on purpose`),
      facts.number(`${where}: blocks found by comparing`),
    ]
    const bytes = sizeText(facts.number(`${where}: bytes found by comparing`))
    sentences.push(
      leaked === found
        ? `Comparing two snapshots of live blocks found all ${found} that were leaked from the ${where} (${bytes}).`
        : `Comparing two snapshots of live blocks found ${found} leaks from the ${where} where ${leaked} were made.`,
    )
  }
  const grown = facts.number('heap: its own books grew by')
  const idle = facts.number('heap: its own books grew without a leak')
  const bytes = facts.number('heap: bytes found by comparing')
  if (idle !== 0) sentences.push(`mallinfo2 changes without a leak as well (by ${idle} B), so that it tells of none.`)
  else if (grown >= bytes) {
    sentences.push(
      `mallinfo2 stood still without leaks and grew by ${grown} B with them: it tells that something leaked, but not what.`,
    )
  } else if (grown === 0) sentences.push('mallinfo2 did not move: this heap does not show leaks there.')
  else sentences.push(`mallinfo2 moved by ${grown} B, less than was leaked: this heap does not show leaks there.`)
  return sentences
}

function explainReset(facts: Facts): string[] {
  const rounds = facts.get('without reset: rounds until exhausted')
  if (typeof rounds !== 'number') return ['The arena that was never reset was not exhausted.']
  return [
    `An arena that nobody resets was exhausted in round ${rounds + 1} with ` +
      `${facts.number('without reset: blocks in it that nobody needs')} blocks that nobody needs; among the heap's ` +
      `blocks it is ${facts.number('without reset: blocks that the heap has there')}, so that comparing those finds ` +
      `nothing. Reset after each round, it never held more than ${sizeText(facts.number('with reset: greatest offset'))}.`,
  ]
}

function explainOverflow(facts: Facts): string[] {
  const sentences = [
    `In an arena blocks lie at each other: ${BEYOND} bytes too many were ` +
      `${facts.number('arena: bytes of the next block overwritten')} bytes of the next block.`,
  ]
  if (facts.yes('arena with heads: overflow found by walking'))
    sentences.push('Heads between the blocks were hit first, and a walk over them found the place.')
  if (!facts.yes('heap: the next block is near enough')) {
    sentences.push(`In the heap no block had another within ${NEAR} bytes.`)
    return sentences
  }
  const own = facts.number('heap: bytes of its own between the two')
  sentences.push(
    `In the heap a block of ${SMALL} bytes had the next one ${facts.number('heap: distance from block to block')} bytes on, ` +
      (own > 0 ? `with ${own} bytes between them that are the heap's.` : 'with nothing of the heap between them.'),
  )
  const noticed = facts.text('heap: overflow noticed')
  sentences.push(
    noticed === 'never'
      ? `The heap did not notice the overflow, neither when both were freed nor in ${LATER_CALLS} calls afterwards.`
      : `The overflow was noticed ${noticed} (${facts.get('heap: overflow noticed by')}), not when it happened.`,
  )
  return sentences
}

function explainDoubleFree(facts: Facts): string[] {
  const sentences: string[] = []
  if (facts.text('double free: what the arena says') === 'twice')
    sentences.push('The state in a head tells the arena of a block that is freed twice.')
  sentences.push(...explainHeapDoubleFree(facts))
  return sentences
}
