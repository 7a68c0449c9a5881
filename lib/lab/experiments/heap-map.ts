/** `heap-map` (08e): every block by address, across threads and a fork, as a picture and in numbers. */

import type { LabMap } from '../../types.ts'
import type { Later } from '../batch.ts'
import { outcomeOf, PuppetDied, PuppetHung } from '../died.ts'
import { defineExperiment, type Facts, type Lab } from '../experiment.ts'
import { type Mapping, mappingOf, PAGE } from '../memory.ts'
import type { PuppetProcess } from '../process.ts'
import type { PuppetThread } from '../thread.ts'
import { hex, sizeText } from '../words.ts'

const THREADS = 4
const BY_THREAD = 96
const AFTER_FORK = 48
const sizes = [16, 48, 128, 400, 1000, 3000, 12_000, 150_000]
/** Two blocks of it and more fit into a page. */
const SMALL = 1000

/** A block of one of the two processes, live or not. */
interface Placed {
  address: bigint
  asked: number
  usable: number
  thread: string
  age: number
  live: boolean
  /** Who had this address before; null for nobody. */
  before: string | null
}

/** The blocks of one process by address: what is allocated takes the place of what was freed there. */
class Chart {
  readonly placed = new Map<bigint, Placed>()
  #age = 0

  /** Of a fork: it has what its parent has. */
  inherit(parent: Chart): this {
    for (const [address, block] of parent.placed) this.placed.set(address, { ...block })
    this.#age = parent.#age
    return this
  }

