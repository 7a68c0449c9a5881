/**
 * `remote-free`: what becomes of a block that another thread frees than the one that allocated it: who is given that
 * memory next, if anyone.
 *
 * The score is the share, in percent, of the remotely freed blocks whose memory came back, within twice as many requests,
 * to one at least of the three threads that were tried; the mean over all sizes. It is counted from addresses.
 */

import { defineExperiment, type Facts } from '../experiment.ts'
import type { Puppet } from '../puppet.ts'
import { partText, sizeText } from '../words.ts'

const SIZES = [64, 1024, 16384]
const BLOCKS = 256
/** Who frees what thread 0 has allocated: thread 0 itself, thread 1. */
const freers = ['its own thread', 'another thread'] as const
/** Who asks then: threads 0, 1 and 2. */
const takers = ['the thread that had allocated it', 'the other thread', 'a third thread'] as const

/** One process: who frees, and who asks then. */
interface Case {
  freer: number
  taker: number
}

export default defineExperiment({
  name: 'remote-free',
  question: 'What becomes of memory that another thread frees: who gets it again?',
  did:
    `Thread 0 allocates ${BLOCKS} blocks, thread 1 frees them, and thread 0, 1 or 2 (each in a process of its own) asks for ` +
    `${2 * BLOCKS} of the same size; those that lie where a freed one lay are counted. For comparison thread 0 frees them ` +
    `itself. Sizes: ${SIZES.map(sizeText).join(', ')}.`,
  async observe(lab) {
    const cases = freers.flatMap((_, freer) => takers.map((_name, taker) => ({ freer, taker })))
    const ns = [0, 0]
    const shares: number[][][] = freers.map(() => takers.map(() => []))
    const reached = SIZES.map(() => new Set<number>())
    for (const each of cases) {
      const p = await lab.puppet({ threads: takers.length })
      for (const [i, size] of SIZES.entries()) {
        const seen = await freedAndTaken(p, each, size)
        lab.fact(factName(each, size), Math.round((100 * seen.again.length) / BLOCKS), '%')
        shares[each.freer]?.[each.taker]?.push(Math.round((100 * seen.again.length) / BLOCKS))
        ns[each.freer] = (ns[each.freer] ?? 0) + seen.freeNs
        if (each.freer === 1) for (const block of seen.again) reached[i]?.add(block)
      }
      await p.close()
    }
    lab.picture({
      kind: 'matrix',
      title: 'Freed blocks whose memory was given again, by who freed and who asked then',
      rowTitle: 'freed by',
      columnTitle: 'asked for by',
      rows: SIZES.flatMap((size) => freers.map((freer) => `${sizeText(size)}, ${freer}`)),
      columns: [...takers],
      values: SIZES.flatMap((_, i) =>
        freers.map((_name, freer) => takers.map((_who, taker) => shares[freer]?.[taker]?.[i] ?? null)),
      ),
      unit: '%',
    })
    const [own = 1, another = 0] = ns
    lab.fact('time of a free by another thread, over one by its own', Math.round((10 * another) / own) / 10, '×')
    const best = reached.map(({ size }) => Math.round((100 * size) / BLOCKS))
    for (const [i, size] of SIZES.entries()) lab.fact(bestName(size), best[i] ?? 0, '%')
    lab.fact('score', Math.round(sum(best) / SIZES.length), 'of 100')
  },
  explain(facts) {
    const own = part(facts, { freer: 0, taker: 0 })
    if (takers.every((_, taker) => part(facts, { freer: 1, taker }) < seen)) {
      return [
        own < seen
          ? 'Memory was not given again, neither after its own thread had freed it nor after another had: at least for twice as many requests, what is freed is lost to the program.'
          : `Memory that another thread had freed was given to none of the three threads, while a thread that frees its own blocks gets ${partText(own)} of them again: at least for twice as many requests, what is freed elsewhere is lost to the program.`,
      ]
    }
    return [whoText(facts), comparisonText(facts, own), sizesText(facts)].filter((text) => text !== '')
  },
  model(facts) {
    const who = ['the thread that allocated', 'the thread that freed', 'a third thread']
    const parts = who.map((name, taker) => ({ name, text: partText(part(facts, { freer: 1, taker })) }))
    const given = parts
      .filter(({ text }) => text !== 'none' && text !== 'hardly any')
      .map(({ name, text }) => `${name} (${text})`)
    return { 'memory freed by another thread': given.length === 0 ? 'not given again' : `given to ${given.join(', ')}` }
  },
})

/** Less is none: a block or two that happened to fit. */
const seen = 0.05

/** Which of the freed blocks, by number, lie under blocks that were asked for then. */
async function freedAndTaken(
  p: Puppet,
  { freer, taker }: Case,
  size: number,
): Promise<{ again: number[]; freeNs: number }> {
  const allocate = async (thread: number, count: number) => {
    const batch = p.thread(thread).batch()
    const blocks = Array.from({ length: count }, () => batch.malloc(size))
    const result = await batch.run()
    return blocks.map((block) => result.value(block))
  }
  const freed = await allocate(0, BLOCKS)
  const freeing = p.thread(freer).batch()
  for (const address of freed) freeing.free(address)
  const freeNs = (await freeing.run()).totalNs
  const taken = await allocate(taker, 2 * BLOCKS)
  const bytes = BigInt(size)
  const again = freed.flatMap((old, i) =>
    taken.some((block) => block < old + bytes && old < block + bytes) ? [i] : [],
  )
  return { again, freeNs }
}

function factName({ freer, taker }: Case, size: number): string {
  return `${sizeText(size)}, freed by ${freers[freer]}: given again to ${takers[taker]}`
}

/** Blocks that came back to one of the three threads. */
function bestName(size: number): string {
  return `${sizeText(size)}, freed by another thread: given again to one of the three`
}

/** The share that came back, the mean over all sizes. */
function part(facts: Facts, each: Case): number {
  return sum(SIZES.map((size) => facts.number(factName(each, size)) / 100)) / SIZES.length
}

function whoText(facts: Facts): string {
  const texts = ['the thread that had allocated it', 'the thread that had freed it', 'a third thread'].map(
    (name, taker) => `${name} got ${partText(part(facts, { freer: 1, taker }))} of it`,
  )
  return `Of the memory that another thread had freed, whoever asked first: ${texts.join(', ')}.`
}

function comparisonText(facts: Facts, own: number): string {
  const remote = sum(bests(facts)) / SIZES.length
  const home = part(facts, { freer: 1, taker: 0 })
  const kept = part(facts, { freer: 1, taker: 1 })
  const third = part(facts, { freer: 1, taker: 2 })
  if (remote < own - 0.2) return 'That is less than a thread gets again that frees its own blocks.'
  if (home >= seen && kept < seen && third < seen) return 'Memory goes home, to the thread that had allocated it.'
  if (kept >= 0.75 && home < seen && third < seen) {
    return 'Memory moves: it stays with the thread that freed it, so one thread that only allocates and one that only frees would drift apart.'
  }
  if (third >= 0.75) return 'It is there for everyone.'
  return ''
}

/** By size, the share that came back to one of the three threads. */
function bests(facts: Facts): number[] {
  return SIZES.map((size) => facts.number(bestName(size)) / 100)
}

/** Says so where sizes are treated differently. */
function sizesText(facts: Facts): string {
  const best = bests(facts)
  const texts = best.map((share, i) => `${partText(share)} at ${sizeText(SIZES[i] ?? 0)}`)
  return new Set(best.map(partText)).size > 1
    ? `It depends on the size: to one of the three came back ${texts.join(', ')}.`
    : ''
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
