/**
 * `arena-scope` (09a): the life of an arena made by hand, from its base to the use that comes too late: what it is, how it
 * aligns, ends, grows, and what it does not notice.
 */

import { Alloc8Error } from '../../errors.ts'
import { byteRows } from '../byte-rows.ts'
import { outcomeOf, PuppetDied } from '../died.ts'
import { defineExperiment, type Facts, type Lab } from '../experiment.ts'
import { ARENA_HEADER, type ArenaSource, ManualArena } from '../manual-arena.ts'
import { mappingOf } from '../memory.ts'
import type { Puppet } from '../puppet.ts'
import { hex, sizeText } from '../words.ts'

const CAPACITY = 256 << 10
const GROWN = 1 << 20
const PAGE_SIZE = 4096
const SIZES = [24, 100, 8] as const
const BASES = 8
const ALIGNMENTS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096] as const
const SOURCES = ['malloc', 'memalign', 'mmap'] as const
/** By each of two threads; twice as many in each round, until they have met. */
const ADDITIONS = 2_000_000
const ROUNDS = 6
const INDEX = 1000

export default defineExperiment({
  name: 'arena-scope',
  question: 'What is an arena, made by hand on top of this heap, and which of its mistakes does anything notice?',
  did:
    `Arenas of ${sizeText(CAPACITY)} are made in memory from malloc, from memalign and from mmap, with the offset in their ` +
    'first eight bytes. They are filled, aligned, used up, resized, used after they were given back, written to through ' +
    `the null that a full one gives, and used by two threads at once, step by step and by millions of additions to the offset at full speed.`,
  async observe(lab) {
    const p = await lab.puppet({ threads: 2 })
    const arenas = new Map<ArenaSource, ManualArena>()
    for (const source of SOURCES) {
      const arena = await ManualArena.make(p.thread(0), CAPACITY, { source })
      arenas.set(source, arena)
      baseFacts(lab, p, arena)
    }
    const [first] = arenas.values()
    if (first === undefined) return
    await firstBlocks(lab, p, first)
    await alignment(lab, p, [...arenas.values()])
    await exhaustion(lab, p, first)
    for (const arena of arenas.values()) await resizing(lab, p, arena)
    await twoThreads(lab, p)
    await uncheckedNull(lab)
    for (const source of ['mmap', 'malloc'] as const) await lateUse(lab, source)
  },
  explain: (facts) => [
    ...explainBase(facts),
    ...explainEnd(facts),
    ...explainResize(facts),
    ...explainLateUse(facts),
    ...explainThreads(facts),
  ],
  model(facts) {
    const caught = facts.yes('arena from malloc: late use caught') ? 'ends the program' : 'passes'
    return { [`use of ${sizeText(CAPACITY)} after free`]: caught }
  },
})

/** How facts name an arena by its source. */
function titled(source: ArenaSource): string {
  return `arena from ${source}`
}

function baseFacts(lab: Lab, p: Puppet, { base, source }: ManualArena): void {
  lab.fact(`${titled(source)}: base`, hex(base))
  const mapping = mappingOf(p.mappings(), base)
  const size = mapping === undefined ? 0 : Number(mapping.end - mapping.start)
  lab.fact(`${titled(source)}: mapping around it`, size, 'B')
}

/** Three blocks, and the memory before and after them. */
async function firstBlocks(lab: Lab, p: Puppet, arena: ManualArena): Promise<void> {
  const thread = p.thread(0)
  const { offset, capacity } = await arena.look(thread)
  lab.fact('capacity', capacity, 'B')
  lab.fact('offset at first', offset, 'B')
  const length = ARENA_HEADER + 160
  const before = await thread.read(arena.base, length)
  const stretches = [{ from: 0, to: ARENA_HEADER, label: 'header: offset, capacity, newest head, blocks' }]
  let asked = 0
  for (const [index, size] of SIZES.entries()) {
    const block = await arena.allocate(thread, size)
    await thread.fill(block, 0x41 + index, size)
    const from = Number(block - arena.base)
    stretches.push({ from, to: from + size, label: `block ${index} (${size} B)` })
    asked += size
  }
  const dump = await arena.dump(thread)
  lab.fact('offset after three blocks', dump.offset, 'B')
  lab.fact('of that for alignment', dump.offset - ARENA_HEADER - asked, 'B')
  lab.fact(
    'dump',
    `base ${hex(arena.base)}, offset ${dump.offset}, capacity ${dump.capacity}, blocks ${dump.blocks}; from ${ARENA_HEADER}: ` +
      dump.bytes.subarray(ARENA_HEADER, ARENA_HEADER + SIZES[0]).toString('hex'),
  )
  const whole = stretches
    .slice(1)
    .every(({ from, to }, i) => dump.bytes.subarray(from, to).every((b) => b === 0x41 + i))
  lab.fact('dump holds what was written', whole)
  lab.picture({
    kind: 'bytes',
    title: 'The first bytes of the arena from malloc, before and after three blocks',
    rows: byteRows(arena.base, before, await thread.read(arena.base, length), stretches),
  })
}

