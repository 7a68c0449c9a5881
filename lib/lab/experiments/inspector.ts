/** `inspector` (08d): who is who: threads, processes, the break, and where each thread's blocks lie, in order. */

import { defineExperiment, type Facts, type Lab } from '../experiment.ts'
import { mappingOf } from '../memory.ts'
import type { Puppet } from '../puppet.ts'
import { ascending, stepsOf, usual } from '../spacing.ts'
import type { PuppetThread } from '../thread.ts'
import { hex, sizeText } from '../words.ts'

const THREADS = 4
const BLOCKS = 8
const SIZE = 64
const MIB = 1024 * 1024
/** The main thread and those that were started. */
const ALL = THREADS + 1

export default defineExperiment({
  name: 'inspector',
  question: 'Which threads and processes are there, and where does each get its blocks, in which order?',
  did:
    `The main thread and ${THREADS} others allocate ${BLOCKS} blocks of ${SIZE} bytes each, one thread after the other; ` +
    'then thread 0 forks, and child and parent allocate one block each. The break is read before and after.',
  async observe(lab) {
    const p = await lab.puppet({ threads: THREADS })
    const before = await p.main.sbrk()
    lab.fact('process', p.pid)
    lab.fact('break at first', hex(before))
    const threads = [p.main, ...p.threads]
    const blocks: bigint[][] = []
    for (const thread of threads) {
      const addresses = await allocate(thread)
      blocks.push(addresses)
      tellThread(lab, thread, addresses)
    }
    const after = await p.main.sbrk()
    lab.fact('break moved by', Number(after - before), 'B')
    tellPlaces(lab, p, blocks)
    tellOrder(lab, blocks)
    const child = await p.fork(0)
    lab.fact('child process', child.pid)
    lab.fact('child: number of its thread in the system', child.main.tid)
    const inherited = await child.main.malloc(SIZE)
    const next = await p.thread(0).malloc(SIZE)
    lab.fact("child's first block", hex(inherited))
    lab.fact("parent's next block", hex(next))
    lab.fact('child and parent get the same address next', inherited === next)
    // A heap may have none left.
    if (inherited !== 0n) await child.main.write(inherited, 'child')
    if (next !== 0n) await p.thread(0).write(next, 'other')
    const kept = inherited !== 0n && (await child.main.compare(inherited, 'child')) === null
    lab.fact("child's first block is as the child wrote it", kept)
    draw(lab, p, threads, blocks, { pid: child.pid, address: inherited })
  },
  explain(facts) {
    return [...explainPlaces(facts), ...explainOrder(facts), ...explainDistances(facts), explainFork(facts)]
  },
  model(facts) {
    const others = facts.number('other threads whose blocks lie at the break')
    const main = facts.yes('main: its blocks lie at the break')
    const found = facts.number('blocks at the break')
    const whose = others === 0 ? 'of the main thread' : 'of all threads'
    const isWhole = found === BLOCKS * (others + 1) && main && (others === 0 || others === THREADS)
    return { 'blocks at the program break': found === 0 ? 'none' : isWhole ? whose : `${found} of ${ALL * BLOCKS}` }
  },
})

async function allocate(thread: PuppetThread): Promise<bigint[]> {
  const batch = thread.batch()
  const blocks = Array.from({ length: BLOCKS }, () => batch.malloc(SIZE))
  const result = await batch.run()
  return blocks.map((block) => result.value(block))
}

function tellThread(lab: Lab, thread: PuppetThread, addresses: readonly bigint[]): void {
  lab.fact(`${thread.name}: number in the system`, thread.tid)
  lab.fact(`${thread.name}: pthread_self`, hex(thread.self))
  lab.fact(`${thread.name}: first block`, hex(addresses[0] ?? 0n))
  lab.fact(`${thread.name}: steps from block to block`, stepsOf(addresses).join(' '), 'B')
}

/** In which mappings blocks lie, as the kernel lists them; it calls what the break has moved over the heap. */
function tellPlaces(lab: Lab, p: Puppet, blocks: readonly (readonly bigint[])[]): void {
  const mappings = p.mappings()
  const isAtBreak = (addresses: readonly bigint[]) =>
    addresses.every((address) => mappingOf(mappings, address)?.name === '[heap]')
  const [main = [], ...others] = blocks
  lab.fact('main: its blocks lie at the break', isAtBreak(main))
  lab.fact('other threads whose blocks lie at the break', others.filter(isAtBreak).length)
  lab.fact('blocks at the break', blocks.flat().filter((address) => isAtBreak([address])).length)
  const holding = blocks.map((addresses) => mappingOf(mappings, addresses[0] ?? 0n)?.start)
  lab.fact('mappings that first blocks lie in', new Set(holding).size)
}

function tellOrder(lab: Lab, blocks: readonly (readonly bigint[])[]): void {
  const count = (test: (steps: bigint[]) => boolean) => blocks.filter((each) => test(stepsOf(each))).length
  lab.fact(
    'threads whose blocks ascend',
    count((steps) => steps.every((step) => step > 0n)),
  )
  lab.fact(
    'threads whose blocks descend',
    count((steps) => steps.every((step) => step < 0n)),
  )
  lab.fact(
    'threads whose steps are all alike',
    count((steps) => new Set(steps).size === 1),
  )
  const step = usual(blocks.flatMap((each) => stepsOf(each)))
  lab.fact('usual step from block to block', step === null ? null : Number(step), 'B')
  const firsts = ascending(blocks.map(([first = 0n]) => first))
  const gaps = stepsOf(firsts).map(Number)
  lab.fact('least distance between two threads', Math.min(...gaps), 'B')
  lab.fact('greatest distance between two threads', Number((firsts.at(-1) ?? 0n) - (firsts[0] ?? 0n)), 'B')
  lab.fact('threads that begin where the one before left off', follows(blocks, step))
}

