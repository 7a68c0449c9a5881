/**
 * `arena-fork` (09c): an arena that was there before fork: in the heap's memory and in a private mapping, of which the
 * child gets copies, and in a shared one, of which it does not. What becomes of the offsets, and of two who write at once.
 */

import { byteRows } from '../byte-rows.ts'
import { outcomeOf } from '../died.ts'
import { defineExperiment, type Facts, type Lab } from '../experiment.ts'
import { ManualArena } from '../manual-arena.ts'
import { PAGE } from '../memory.ts'
import type { PuppetProcess } from '../process.ts'
import type { Puppet } from '../puppet.ts'
import type { PuppetThread } from '../thread.ts'

const CAPACITY = 64 << 10
const SIZE = 64
/** Who allocates in which order. */
const TURNS = ['child', 'parent', 'child', 'parent', 'child', 'child', 'child'] as const
type Who = (typeof TURNS)[number]
/** Pages of the arena that were written before fork, and those of them that the child writes afterwards. */
const FILLED_PAGES = 10
const PAGES_OF_CHILD = 3
/** By each of two processes; in a shared arena twice as many in each round, until they have met. */
const ADDITIONS = 2_000_000
const ROUNDS = 6
const SOURCES = ['malloc', 'mmap', 'shared'] as const
type Source = (typeof SOURCES)[number]
const titles: Record<Source, string> = {
  malloc: 'arena from malloc',
  mmap: 'arena in a private mapping',
  shared: 'arena in a shared mapping',
}

/** One arena and those who use it. */
interface Pair {
  arena: ManualArena
  title: string
  parent: PuppetThread
  child: PuppetThread
  /** Pages filled before fork. */
  pages: bigint[]
}

export default defineExperiment({
  name: 'arena-fork',
  question: 'An arena made before fork: whose is it afterwards, where do the offsets go, and what if two write?',
  did:
    'Three arenas are made, in memory from malloc, in a private and in a shared mapping, and partly filled; then the ' +
    'process forks. The child writes into inherited pages, the two halves of an allocation are interleaved between the two, ' +
    'both allocate by turns, both add to the offset at full speed, and the child gives the memory back.',
  async observe(lab) {
    const p = await lab.puppet()
    const made: { source: Source; arena: ManualArena; pages: bigint[] }[] = []
    for (const source of SOURCES) made.push({ source, ...(await prepared(p.thread(0), source)) })
    const child = await p.fork(0)
    const series: { name: string; points: [number, number][] }[] = []
    for (const { source, arena, pages } of made) {
      const pair = { arena, title: titles[source], parent: p.thread(0), child: child.main, pages }
      await inheriting(lab, pair)
      await copying(lab, pair, p, child)
      await interleaving(lab, pair)
      series.push(...(await takingTurns(lab, pair)))
      await atFullSpeed(lab, pair, p, source === 'shared')
      await givingBack(lab, pair)
    }
    lab.picture({
      kind: 'lines',
      title: 'Offsets of parent and child, allocation by allocation',
      ...{ xTitle: 'allocations of both', xUnit: '', yTitle: 'offset', yUnit: 'B', steps: true },
      series,
    })
  },
  explain,
})

async function prepared(thread: PuppetThread, source: Source): Promise<{ arena: ManualArena; pages: bigint[] }> {
  const arena = await ManualArena.make(thread, CAPACITY, { source })
  const pages: bigint[] = []
  for (let page = 0; page < FILLED_PAGES; ++page) {
    const block = await arena.allocate(thread, Number(PAGE), Number(PAGE))
    await thread.fill(block, 0x41, PAGE)
    pages.push(block)
  }
  return { arena, pages }
}

/** The child finds what the parent had, whether as a copy or as the thing itself. */
async function inheriting(lab: Lab, { arena, title, parent, child, pages }: Pair): Promise<void> {
  const [ofParent, ofChild] = [await arena.dump(parent), await arena.dump(child)]
  lab.fact(`${title}: blocks before fork`, pages.length)
  lab.fact(`${title}: child has the offset`, ofParent.offset === ofChild.offset)
  lab.fact(`${title}: child has the bytes`, ofParent.bytes.equals(ofChild.bytes))
}