/** Blocks at every power of two, and what becomes of them where the offset alone is rounded up, and not the address. */
async function alignment(lab: Lab, p: Puppet, arenas: readonly ManualArena[]): Promise<void> {
  const thread = p.thread(0)
  for (const arena of arenas) {
    let kept = 0
    for (const alignment of ALIGNMENTS) {
      await arena.allocate(thread, 1, 1)
      const block = await arena.allocate(thread, 8, alignment)
      if (block !== 0n && block % BigInt(alignment) === 0n) ++kept
    }
    lab.fact(`${titled(arena.source)}: alignments kept of ${ALIGNMENTS.length}`, kept)
  }
  // A heap may give one base at a page and the next one not.
  const batch = thread.batch()
  const bases = Array.from({ length: BASES }, () => batch.malloc(CAPACITY))
  for (const base of bases) batch.free(base)
  const result = await batch.run()
  const atPages = bases.filter((base) => result.value(base) % BigInt(PAGE_SIZE) === 0n)
  lab.fact(`bases from malloc that begin a page, of ${BASES}`, atPages.length)
}

/** Blocks until there is no more, in the arena and in the heap. */
async function exhaustion(lab: Lab, p: Puppet, arena: ManualArena): Promise<void> {
  const thread = p.thread(0)
  const points: [number, number][] = []
  let block = 1n
  while (block !== 0n) {
    const { offset, blocks } = await arena.look(thread)
    points.push([blocks, offset])
    block = await arena.allocate(thread, PAGE_SIZE)
  }
  const { offset, capacity, blocks } = await arena.look(thread)
  points.push([blocks + 1, offset])
  lab.fact('blocks until exhausted', blocks)
  lab.fact('left when exhausted', capacity - offset, 'B')
  lab.fact('offset moved by what did not fit', points.at(-2)?.[1] !== offset)
  lab.fact('a smaller block still fits', (await arena.allocate(thread, 8)) !== 0n)
  const batch = thread.batch()
  const huge = batch.malloc(1n << 62n)
  const result = await batch.run()
  lab.fact('heap: null for 4 EiB', result.value(huge) === 0n)
  lab.fact('heap: error of it', result.error(huge))
  lab.picture({
    kind: 'lines',
    title: 'The offset of the arena from malloc, block by block',
    ...{ xTitle: 'blocks asked for', xUnit: '', yTitle: 'offset', yUnit: 'B', steps: true },
    series: [
      { name: 'offset', points },
      { name: 'capacity', points: [0, blocks + 1].map((x) => [x, capacity]) },
    ],
    events: [{ x: blocks + 1, label: 'null' }],
  })
}

/** Growing to four times the size. What lies at an offset has to be there afterwards; what lies at an address need not. */
async function resizing(lab: Lab, p: Puppet, arena: ManualArena): Promise<void> {
  const thread = p.thread(0)
  const title = titled(arena.source)
  const before = await arena.dump(thread)
  const refused = (await arena.resize(thread, before.offset - 1)) === null
  const grown = await arena.resize(thread, GROWN)
  lab.fact(`${title}: shrinking below the offset refused`, refused)
  lab.fact(`${title}: grew`, grown !== null)
  if (grown === null) return
  const after = await grown.dump(thread)
  const same = after.bytes.subarray(ARENA_HEADER).equals(before.bytes.subarray(ARENA_HEADER))
  lab.fact(`${title}: moved when it grew`, grown.base !== arena.base)
  lab.fact(`${title}: bytes kept when it grew`, same)
  if (grown.base !== arena.base) {
    lab.fact(`${title}: old addresses can still be read`, await isReadable(p, arena.base + BigInt(ARENA_HEADER)))
  }
  lab.fact(`${title}: room for more when it grew`, (await grown.allocate(thread, CAPACITY)) !== 0n)
}

async function isReadable(p: Puppet, address: bigint): Promise<boolean> {
  try {
    await p.thread(0).read(address, 1)
    return true
  } catch (error) {
    if (error instanceof Alloc8Error && error.code === 'PUPPET') return false
    throw error
  }
}

