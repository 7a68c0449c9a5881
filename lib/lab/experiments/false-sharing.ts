/**
 * `false-sharing`: whether the heap puts small blocks of different threads into one cache line, so that each waits for the
 * other's writes. By itself (active), and once blocks were handed from thread to thread and freed there (passive); the two
 * are told apart by Berger et al., "Hoard: A Scalable Memory Allocator for Multithreaded Applications" (ASPLOS 2000).
 *
 * The score is 100 less half the share of lines, in percent, that several threads have blocks in after taking turns, and
 * less half of that share after handing over. Both are counted from addresses, over all sizes; no time is in it.
 */

import { countLines, LINE, type LineCount } from '../cache-lines.ts'
import { defineExperiment, type Facts, type Lab } from '../experiment.ts'
import type { Puppet } from '../puppet.ts'

const THREADS = 4
const SIZES = [16, 32]
const BLOCKS = 64
const BLOCKS_IN_ALL = SIZES.length * THREADS * BLOCKS

const names = Array.from({ length: THREADS }, (_, i) => `thread ${i}`)

export default defineExperiment({
  name: 'false-sharing',
  question: 'Do blocks of different threads come to lie in one cache line?',
  did:
    `${THREADS} threads take turns in allocating a block each, ${BLOCKS} times, of ${SIZES.join(' and of ')} bytes; lines of ` +
    `${LINE} bytes that hold blocks of several threads are counted. Then, in a new process, thread 0 allocates as many ` +
    'blocks and hands them round; each thread frees what it got and allocates as many anew, and lines are counted again.',
  async observe(lab) {
    const [active, passive]: [LineCount[], LineCount[]] = [[], []]
    let regained = 0
    for (const size of SIZES) {
      const turns = await lab.puppet({ threads: THREADS })
      active.push(countLines(await byTurns(turns, size), size))
      await turns.close()
      const given = await lab.puppet({ threads: THREADS })
      const handed = await handedOver(given, size)
      passive.push(countLines(handed.anew, size))
      regained += handed.regained
      await given.close()
    }
    lab.fact('bytes of a line', Number(LINE), 'B')
    report(lab, 'by turns', active)
    report(lab, 'after handing over', passive)
    const foreign = active.reduce((sum, { foreignNeighbours }) => sum + foreignNeighbours, 0)
    lab.fact(
      'by turns: blocks whose lower neighbour is of another thread',
      Math.round((100 * foreign) / BLOCKS_IN_ALL),
      '%',
    )
    lab.fact('after handing over: blocks that a thread freed and got again', regained)
    lab.fact('after handing over: blocks freed', BLOCKS_IN_ALL)
    lab.fact('score', Math.round(100 - 50 * shareOf(active) - 50 * shareOf(passive)), 'of 100')
  },
  explain(facts) {
    return [activeText(facts), passiveText(facts)]
  },
  model(facts) {
    const [active, passive] = [ratio(facts, 'by turns'), ratio(facts, 'after handing over')]
    const text =
      active > 0 ? 'the heap causes it by itself' : passive > 0 ? 'only where threads hand blocks over' : 'not seen'
    return { 'false sharing': text }
  },
})

/** Gives the addresses by thread. */
async function byTurns(p: Puppet, size: number): Promise<bigint[][]> {
  const blocks: bigint[][] = names.map(() => [])
  for (let round = 0; round < BLOCKS; ++round) {
    for (const [i, thread] of p.threads.entries()) blocks[i]?.push(await thread.malloc(size))
  }
  return blocks
}

async function handedOver(p: Puppet, size: number): Promise<{ anew: bigint[][]; regained: number }> {
  const giving = p.thread(0).batch()
  const given = Array.from({ length: THREADS * BLOCKS }, () => giving.malloc(size))
  const addresses = (await giving.run()).values
  const anew: bigint[][] = []
  let regained = 0
  for (const [i, thread] of p.threads.entries()) {
    const batch = thread.batch()
    const mine = given.filter((_, at) => at % THREADS === i).map(({ command }) => addresses[command] ?? 0n)
    for (const address of mine) batch.free(address)
    const again = mine.map(() => batch.malloc(size))
    const result = await batch.run()
    const got = again.map((later) => result.value(later))
    anew.push(got)
    const freed = new Set(mine)
    regained += got.filter((address) => freed.has(address)).length
  }
  return { anew, regained }
}

function report(lab: Lab, how: string, counts: readonly LineCount[]): void {
  for (const [i, { lines, shared }] of counts.entries()) {
    lab.fact(`${how}, ${SIZES[i]} B: lines with blocks`, lines)
    lab.fact(`${how}, ${SIZES[i]} B: lines of several threads`, shared)
  }
  const values = names.map((_, a) =>
    names.map((_other, b) => counts.reduce((sum, { matrix }) => sum + (matrix[a]?.[b] ?? 0), 0)),
  )
  lab.picture({
    kind: 'matrix',
    title: `Cache lines in which both threads have blocks, ${how}`,
    rowTitle: 'thread',
    columnTitle: 'thread',
    rows: names,
    columns: names,
    values,
    unit: 'lines',
  })
}

function shareOf(counts: readonly LineCount[]): number {
  const lines = counts.reduce((sum, count) => sum + count.lines, 0)
  return lines === 0 ? 0 : counts.reduce((sum, { shared }) => sum + shared, 0) / lines
}

/** The share of lines that several threads have blocks in, over all sizes. */
function ratio(facts: Facts, how: string): number {
  const sum = (what: string) => SIZES.reduce((all, size) => all + facts.number(`${how}, ${size} B: ${what}`), 0)
  const lines = sum('lines with blocks')
  return lines === 0 ? 0 : sum('lines of several threads') / lines
}

function activeText(facts: Facts): string {
  const share = ratio(facts, 'by turns')
  const percent = `${Math.round(100 * share)} % of the lines`
  if (share === 0) {
    return 'Though the threads took turns, no line had blocks of two of them: the heap did not cause false sharing by itself.'
  }
  return facts.number('by turns: blocks whose lower neighbour is of another thread') >= 50
    ? `When the threads took turns, ${percent} had blocks of several threads: blocks asked for one after the other lie side by side, whoever asks, so the heap causes false sharing by itself (actively).`
    : `When the threads took turns, ${percent} had blocks of several threads: each thread has stretches of its own, and they meet within lines, so the heap causes some false sharing by itself (actively).`
}

function passiveText(facts: Facts): string {
  const share = ratio(facts, 'after handing over')
  const regained = facts.number('after handing over: blocks that a thread freed and got again')
  const freed = facts.number('after handing over: blocks freed')
  const back =
    regained === freed
      ? 'each thread got just those blocks again that it had freed'
      : regained > 0
        ? `threads got ${regained} of the ${freed} blocks again that they had freed themselves`
        : 'no thread got a block again that it had freed itself'
  const percent = `${Math.round(100 * share)} % of the lines of the new blocks belonged to several threads`
  if (share === 0) {
    return `After thread 0 had handed blocks round and they were freed, ${back}, and no line of the new blocks belonged to two threads: passive false sharing was not seen.`
  }
  if (regained === 0) return `After blocks were handed round and freed, ${back}; still, ${percent}.`
  return `After blocks were handed round and freed, ${back}, and ${percent}: lines that were divided once stay divided (passive false sharing).`
}