/** How many begin within two steps of the last block of the thread that allocated before. */
function follows(blocks: readonly (readonly bigint[])[], step: bigint | null): number {
  if (step === null) return 0
  const most = 2n * (step < 0n ? -step : step)
  return blocks.filter(([first = 0n], i) => {
    const last = blocks[i - 1]?.at(-1)
    if (last === undefined) return false
    const distance = first - last
    return distance >= -most && distance <= most
  }).length
}

function draw(
  lab: Lab,
  p: Puppet,
  threads: readonly PuppetThread[],
  blocks: readonly (readonly bigint[])[],
  child: { pid: number; address: bigint },
): void {
  const mappings = p.mappings()
  const used = new Set(blocks.flat().map((address) => mappingOf(mappings, address)))
  const shape = { size: SIZE, sizeClass: null, live: true }
  lab.picture({
    kind: 'map',
    title: 'Blocks by thread, in order, and the first one of a forked child',
    mappings: [...used]
      .filter((each) => each !== undefined)
      .map(({ start, end, name }) => ({ start: hex(start), end: hex(end), label: name || 'anonymous' })),
    blocks: [
      ...blocks.flatMap((addresses, thread) =>
        addresses.map((address, i) => ({
          ...{ ...shape, address: hex(address), process: String(p.pid) },
          ...{ thread: threads[thread]?.name ?? '', age: thread * BLOCKS + i },
        })),
      ),
      { ...shape, address: hex(child.address), process: String(child.pid), thread: 'main', age: ALL * BLOCKS },
    ],
  })
}

function explainPlaces(facts: Facts): string[] {
  const others = facts.number('other threads whose blocks lie at the break')
  const main = facts.yes('main: its blocks lie at the break')
  const found = facts.number('blocks at the break')
  const moved = facts.number('break moved by')
  const where =
    main && others === THREADS
      ? 'All threads get their blocks at the program break.'
      : main && others === 0 && found === BLOCKS
        ? 'The main thread gets its blocks at the program break, the others get theirs from mappings.'
        : found === 0
          ? 'No thread gets blocks at the program break: all come from mappings.'
          : found === BLOCKS * (others + (main ? 1 : 0))
            ? `At the program break lie the blocks of ${others + (main ? 1 : 0)} of ${ALL} threads.`
            : `At the program break lie ${found} of ${ALL * BLOCKS} blocks.`
  return moved === 0 ? [where] : [where, `The break has moved by ${sizeText(moved)} for them.`]
}

function explainOrder(facts: Facts): string[] {
  const ascends = facts.number('threads whose blocks ascend')
  const descends = facts.number('threads whose blocks descend')
  const alike = facts.number('threads whose steps are all alike')
  const step = facts.get('usual step from block to block')
  const sentences = [
    ascends === ALL
      ? 'In every thread a later block lies above the earlier ones.'
      : descends === ALL
        ? 'In every thread a later block lies below the earlier ones.'
        : `A later block always lies above the earlier ones in ${ascends} of ${ALL} threads, always below in ${descends}.`,
  ]
  if (typeof step !== 'number') sentences.push('There is no usual distance from one block to the next.')
  else {
    const which = alike === ALL ? 'always' : 'mostly'
    sentences.push(`From one block of ${SIZE} B to the next it is ${which} ${sizeText(Math.abs(step))}.`)
  }
  return sentences
}

function explainDistances(facts: Facts): string[] {
  const least = facts.number('least distance between two threads')
  const greatest = facts.number('greatest distance between two threads')
  if (facts.number('threads that begin where the one before left off') === THREADS) {
    return ['Each thread begins right where the one before it left off: all are served from one place.']
  }
  if (least < 4096)
    return [`Two threads begin ${sizeText(least)} apart, within a page, the farthest ${sizeText(greatest)}.`]
  const mappings = facts.number('mappings that first blocks lie in')
  const where =
    mappings === ALL ? 'each in a mapping of its own' : `in ${mappings} ${mappings === 1 ? 'mapping' : 'mappings'}`
  return [`No two threads begin within a page of each other: the nearest are ${roughly(least)} apart, ${where}.`]
}

/** Whole MiB of what is so large: the rest changes from run to run. */
function roughly(bytes: number): string {
  return bytes < MIB ? sizeText(bytes) : `some ${sizeText(Math.round(bytes / MIB) * MIB)}`
}

function explainFork(facts: Facts): string {
  if (!facts.yes('child and parent get the same address next'))
    return 'After fork, parent and child got different next addresses.'
  return facts.yes("child's first block is as the child wrote it")
    ? 'After fork, parent and child go on from the same state: both got the same next address, in memory of their own.'
    : 'After fork, parent and child got the same next address, in memory that they share: one overwrites the other.'
}