/** Writes through the null of a full arena: at once, as an element of an array, and as one far enough to be somewhere. */
async function uncheckedNull(lab: Lab): Promise<void> {
  for (const [name, index] of [
    ['first byte', 0],
    [`element ${INDEX} of eight bytes`, INDEX],
  ] as const) {
    const p = await lab.puppet()
    const arena = await ManualArena.make(p.thread(0), 4 * PAGE_SIZE)
    const block = await arena.allocate(p.thread(0), CAPACITY)
    const outcome = await outcomeOf(p.thread(0).write(block + BigInt(8 * index), 'x'))
    lab.fact(`null unchecked, ${name}: signal`, outcome instanceof PuppetDied ? outcome.signal : null)
    const address = outcome instanceof PuppetDied ? outcome.address : null
    lab.fact(`null unchecked, ${name}: address`, address === null ? null : hex(address))
    await p.close()
  }
  const p = await lab.puppet()
  const arena = await ManualArena.make(p.thread(0), 4 * PAGE_SIZE)
  const block = await arena.allocate(p.thread(0), CAPACITY)
  const far = arena.base + BigInt(PAGE_SIZE)
  const outcome = await outcomeOf(p.thread(0).write(block + far, 'x'))
  lab.fact('null unchecked, an element as far as the arena lies: noticed', outcome !== undefined)
  if (outcome === undefined)
    lab.fact('null unchecked, that far: written', (await p.thread(0).compare(far, 'x')) === null)
  await p.close()
}

/** Reads a block of an arena whose memory was given back, and, where that is let pass, asks for as much again. */
async function lateUse(lab: Lab, source: 'malloc' | 'mmap'): Promise<void> {
  const p = await lab.puppet({ timeoutMs: 2000 })
  const thread = p.thread(0)
  const title = titled(source)
  const arena = await ManualArena.make(thread, CAPACITY, { source })
  await arena.allocate(thread, CAPACITY / 2)
  const block = await arena.allocate(thread, 64)
  await thread.fill(block, 0x41, 64)
  await arena.close(thread)
  const outcome = await outcomeOf(thread.load(block))
  const died = outcome instanceof PuppetDied ? outcome : null
  lab.fact(`${title}: late use caught`, died !== null)
  lab.fact(`${title}: signal`, died?.signal ?? null)
  lab.fact(`${title}: at the address that was used`, died?.address === block)
  if (typeof outcome === 'number') {
    lab.fact(`${title}: the old byte was still there`, outcome === 0x41)
    const again = await ManualArena.make(thread, CAPACITY, { source })
    lab.fact(`${title}: its address given to the next arena`, again.base === arena.base)
  }
  await p.close()
}

/** Two threads in one arena: the two halves of an allocation interleaved, then at full speed. */
async function twoThreads(lab: Lab, p: Puppet): Promise<void> {
  const [one, two] = [p.thread(0), p.thread(1)]
  const arena = await ManualArena.make(one, 1 << 30, { source: 'mmap' })
  const [seenByOne, seenByTwo] = [await arena.look(one), await arena.look(two)]
  const ofOne = await arena.take(one, seenByOne, 64)
  const ofTwo = await arena.take(two, seenByTwo, 64)
  await one.fill(ofOne, 0x41, 64)
  await two.fill(ofTwo, 0x42, 64)
  lab.fact('two threads, interleaved: both got the same block', ofOne === ofTwo)
  lab.fact('two threads, interleaved: offset grew by', (await arena.look(one)).offset - seenByOne.offset, 'B')
  lab.fact("two threads, interleaved: the first one's bytes are gone", (await one.verify(ofOne, 0x41, 64)) === 0)
  // Adding 1 to the offset is a block of one byte. Where threads have a core between them, a short run may be over
  // before the other one begins.
  let asked = 0
  let twice = 0
  for (let round = 0; twice === 0 && round < ROUNDS; ++round) {
    const each = ADDITIONS * 2 ** round
    asked = 2 * each
    twice = asked - (await additions(p, arena, 'increment', each))
  }
  lab.fact('two threads, by load and store: blocks asked for', asked)
  lab.fact('two threads, by load and store: blocks given twice', twice)
  lab.fact('two threads, atomically: blocks asked for', 2 * ADDITIONS)
  lab.fact(
    'two threads, atomically: blocks given twice',
    2 * ADDITIONS - (await additions(p, arena, 'atomicAdd', ADDITIONS)),
  )
}

/** By how much the offset has grown when both threads have added. */
async function additions(p: Puppet, arena: ManualArena, how: 'increment' | 'atomicAdd', each: number) {
  const { offset } = await arena.look(p.thread(0))
  const batches = p.threads.map((thread) => {
    const batch = thread.batch()
    batch[how](arena.base, each)
    return batch
  })
  await p.together(batches)
  return (await arena.look(p.thread(0))).offset - offset
}

