/**
 * Which sizes are mappings: measured by how much memory of a process can be written to before and after an allocation,
 * and after a free. Part of `layout-map`.
 */

import type { Facts, Lab } from './experiment.ts'
import type { Puppet } from './puppet.ts'
import { sizeText } from './words.ts'

/** Blocks of a size until it counts: one may cost a stretch that others are cut from as well. */
const PROBES = 4

interface Range {
  start: bigint
  end: bigint
}

/** Memory of no file that a process can write to. */
function writable(p: Puppet): Range[] {
  return p.mappings().filter(({ permissions, name }) => permissions.startsWith('rw') && !name.startsWith('/'))
}

/** What of the later ranges is in none of the earlier ones; both by address. */
export function newRanges(before: readonly Range[], after: readonly Range[]): Range[] {
  return after.flatMap(({ start, end }) => {
    const parts: Range[] = []
    let from = start
    for (const old of before) {
      if (old.end <= from || old.start >= end) continue
      if (old.start > from) parts.push({ start: from, end: old.start })
      from = old.end
    }
    if (from < end) parts.push({ start: from, end })
    return parts
  })
}

/**
 * Whether a block lies in new memory altogether, and takes most of it. A stretch that grew for a block at its end has
 * that block begin before the new memory, and one that others are to be cut from as well is larger.
 */
function bringsItsOwn(size: number, address: bigint, grown: readonly Range[]): boolean {
  const around = grown.find(({ start, end }) => start <= address && address + BigInt(size) <= end)
  return around !== undefined && Number(around.end - around.start) <= size * 1.25 + 64 * 1024
}

/** Blocks of a size that are kept, and whether each of them brought its memory with it. */
async function probe(p: Puppet, size: number): Promise<{ blocks: bigint[]; isMapped: boolean }> {
  const blocks: bigint[] = []
  let isMapped = true
  for (let i = 0; i < PROBES && isMapped; ++i) {
    const before = writable(p)
    const address = await p.thread(0).malloc(size)
    blocks.push(address)
    isMapped = bringsItsOwn(size, address, newRanges(before, writable(p)))
  }
  return { blocks, isMapped }
}

/** The smallest size that is mapped, where `above` is one and `below` is none. Frees nothing: that might move it. */
async function leastMapped(p: Puppet, below: number, above: number): Promise<number> {
  let [low, high] = [below, above]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if ((await probe(p, middle)).isMapped) high = middle
    else low = middle
  }
  return high
}

/** Whether each of them, when it is freed, is memory of the process no more; where there are none, nothing was given. */
async function areGivenBack(p: Puppet, size: number, asked: readonly bigint[]): Promise<boolean> {
  const blocks = asked.filter((block) => block !== 0n)
  let isGivenBack = blocks.length > 0
  for (const block of blocks) {
    await p.thread(0).free(block)
    const end = block + BigInt(size)
    isGivenBack &&= !writable(p).some((range) => range.start < end && block < range.end)
  }
  return isGivenBack
}

/** Asks it of sizes in ascending order. */
export async function askMapped(lab: Lab, sizes: readonly number[]): Promise<void> {
  const p = await lab.puppet({ threads: 1 })
  const probes: { size: number; blocks: bigint[]; isMapped: boolean }[] = []
  for (const size of sizes) {
    const found = { size, ...(await probe(p, size)) }
    probes.push(found)
    lab.fact(`${sizeText(size)}: every block brings memory of its own`, found.isMapped)
  }
  // The first from which on all of them are.
  const first = probes.findLastIndex(({ isMapped }) => !isMapped) + 1
  const smallest = probes[first]
  const least = smallest === undefined ? null : await leastMapped(p, probes[first - 1]?.size ?? 0, smallest.size)
  let gone = 0
  for (const [i, { size, blocks }] of probes.entries()) {
    const isGone = await areGivenBack(p, size, blocks)
    lab.fact(`${sizeText(size)}: memory leaves when a block is freed`, isGone)
    if (i >= first && isGone) ++gone
  }
  lab.fact('largest size asked for', sizes.at(-1) ?? 0, 'B')
  lab.fact('smallest size from which every block brings its own memory', least, 'B')
  lab.fact('sizes that bring their own memory', probes.length - first)
  lab.fact('of these, sizes whose memory leaves when a block is freed', gone)
  if (least !== null) {
    lab.fact('smallest size still brings its own memory after that', (await probe(p, least)).isMapped)
  }
  await p.close()
}

/** What the facts of `askMapped` say. */
export function explainMapped(facts: Facts): string[] {
  const mapped = facts.number('sizes that bring their own memory')
  const largest = sizeText(facts.number('largest size asked for'))
  if (mapped === 0) {
    return [
      `For no size up to ${largest} does every block bring memory of its own: it lies in memory that the process had ` +
        'before, or what came with it is more than it needs.',
    ]
  }
  const least = `${facts.number('smallest size from which every block brings its own memory')} B`
  const gone = facts.number('of these, sizes whose memory leaves when a block is freed')
  const still = facts.yes('smallest size still brings its own memory after that')
  if (gone < mapped) {
    return [
      `From ${least} on every block brings memory of its own into the process; ` +
        (gone === 0 ? 'freeing such a block leaves it there' : `freeing takes it out for ${gone} of ${mapped} sizes`) +
        (still ? '.' : ', for the next block that asks.'),
    ]
  }
  return [
    `From ${least} on every block is a mapping of its own, which leaves the process when the block is freed.`,
    still
      ? 'Blocks of that size are mappings after some were freed as well: the limit stays.'
      : 'After some were freed, blocks of that size are mappings no more: the heap has raised its limit.',
  ]
}