  async allocate(thread: PuppetThread, name: string, count: number): Promise<Placed[]> {
    const batch = thread.batch()
    const asked = Array.from({ length: count }, (_, i) => {
      const size = sizes[i % sizes.length] ?? 0
      const later: Later = batch.malloc(size)
      return { size, later, usable: batch.usableSize(later) }
    })
    const result = await batch.run()
    return asked.flatMap(({ size, later, usable }) => {
      const address = result.value(later)
      if (address === 0n) return []
      const before = this.placed.get(address)?.thread ?? null
      const block = { address, asked: size, usable: Number(result.value(usable)), thread: name, before }
      const placed = { ...block, age: this.#age++, live: true }
      this.placed.set(address, placed)
      return [placed]
    })
  }

  async free(thread: PuppetThread, blocks: readonly Placed[]): Promise<void> {
    const batch = thread.batch()
    for (const block of blocks) batch.free(block.address)
    await batch.run()
    for (const block of blocks) block.live = false
  }

  /** Live blocks by address. */
  get live(): Placed[] {
    return [...this.placed.values()].filter(({ live }) => live).sort((a, b) => (a.address < b.address ? -1 : 1))
  }
}

export default defineExperiment({
  name: 'heap-map',
  question: 'Where does every block lie, whose is it, and what becomes of it across threads and a fork?',
  did:
    `${THREADS} threads allocate ${BY_THREAD} blocks each of ${sizes[0]} bytes to ${sizeText(sizes.at(-1) ?? 0)}, one thread ` +
    "after the other; each frees a third of its own and a seventh of its neighbour's, and allocates half as many again. " +
    `Then thread 0 forks; parent and child allocate ${AFTER_FORK} blocks each, and the child frees blocks of a thread ` +
    'that it has not.',
  async observe(lab) {
    const p = await lab.puppet({ threads: THREADS, timeoutMs: 3000 })
    const parent = new Chart()
    for (const thread of p.threads) await parent.allocate(thread, thread.name, BY_THREAD)
    for (const [i, thread] of p.threads.entries()) {
      const theirs = `thread ${(i + 1) % THREADS}`
      const freed = parent.live.filter((each) =>
        each.thread === thread.name ? each.age % 3 === 0 : each.age % 7 === 1,
      )
      await parent.free(
        thread,
        freed.filter((each) => each.thread === thread.name || each.thread === theirs),
      )
    }
    const again: Placed[] = []
    for (const thread of p.threads) again.push(...(await parent.allocate(thread, thread.name, BY_THREAD / 2)))

    const before = p.mappings()
    const child = await p.fork(0)
    const heir = new Chart().inherit(parent)
    const inherited = heir.live
    const news = await heir.allocate(child.main, 'thread 0', AFTER_FORK)
    const own = await parent.allocate(p.thread(0), 'thread 0', AFTER_FORK)
    const orphans = inherited.filter(({ thread, age }) => thread === 'thread 1' && age % 2 === 0)
    lab.fact("child frees another thread's blocks", endOf(await outcomeOf(heir.free(child.main, orphans))))

    recordPlaces(lab, parent.live, p.mappings())
    lab.fact('blocks allocated after some were freed', again.length)
    const reused = again.filter((each) => each.before !== null)
    lab.fact('of these, at the address of a freed one', reused.length)
    lab.fact(
      "of these, at the address of another thread's",
      reused.filter((each) => each.before !== each.thread).length,
    )
    lab.fact('blocks that the child inherited', inherited.length)
    lab.fact('blocks that the child allocated', news.length)
    const same = new Set(own.map(({ address }) => address))
    lab.fact('of these, where the parent allocated as well', news.filter(({ address }) => same.has(address)).length)
    lab.fact(
      'of these, in memory that was mapped before the fork',
      news.filter(({ address }) => mappingOf(before, address)).length,
    )
    draw(lab, [
      { name: 'parent', process: p, chart: parent },
      { name: 'child', process: child, chart: heir },
    ])
  },
  explain: (facts) => [...aboutThreads(facts), ...aboutReuse(facts), ...aboutFork(facts)],
})

/** How the blocks lie in mappings and pages. */
function recordPlaces(lab: Lab, live: readonly Placed[], mappings: readonly Mapping[]): void {
  const byMapping = new Map<Mapping, Set<string>>()
  const byPage = new Map<bigint, Set<string>>()
  const add = <K>(sets: Map<K, Set<string>>, key: K, thread: string) =>
    sets.set(key, (sets.get(key) ?? new Set()).add(thread))
  for (const { address, usable, thread, asked } of live) {
    const mapping = mappingOf(mappings, address)
    if (mapping !== undefined) add(byMapping, mapping, thread)
    if (asked > SMALL) continue
    for (let page = address / PAGE; page <= (address + BigInt(usable) - 1n) / PAGE; ++page) add(byPage, page, thread)
  }
  const mixed = (sets: Map<unknown, Set<string>>) => [...sets.values()].filter(({ size }) => size > 1).length
  const [first, last] = [live[0], live.at(-1)]
  lab.fact('live blocks of the parent', live.length)
  lab.fact('their bytes', sum(live.map(({ usable }) => usable)), 'B')
  lab.fact('mappings that they lie in', byMapping.size)
  lab.fact('of these, with blocks of several threads', mixed(byMapping))
  lab.fact('bytes of these mappings', sum([...byMapping.keys()].map(({ start, end }) => Number(end - start))), 'B')
  lab.fact(
    'from the lowest block to the end of the highest',
    first === undefined || last === undefined ? 0 : Number(last.address - first.address) + last.usable,
    'B',
  )
  lab.fact('pages with small blocks', byPage.size)
  lab.fact('of these, with small blocks of several threads', mixed(byPage))
  const names = Array.from({ length: THREADS }, (_, i) => `thread ${i}`)
  lab.picture({
    ...{ kind: 'matrix', title: 'Pages on which two threads have small blocks', unit: 'pages' },
    ...{ rowTitle: 'thread', columnTitle: 'thread', rows: names, columns: names },
    values: names.map((a) => names.map((b) => [...byPage.values()].filter((set) => set.has(a) && set.has(b)).length)),
  })
}

function draw(lab: Lab, processes: readonly { name: string; process: PuppetProcess; chart: Chart }[]): void {
  const map: LabMap = { kind: 'map', title: 'Every block of parent and child', mappings: [], blocks: [] }
  for (const { name, process, chart } of processes) {
    const mappings = process.mappings()
    const used = new Set<Mapping>()
    for (const { address, usable, thread, age, live } of chart.placed.values()) {
      map.blocks.push({ address: hex(address), size: usable, process: name, thread, sizeClass: usable, age, live })
      const mapping = mappingOf(mappings, address)
      if (mapping !== undefined) used.add(mapping)
    }
    for (const { start, end, name: label } of mappings.filter((each) => used.has(each))) {
      map.mappings.push({ start: hex(start), end: hex(end), label: label || 'anonymous memory', process: name })
    }
  }
  lab.picture(map)
}

function sum(values: readonly number[]): number {
  return values.reduce((all, each) => all + each, 0)
}

function aboutThreads(facts: Facts): string[] {
  const mappings = facts.number('mappings that they lie in')
  const shared = facts.number('of these, with blocks of several threads')
  const pages = facts.number('pages with small blocks')
  const mixed = facts.number('of these, with small blocks of several threads')
  const sentences: string[] = []
  if (shared === 0) sentences.push('No mapping has blocks of more than one thread: each thread has memory of its own.')
  else if (mappings === 1) sentences.push('All blocks of all threads lie in one mapping.')
  else sentences.push('There are mappings with blocks of several threads.')
  sentences.push(
    mixed === 0
      ? 'On no page do small blocks of two threads lie side by side.'
      : `${mixed * 2 >= pages ? 'On most pages' : 'On some pages'} with small blocks, blocks of several threads lie side ` +
          'by side: two threads may write to one cache line.',
  )
  const density = facts.number('their bytes') / Math.max(1, facts.number('bytes of these mappings'))
  const part = density >= 0.5 ? 'more than half' : density >= 0.1 ? 'a tenth to a half' : 'less than a tenth'
  sentences.push(`Live blocks fill ${part} of the mappings that they lie in.`)
  return sentences
}

function aboutReuse(facts: Facts): string[] {
  const all = facts.number('blocks allocated after some were freed')
  const again = facts.number('of these, at the address of a freed one')
  const foreign = facts.number("of these, at the address of another thread's")
  if (again === 0) return [`Of ${all} blocks allocated after some were freed, none got a freed one's address.`]
  const part = again * 2 >= all ? 'most' : 'some'
  return [
    `Of ${all} blocks allocated after some were freed, ${part} got a freed one's address` +
      (foreign > 0
        ? "; addresses also went from one thread's block to another thread's."
        : ', always in the same thread.'),
  ]
}

function aboutFork(facts: Facts): string[] {
  const news = facts.number('blocks that the child allocated')
  const same = facts.number('of these, where the parent allocated as well')
  const old = facts.number('of these, in memory that was mapped before the fork')
  const sentences = [
    same === news
      ? 'After the fork, parent and child were given the same addresses, one after the other, each in its own copy.'
      : same > 0
        ? 'After the fork, parent and child were given some addresses alike and others not.'
        : 'After the fork, parent and child were given different addresses.',
  ]
  if (old === 0) sentences.push('The child allocates only in memory that it has mapped since.')
  else if (old < news) sentences.push('The child allocates in memory that it inherited, and in some mapped since.')
  else sentences.push('All that the child allocated lies in memory that was mapped before the fork.')
  const end = facts.text("child frees another thread's blocks")
  const inherited = facts.number('blocks that the child inherited')
  sentences.push(
    end === 'went by'
      ? `The child could free blocks of a thread that it has not; ${inherited} blocks of all threads were its own to free.`
      : `That the child frees blocks of a thread that it has not ended badly: ${end}.`,
  )
  return sentences
}

function endOf(outcome: unknown): string {
  if (outcome instanceof PuppetDied) return outcome.signal ?? 'the child ended'
  return outcome instanceof PuppetHung ? 'the child hung' : 'went by'
}