/** The child writes into some pages: how many it gets for itself by that, and what the parent sees of it. */
async function copying(lab: Lab, pair: Pair, p: Puppet, child: PuppetProcess): Promise<void> {
  const { title, parent, pages } = pair
  const own = (process: PuppetProcess) =>
    pages.filter((page) => process.pages(page, page + PAGE)[0]?.exclusive === true).length
  // Reading them brings the pages of a shared mapping into the child as well.
  await pair.arena.dump(pair.child)
  lab.fact(`${title}: pages that only the child has, before it writes`, own(child), 'pages')
  for (const page of pages.slice(0, PAGES_OF_CHILD)) await pair.child.write(page, 'child')
  lab.fact(`${title}: pages that the child wrote`, PAGES_OF_CHILD, 'pages')
  lab.fact(`${title}: pages that only the child has, afterwards`, own(child), 'pages')
  lab.fact(`${title}: pages that only the parent has, afterwards`, own(p), 'pages')
  const [first = 0n] = pages
  lab.fact(`${title}: parent sees what the child wrote`, (await parent.compare(first, 'child')) === null)
}

/** Both allocate by turns. Gives the two offsets after each turn. */
async function takingTurns(lab: Lab, pair: Pair): Promise<{ name: string; points: [number, number][] }[]> {
  const { arena, title } = pair
  const threads: Record<Who, PuppetThread> = { parent: pair.parent, child: pair.child }
  const got: Record<Who, bigint[]> = { parent: [], child: [] }
  const points: Record<Who, [number, number][]> = { parent: [], child: [] }
  const note = async (turn: number) => {
    for (const who of ['parent', 'child'] as const) points[who].push([turn, (await arena.look(threads[who])).offset])
  }
  await note(0)
  for (const [turn, who] of TURNS.entries()) {
    got[who].push(await arena.allocate(threads[who], SIZE))
    await note(turn + 1)
  }
  const grown = (who: Who) => (points[who].at(-1)?.[1] ?? 0) - (points[who][0]?.[1] ?? 0)
  for (const who of ['parent', 'child'] as const) {
    lab.fact(`${title}: blocks that the ${who} asked for`, got[who].length)
    lab.fact(`${title}: offset of the ${who} grew by`, grown(who), 'B')
  }
  lab.fact(`${title}: addresses that both got`, got.child.filter((address) => got.parent.includes(address)).length)
  return (['parent', 'child'] as const).map((who) => ({ name: `${title}: ${who}`, points: points[who] }))
}

/** Both read the offset before either stores it, and then both write: the child first. */
async function interleaving(lab: Lab, { arena, title, parent, child, pages }: Pair): Promise<void> {
  const ofParent = await arena.look(parent)
  const ofChild = await arena.look(child)
  const [toChild, toParent] = [await arena.take(child, ofChild, SIZE), await arena.take(parent, ofParent, SIZE)]
  await child.fill(toChild, 0x43, SIZE)
  const before = await child.read(toChild, SIZE)
  await parent.fill(toParent, 0x50, SIZE)
  await parent.fill(pages.at(-1) ?? 0n, 0x50, SIZE)
  const after = await child.read(toChild, SIZE)
  lab.fact(`${title}: interleaved, both got the same address`, toChild === toParent)
  lab.fact(`${title}: interleaved, the child's bytes are gone`, !after.equals(before))
  lab.picture({
    kind: 'bytes',
    title: `The child's block in the ${title}, before and after the parent wrote into its own`,
    rows: byteRows(toChild, before, after, [{ from: 0, to: SIZE, label: "the child's block" }]),
  })
}

async function atFullSpeed(lab: Lab, pair: Pair, p: Puppet, shared: boolean): Promise<void> {
  const { title } = pair
  let each = ADDITIONS
  let lost = 0
  for (let round = 0; round < (shared ? ROUNDS : 1) && lost === 0; ++round) {
    each = ADDITIONS * 2 ** round
    lost = await additionsLost(pair, p, { how: 'increment', each, shared })
  }
  lab.fact(`${title}: additions at full speed`, 2 * each)
  lab.fact(`${title}: lost of these, by load and store`, lost)
  lab.fact(
    `${title}: lost of ${2 * ADDITIONS}, atomically`,
    await additionsLost(pair, p, { how: 'atomicAdd', each: ADDITIONS, shared }),
  )
}

/** How many additions to the offset are in none of the offsets that they should be in. */
async function additionsLost(
  { arena, parent, child }: Pair,
  p: Puppet,
  { how, each, shared }: { how: 'increment' | 'atomicAdd'; each: number; shared: boolean },
): Promise<number> {
  const offsets = async () => (await arena.look(parent)).offset + (await arena.look(child)).offset
  const before = await offsets()
  const batches = [parent, child].map((thread) => {
    const batch = thread.batch()
    batch[how](arena.base, each)
    return batch
  })
  await p.together(batches)
  // A shared offset is seen, and counted here, twice.
  const seen = (await offsets()) - before
  return 2 * each - (shared ? seen / 2 : seen)
}

