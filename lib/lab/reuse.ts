/**
 * Whether freed addresses are used again, and by whom: by the thread that freed them, by the one that had allocated
 * them, or by another. Part of `layout-map`.
 */

import type { Facts, Lab } from './experiment.ts'
import { countMet } from './spacing.ts'
import type { PuppetThread } from './thread.ts'
import { sizeText } from './words.ts'

/** Who frees what thread A has allocated, and who allocates then. */
const cases = [
  { name: 'freed by its thread, used again by that thread', freer: 'a', next: 'a' },
  { name: 'freed by its thread, used again by another', freer: 'a', next: 'b' },
  { name: 'freed by another thread, used again by the first', freer: 'b', next: 'a' },
  { name: 'freed by another thread, used again by that one', freer: 'b', next: 'b' },
] as const

/** How many are freed of a size, and among how many next ones their addresses are looked for. */
const sizes = [
  { size: 64, freed: 64, next: 2048 },
  { size: 4096, freed: 16, next: 256 },
  { size: 1024 * 1024, freed: 4, next: 16 },
] as const
const [small, , large] = sizes

async function allocate(thread: PuppetThread, size: number, count: number): Promise<bigint[]> {
  const batch = thread.batch()
  const blocks = Array.from({ length: count }, () => batch.malloc(size))
  const result = await batch.run()
  return blocks.map((block) => result.value(block))
}

async function free(thread: PuppetThread, blocks: readonly bigint[]): Promise<void> {
  const batch = thread.batch()
  for (const block of blocks) batch.free(block)
  await batch.run()
}

/**
 * One case and size, in a process of its own: what is freed changes how some heaps treat all that follow.
 */
async function askCase(lab: Lab, each: (typeof sizes)[number], of: (typeof cases)[number]): Promise<void> {
  const p = await lab.puppet({ threads: 2 })
  const threads = { a: p.thread(0), b: p.thread(1) }
  // Both have a stock or a region, if the heap has such things.
  for (const thread of p.threads) await thread.malloc(each.size)
  const blocks = await allocate(threads.a, each.size, each.freed)
  await free(threads[of.freer], blocks)
  const next = await allocate(threads[of.next], each.size, each.next)
  // By their bytes: a heap may well begin a block elsewhere in the memory of another. Null is no memory.
  const placed = (addresses: readonly bigint[]) =>
    addresses.filter((address) => address !== 0n).map((address) => ({ address, size: each.size }))
  if (of === cases[0] && placed(blocks).length === 0) lab.fact(noMemory(each.size), true)
  lab.fact(`${sizeText(each.size)}, ${of.name}`, countMet(placed(blocks), placed(next)), `of ${each.freed}`)
  if (of === cases[0])
    lab.fact(`${sizeText(each.size)}, last freed is first used again`, next[0] !== 0n && next[0] === blocks.at(-1))
  await p.close()
}

const noMemory = (size: number) => `${sizeText(size)}: every allocation gives null`

/** Asks all cases. */
export async function askReuse(lab: Lab): Promise<void> {
  for (const each of sizes) for (const of of cases) await askCase(lab, each, of)
}

/** What the facts of `askReuse` say. */
export function explainReuse(facts: Facts): string[] {
  return [small, large].flatMap((each) => explainSize(facts, each))
}

function explainSize(facts: Facts, each: (typeof sizes)[number]): string[] {
  const [own = 0, other = 0, first = 0, remote = 0] = cases.map(({ name }) =>
    facts.number(`${sizeText(each.size)}, ${name}`),
  )
  if (facts.get(noMemory(each.size)) === true) return [`It has no memory for a block of ${sizeText(each.size)}.`]
  const what = `Of ${each.freed} freed blocks of ${sizeText(each.size)}`
  const among = `in its next ${each.next} allocations`
  const counts = [own, other, first, remote]
  const left = facts.get(`${sizeText(each.size)}: memory leaves when a block is freed`) === true
  if (counts.every((count) => count === 0)) {
    return [`${what} no thread gets the memory of any ${among}${left ? ', as it had left the process' : ''}.`]
  }
  if (counts.every((count) => count === each.freed)) {
    const why = left
      ? '; it had left the process in between, so these are addresses that the system has given once more'
      : ', whoever had them and whoever freed them'
    return [`${what} any thread gets the memory of all ${among}${why}.`]
  }
  const word = (count: number) => (count === 0 ? 'none' : count === each.freed ? 'all' : String(count))
  const sentences = [
    `${what} a thread that frees its own gets the memory of ${word(own)} ${among}, and another thread of ${word(other)}; ` +
      `where another thread frees them, it gets that of ${word(remote)}, and the thread that had them of ${word(first)}.`,
  ]
  if (other === 0 && remote === 0 && own > 0 && first > 0) {
    sentences.push('Memory stays with the thread that first had it, whoever frees.')
  } else if (other === 0 && first === 0 && own > 0 && remote > 0) {
    sentences.push('Memory goes to the thread that frees it.')
  }
  if (facts.yes(`${sizeText(each.size)}, last freed is first used again`)) {
    sentences.push('The block freed last is the first to be used again.')
  }
  return sentences
}
