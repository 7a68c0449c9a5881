/**
 * `blowup`: how much more memory a heap takes than the program ever has live, where threads do not free what they have
 * allocated, or have it by turns. Berger et al., "Hoard: A Scalable Memory Allocator for Multithreaded Applications"
 * (ASPLOS 2000) define it so, and show that heaps which keep freed memory with the thread that freed it grow without bound
 * between a producer and a consumer, and that heaps which keep it with the thread that allocated it may take as many times
 * the memory as there are threads.
 *
 * The score is 100 divided by the geometric mean of the two blowups, producer and consumer, and turns; each is the most
 * memory held over the most bytes live, and 1 at least.
 */

import type { LabPicture } from '../../types.ts'
import { defineExperiment, type Facts, type Lab } from '../experiment.ts'
import { FootprintMeter } from '../footprint.ts'
import type { PuppetThread } from '../thread.ts'
import { sizeText } from '../words.ts'

const SIZE = 1024
const BLOCKS = 2048
const LIVE = SIZE * BLOCKS
const ROUNDS = 24
const THREADS = 8

/** Memory at one moment. */
interface Moment {
  live: number
  held: number
  resident: number
  mapped: number
}

export default defineExperiment({
  name: 'blowup',
  question:
    'How much more memory does the heap take than is ever live, where threads free for each other or take turns?',
  did:
    `Producer and consumer: thread 0 allocates ${BLOCKS} blocks of ${sizeText(SIZE)} and writes to each, thread 1 frees them; ${ROUNDS} ` +
    `times, so that never more than ${sizeText(LIVE)} are live. Turns: in another process each of ${THREADS} threads, one after ` +
    'the other, does so and frees its blocks itself. The memory of the process is read after each step.',
  async observe(lab) {
    const relay = await producerAndConsumer(lab)
    const turns = await byTurns(lab)
    const peak = (moments: readonly Moment[]) => Math.max(...moments.map(({ held }) => held)) / LIVE
    const [relayed, turned] = [peak(relay), peak(turns)]
    lab.fact('live at most', LIVE, 'B')
    lab.fact('rounds', ROUNDS)
    lab.fact('producer and consumer: most held, over live', tenth(relayed), '×')
    lab.fact('producer and consumer: held after half of the rounds', relay[ROUNDS - 1]?.held ?? 0, 'B')
    lab.fact('producer and consumer: held at the end', relay.at(-1)?.held ?? 0, 'B')
    lab.fact('threads that took turns', THREADS)
    lab.fact('turns: most held, over live', tenth(turned), '×')
    lab.fact('turns: held at the end', turns.at(-1)?.held ?? 0, 'B')
    lab.fact('score', Math.round(100 / Math.sqrt(Math.max(1, relayed) * Math.max(1, turned))), 'of 100')
    lab.picture(picture('Memory between a producer and a consumer', 'steps: allocated, freed, …', relay))
    lab.picture(picture(`Memory while ${THREADS} threads take turns`, 'steps: allocated, freed, …', turns))
  },
  explain(facts) {
    return [relayText(facts), turnsText(facts)]
  },
  model(facts) {
    const relay = facts.number('producer and consumer: most held, over live')
    const turns = facts.number('turns: most held, over live')
    const growing = grows(facts) ? ', still growing' : ''
    return {
      blowup: `${relay} × between producer and consumer${growing}; ${turns} × where ${THREADS} threads take turns`,
    }
  },
})

/** One step each for what is allocated and what is freed. */
async function producerAndConsumer(lab: Lab): Promise<Moment[]> {
  const p = await lab.puppet({ threads: 2 })
  const meter = await FootprintMeter.begin(p.threads, 2 * BLOCKS)
  const moments: Moment[] = []
  for (let round = 0; round < ROUNDS; ++round) {
    const blocks = await produce(p.thread(0))
    moments.push({ live: LIVE, ...meter.now() })
    await consume(p.thread(1), blocks)
    moments.push({ live: 0, ...meter.now() })
  }
  await p.close()
  return moments
}