/** The child gives the memory back; the parent looks whether it still has its own. */
async function givingBack(lab: Lab, { arena, title, parent, child, pages }: Pair): Promise<void> {
  const last = pages.at(-1) ?? 0n
  const outcome = await outcomeOf(arena.close(child).then(() => child.malloc(CAPACITY)))
  lab.fact(`${title}: child gave it back and allocates`, typeof outcome === 'bigint' && outcome !== 0n)
  lab.fact(`${title}: parent still has it`, (await parent.verify(last, 0x50, SIZE)) === null)
  const closing = await outcomeOf(arena.close(parent).then(() => true))
  lab.fact(`${title}: parent gave it back as well`, closing === true)
}

/** What is to be said of each arena; of those of which it is the same, at once. */
function explain(facts: Facts): string[] {
  const groups = new Map<string, string[]>()
  for (const source of SOURCES) {
    const sentences = explainArena(facts, titles[source]).join(' ')
    groups.set(sentences, [...(groups.get(sentences) ?? []), titles[source]])
  }
  return [...groups].map(([sentences, [first = '', ...others]]) => {
    const subject = [first, ...others.map((title) => title.replace(/^arena /, ''))].join(' or ')
    return `An ${subject} ${sentences}`
  })
}

function explainArena(facts: Facts, title: string): string[] {
  const yes = (name: string) => facts.yes(`${title}: ${name}`)
  const number = (name: string) => facts.number(`${title}: ${name}`)
  if (!yes('child has the offset') || !yes('child has the bytes'))
    return ['did not come to the child as the parent had it.']
  return [
    yes('parent sees what the child wrote')
      ? `is one for both: the parent sees what the child writes. ${explainPages(number)}`
      : `is each one's own after fork: the parent sees nothing of what the child writes. ${explainPages(number)}`,
    explainInterleaved(yes),
    explainOffsets(number),
    explainSpeed(facts, title),
    explainEnd(yes),
  ]
}

function explainPages(number: (name: string) => number): string {
  const before = number('pages that only the child has, before it writes')
  const after = number('pages that only the child has, afterwards')
  const written = number('pages that the child wrote')
  if (before === 0 && after === 0) return "No page of it was the child's own, neither before it wrote nor afterwards."
  if (before === 0 && after === written)
    return (
      `It is copied page by page when it is written to: of ${number('blocks before fork')} filled pages the child ` +
      `had none for itself, and when it had written to ${written} it had these.`
    )
  return (
    `Of ${number('blocks before fork')} filled pages the child had ${before} for itself, and when it had written to ` +
    `${written} it had ${after}.`
  )
}

function explainInterleaved(yes: (name: string) => boolean): string {
  const both = 'When both read the offset before either stored it, '
  const gone = yes("interleaved, the child's bytes are gone")
  if (yes('interleaved, both got the same address'))
    return gone
      ? `${both}they got the same block, and the second writer overwrote the first.`
      : `${both}they got the same address, which is no harm, as it is not the same memory.`
  return gone ? `${both}they got different blocks, and the bytes of one were lost.` : `${both}each got its own block.`
}

function explainOffsets(number: (name: string) => number): string {
  const [ofParent, ofChild] = [number('offset of the parent grew by'), number('offset of the child grew by')]
  const both = number('addresses that both got')
  return ofParent === ofChild
    ? `There is one offset: what either allocates moves it for both, by ${ofParent} bytes here.`
    : `The offsets diverge, here by ${ofParent} bytes in the parent and ${ofChild} in the child, and ${both} addresses ` +
        'were given out in both.'
}

function explainSpeed(facts: Facts, title: string): string {
  const lost = facts.number(`${title}: lost of these, by load and store`)
  const atomically = facts.number(`${title}: lost of ${2 * ADDITIONS}, atomically`)
  const how = lost === 0 ? 'no addition to the offset was lost' : 'additions to the offset were lost'
  return atomically === 0
    ? `At full speed ${how} by loads and stores, and none by atomic additions.`
    : `At full speed ${how} by loads and stores, and ${atomically} by atomic additions.`
}

function explainEnd(yes: (name: string) => boolean): string {
  if (!yes('child gave it back and allocates')) return 'The child could not give it back and go on.'
  if (!yes('parent still has it')) return 'When the child gave it back, the parent lost what it had in it.'
  return yes('parent gave it back as well')
    ? 'The child gave it back without harm to the parent, which then did the same.'
    : 'The child gave it back without harm to the parent, which then could not.'
}