function explainBase(facts: Facts): string[] {
  const sentences = [
    `An arena is three numbers: a base, an offset, here ${facts.number('offset at first')} at first because the numbers ` +
      `themselves lie in front, and a capacity; ${SIZES.length} blocks moved the offset to ` +
      `${facts.number('offset after three blocks')}, ${facts.number('of that for alignment')} bytes of which are alignment.`,
  ]
  const kept = SOURCES.filter(
    (source) => facts.number(`${titled(source)}: alignments kept of ${ALIGNMENTS.length}`) === ALIGNMENTS.length,
  )
  if (kept.length === SOURCES.length)
    sentences.push('Rounding up the address keeps every alignment, whatever the base is.')
  sentences.push(
    facts.number(`bases from malloc that begin a page, of ${BASES}`) === BASES
      ? `All of ${BASES} bases from malloc begin a page, so rounding up the offset alone would align to pages here; ` +
          'malloc does not promise that.'
      : 'Bases from malloc do not all begin a page: whoever rounds up the offset alone gets blocks that are not aligned ' +
          'to pages; memalign and mmap gave bases for that.',
  )
  return sentences
}

function explainEnd(facts: Facts): string[] {
  const sentences = [
    facts.yes('offset moved by what did not fit')
      ? 'Used up, the arena gave null, and its offset moved all the same.'
      : 'Used up, the arena gave null and stayed as it was' +
        (facts.yes('a smaller block still fits') ? ': a smaller block still fitted into what was left.' : '.'),
  ]
  if (facts.yes('heap: null for 4 EiB')) {
    const error = facts.get('heap: error of it')
    sentences.push(
      error === null
        ? 'The heap gives null for what it does not have, without an error number.'
        : `The heap gives null for what it does not have as well (${error}).`,
    )
  } else sentences.push('The heap gave an address for 4 EiB, which no machine has.')
  const first = facts.get('null unchecked, first byte: signal')
  const element = facts.get(`null unchecked, element ${INDEX} of eight bytes: signal`)
  const at = facts.get(`null unchecked, element ${INDEX} of eight bytes: address`)
  if (first !== null && element !== null) {
    sentences.push(
      `That null unchecked is ${first} at the first write; through an index the address is no longer 0 but ${at}.`,
    )
  } else sentences.push('A write through that null was not stopped.')
  if (facts.get('null unchecked, that far: written') === true)
    sentences.push('An index as large as an address wrote into the arena through null, and nothing noticed.')
  return sentences
}

/** What became of each arena when it grew; those of which the same is to be said are named together. */
function explainResize(facts: Facts): string[] {
  const outcomes = new Map<string, ArenaSource[]>()
  for (const source of SOURCES) {
    const outcome = growth(facts, titled(source))
    outcomes.set(outcome, [...(outcomes.get(outcome) ?? []), source])
  }
  return [...outcomes].map(([outcome, sources]) => `An arena in memory from ${listed(sources)} ${outcome}`)
}

function growth(facts: Facts, title: string): string {
  if (!facts.yes(`${title}: grew`)) return 'could not grow.'
  const kept = facts.yes(`${title}: bytes kept when it grew`) ? 'with its bytes' : 'and its bytes were not kept'
  if (!facts.yes(`${title}: moved when it grew`)) return `grew where it was, ${kept}.`
  const old = facts.yes(`${title}: old addresses can still be read`)
    ? 'and the old ones can still be read, so that a late read goes unnoticed.'
    : 'and the old ones are no memory any more.'
  return `moved when it grew, ${kept}: offsets hold, addresses do not, ${old}`
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

function explainLateUse(facts: Facts): string[] {
  return (['mmap', 'malloc'] as const).map((source) => {
    const title = titled(source)
    const call = source === 'mmap' ? 'munmap' : 'free'
    if (facts.yes(`${title}: late use caught`)) {
      const where = facts.yes(`${title}: at the address that was used`) ? ', at the very address' : ''
      return `A block used after ${call} of its arena ended the program: ${facts.get(`${title}: signal`)}${where}.`
    }
    if (!facts.has(`${title}: the old byte was still there`)) return `A block used after ${call} did not come back.`
    const byte = facts.yes(`${title}: the old byte was still there`) ? 'gave its old byte' : 'gave another byte'
    const next = facts.yes(`${title}: its address given to the next arena`)
      ? '; the next arena got the same address, so that a late write would be in that one'
      : ''
    return `A block used after ${call} of its arena ${byte}, and nothing noticed${next}.`
  })
}

function explainThreads(facts: Facts): string[] {
  const sentences: string[] = []
  if (facts.yes('two threads, interleaved: both got the same block')) {
    sentences.push(
      'Two threads that both read the offset before either stored it got the same block: an arena is not thread safe.',
    )
  } else sentences.push('Two threads that both read the offset before either stored it got different blocks.')
  const twice = facts.number('two threads, by load and store: blocks given twice')
  const atomically = facts.number('two threads, atomically: blocks given twice')
  sentences.push(
    twice > 0
      ? 'At full speed, too, blocks were given to both.'
      : 'At full speed no block was given to both this time, which proves nothing.',
  )
  sentences.push(
    atomically === 0 ? 'With an atomic addition none was.' : `With an atomic addition ${atomically} were all the same.`,
  )
  return sentences
}