async function byTurns(lab: Lab): Promise<Moment[]> {
  const p = await lab.puppet({ threads: THREADS })
  const meter = await FootprintMeter.begin(p.threads, 2 * BLOCKS)
  const moments: Moment[] = []
  for (const thread of p.threads) {
    const blocks = await produce(thread)
    moments.push({ live: LIVE, ...meter.now() })
    await consume(thread, blocks)
    moments.push({ live: 0, ...meter.now() })
  }
  await p.close()
  return moments
}

async function produce(thread: PuppetThread): Promise<bigint[]> {
  const batch = thread.batch()
  const blocks = Array.from({ length: BLOCKS }, () => {
    const block = batch.malloc(SIZE)
    batch.touch(block, SIZE)
    return block
  })
  const result = await batch.run()
  return blocks.map((block) => result.value(block))
}

async function consume(thread: PuppetThread, blocks: readonly bigint[]): Promise<void> {
  const batch = thread.batch()
  for (const block of blocks) batch.free(block)
  await batch.run()
}

function picture(title: string, xTitle: string, moments: readonly Moment[]): LabPicture {
  const series = (['live', 'held', 'resident', 'mapped'] as const).map((name) => ({
    name,
    points: moments.map((moment, i): [number, number] => [i, moment[name]]),
  }))
  return { kind: 'lines', title, xTitle, xUnit: '', yTitle: 'memory', yUnit: 'B', steps: true, series }
}

function tenth(value: number): number {
  return Math.round(10 * value) / 10
}

function grows(facts: Facts): boolean {
  const [half, end] = ['after half of the rounds', 'at the end'].map((when) =>
    facts.number(`producer and consumer: held ${when}`),
  )
  return (end ?? 0) > 1.25 * (half ?? 0) && (end ?? 0) > facts.number('live at most')
}

function relayText(facts: Facts): string {
  const blowup = facts.number('producer and consumer: most held, over live')
  const rounds = facts.number('rounds')
  if (grows(facts)) {
    const reached = blowup >= 0.8 * rounds ? 'nothing' : 'only a part'
    return `Between a producer and a consumer memory went on growing with the rounds, to ${times(blowup)}: ${reached} of what the consumer freed was used again or given back, and no bound is in sight.`
  }
  const returned = facts.number('producer and consumer: held at the end') < facts.number('live at most') / 2
  const fate = returned ? 'what the consumer freed went back to the system' : 'what the consumer freed was used again'
  return blowup < SMALL
    ? `Between a producer and a consumer the heap held ${times(blowup)}: ${fate}.`
    : `Between a producer and a consumer the heap held up to ${times(blowup)}, and no more in later rounds than in earlier ones: it took a reserve, and then ${fate}.`
}

function turnsText(facts: Facts): string {
  const blowup = facts.number('turns: most held, over live')
  const threads = facts.number('threads that took turns')
  const kept = facts.number('turns: held at the end') / facts.number('live at most')
  if (blowup < SMALL) {
    const fate = kept < 0.5 ? 'what a thread freed went back to the system' : 'what a thread freed, the next one used'
    return `Where ${threads} threads took turns it held ${times(blowup)}: ${fate}.`
  }
  if (blowup >= 0.75 * threads) {
    return `Where ${threads} threads took turns it held up to ${times(blowup)}, as many times as there were threads: what a thread had freed was not used by the next ones, and did not go back to the system meanwhile.`
  }
  return `Where ${threads} threads took turns it held up to ${times(blowup)}, fewer times than there were threads: of what a thread had freed a part was not used by the next ones, nor given back meanwhile.`
}

/** Below, there is nothing to speak of. */
const SMALL = 1.3

function times(blowup: number): string {
  return blowup < SMALL
    ? 'about as much as was live'
    : `${blowup < 3 ? blowup : Math.round(blowup)} times what was live`
}
