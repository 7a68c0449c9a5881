/**
 * One write where it should not go, and what comes of it: which memory changes, and who notices, when. Each trial has a
 * process of its own, in which two threads have blocks; `corruption-chain` makes several of them.
 */

import { outcomeOf, PuppetDied, PuppetHung } from './died.ts'
import type { Lab } from './experiment.ts'
import { mappingOf } from './memory.ts'
import type { Puppet } from './puppet.ts'
import { meet } from './spacing.ts'
import type { PuppetThread } from './thread.ts'

/** What is written: neither text, nor zero, nor what stands in any block. */
export const DAMAGE = 0xa5
const PER_THREAD = 8
/** How long a call may take under a heap that runs in circles. */
const TIMEOUT_MS = 2000
/** Sizes that are asked for afterwards, by the block's own: such as a spoilt size could be taken for as well. */
const AFTERWARDS = [1, 2, 2.5, 3, 4] as const
/** How many of the block's own size: so many that heaps come back to what was freed that first use up what is fresh. */
const MANY = 1500
/** Blocks of this size are not made in such numbers. */
const LARGE = 65536

/** A block with its content. */
export interface Held {
  address: bigint
  /** What it can hold, by malloc_usable_size. */
  size: number
  thread: number
  content: number
}

/** A write that should not be. */
export interface Trial {
  name: string
  /** As asked for. */
  size: number
  /** Whether the block is freed first. */
  freed?: boolean
  /** Where it is written to, given the block and the one behind it. */
  write(block: Held, behind: Held | undefined): { from: bigint; bytes: number }
}

/** When something was noticed, in the order in which it could have been. */
export const stages = [
  'at once',
  'when the block is freed',
  'when the block behind it is freed',
  'when memory is allocated again',
  'when the rest is freed',
  'at exit',
] as const
export type Stage = (typeof stages)[number]

/** Bytes before and after the write. */
export interface Window {
  start: bigint
  before: (Buffer | null)[]
  after: (Buffer | null)[]
}
/** How many bytes are read at a time, as some may not be readable. */
export const PIECE = 16

/** What came of a trial. */
export interface Outcome {
  blocks: Held[]
  block: Held
  window: Window
  /** Bytes that changed, by whose they are. */
  changed: { ownBlock: number; ownOthers: number; others: number; noBlock: number; noBlockNotZero: number }
  /** Other live blocks whose content changed, by the write. */
  damaged: { own: number; others: number }
  noticed: { stage: Stage; thread: string | null; how: string } | null
  /** What the heap wrote, null for nothing. */
  said: string | null
  /** Of blocks that were allocated afterwards. */
  givenTwice: number
  noMemory: number
  /** Live blocks that changed afterwards, though nobody wrote to them. */
  changedLater: number
}

/** Does it. */
export async function tryDamage(lab: Lab, trial: Trial): Promise<Outcome> {
  const p = await lab.puppet({ threads: 2, timeoutMs: TIMEOUT_MS })
  const blocks = await arrange(p, trial.size)
  const { block, behind } = choose(blocks)
  const gone = trial.freed ? [await freeBefore(p, blocks, [block, behind]), block] : []
  if (trial.freed) await p.thread(0).free(block.address)
  const { from, bytes } = trial.write(block, behind)
  const range = { address: from, size: bytes }
  const live = blocks.filter((each) => !gone.includes(each))
  const start = (from < block.address ? from : block.address + BigInt(block.size)) - 64n
  const length = Number(from - start) + bytes + 64
  const before = await readPieces(p, start, length)
  const outcome = emptyOutcome(blocks, block, { start, before, after: before })
  const chain = new Chain(p, outcome)
  await chain.step('at once', () => p.thread(0).fill(from, DAMAGE, bytes))
  if (outcome.noticed === null) {
    outcome.window.after = await readPieces(p, start, length)
    countChanges(outcome)
    const hurt = await changedOf(p, live)
    outcome.damaged.own = hurt.filter((each) => each.thread === 0 && each !== block).length
    outcome.damaged.others = hurt.filter((each) => each.thread !== 0).length
    const untouched = live.filter((each) => !meet(each, range))
    await goOn(chain, { trial, block, behind, live, untouched })
  }
  const said = (outcome.noticed === null ? p.output : chain.words).trim().split('\n').at(-1) ?? ''
  outcome.said = said === '' ? null : said
  await p.close()
  return outcome
}

/** Two threads take turns, so that their blocks are neighbours if the heap makes any. Every block has its own content. */
async function arrange(p: Puppet, size: number): Promise<Held[]> {
  const blocks: Held[] = []
  const count = size > LARGE ? 2 : PER_THREAD
  for (let i = 0; i < count; ++i) {
    for (const [thread, each] of p.threads.entries()) {
      const address = await each.malloc(size)
      const usable = Math.max(await each.usableSize(address), size)
      const content = 16 * (thread + 1) + i
      await each.fill(address, content, usable)
      blocks.push({ address, size: usable, thread, content })
    }
  }
  return blocks
}

/** Frees another block of the thread, so that what is freed next has something to be linked to. */
async function freeBefore(p: Puppet, blocks: readonly Held[], but: readonly (Held | undefined)[]): Promise<Held> {
  const other = blocks.findLast((each) => each.thread === 0 && !but.includes(each)) as Held
  await p.thread(0).free(other.address)
  return other
}

/** A block of thread 0 and the one behind it: the pair that is nearest, with one in front that is near if there is any. */
function choose(blocks: readonly Held[]): { block: Held; behind: Held | undefined } {
  const sorted = [...blocks].sort((a, b) => (a.address < b.address ? -1 : 1))
  const between = (one: Held | undefined, next: Held | undefined) =>
    one === undefined || next === undefined ? Number.MAX_SAFE_INTEGER : Number(next.address - one.address) - one.size
  const pairs = sorted.flatMap((block, i) => {
    const behind = sorted[i + 1]
    if (block.thread !== 0 || behind === undefined) return []
    return [{ block, behind, distance: between(block, behind), inFront: between(sorted[i - 1], block) }]
  })
  pairs.sort((a, b) => a.distance - b.distance || a.inFront - b.inFront)
  const found = pairs[0]
  return found ?? { block: sorted.find(({ thread }) => thread === 0) as Held, behind: undefined }
}

function emptyOutcome(blocks: Held[], block: Held, window: Window): Outcome {
  return {
    ...{ blocks, block, window, noticed: null, said: null, givenTwice: 0, noMemory: 0, changedLater: 0 },
    changed: { ownBlock: 0, ownOthers: 0, others: 0, noBlock: 0, noBlockNotZero: 0 },
    damaged: { own: 0, others: 0 },
  }
}

async function readPieces(p: Puppet, start: bigint, length: number): Promise<(Buffer | null)[]> {
  const batch = p.main.batch()
  const pieces = Array.from({ length: Math.ceil(length / PIECE) }, (_, i) =>
    batch.read(start + BigInt(i * PIECE), PIECE),
  )
  const result = await batch.run()
  return pieces.map((piece) => (result.error(piece) === null ? result.data(piece) : null))
}

/** The block that a byte belongs to. */
export function ownerOf(blocks: readonly Held[], address: bigint): Held | undefined {
  return blocks.find((each) => each.address <= address && address < each.address + BigInt(each.size))
}

function countChanges({ window, blocks, block, changed }: Outcome): void {
  for (const [i, before] of window.before.entries()) {
    const after = window.after[i]
    if (before === null || after === null || after === undefined) continue
    for (let at = 0; at < PIECE; ++at) {
      if (before[at] === after[at]) continue
      const owner = ownerOf(blocks, window.start + BigInt(i * PIECE + at))
      if (owner === block) ++changed.ownBlock
      else if (owner !== undefined) changed[owner.thread === 0 ? 'ownOthers' : 'others'] += 1
      else {
        ++changed.noBlock
        if (before[at] !== 0) ++changed.noBlockNotZero
      }
    }
  }
}

/** Those whose content is not what was written into them. */
async function changedOf(p: Puppet, blocks: readonly Held[]): Promise<Held[]> {
  const batch = p.main.batch()
  const checks = blocks.map((each) => batch.verify(each.address, each.content, each.size))
  const result = await batch.run()
  return blocks.filter((_, i) => {
    const check = checks[i]
    return check !== undefined && result.difference(check) !== null
  })
}

/** Steps until one ends the process. */
class Chain {
  readonly p: Puppet
  readonly outcome: Outcome
  /** What a process wrote that has died. */
  words = ''

  constructor(p: Puppet, outcome: Outcome) {
    this.p = p
    this.outcome = outcome
  }

  /** False where it ended with this step, or has ended before. */
  async step(stage: Stage, work: () => Promise<unknown>): Promise<boolean> {
    if (this.outcome.noticed !== null) return false
    const came = await outcomeOf(work())
    if (came instanceof PuppetHung) {
      this.outcome.noticed = { stage, thread: came.thread, how: 'hang' }
    } else if (came instanceof PuppetDied) {
      this.words = came.output
      this.outcome.noticed = { stage, thread: came.thread, how: came.signal ?? `status ${came.exitCode}` }
    }
    return this.outcome.noticed === null
  }
}

interface After {
  trial: Trial
  block: Held
  behind: Held | undefined
  live: readonly Held[]
  /** Those that the write did not reach. */
  untouched: readonly Held[]
}

/** What any program does next: free, allocate, free all, end. */
async function goOn(chain: Chain, { trial, block, behind, live, untouched }: After): Promise<void> {
  const { p, outcome } = chain
  const free = ({ address, thread }: Held) => p.thread(thread).free(address, { unchecked: true })
  if (!trial.freed) await chain.step('when the block is freed', () => free(block))
  if (behind !== undefined) await chain.step('when the block behind it is freed', () => free(behind))
  const gone = [block, behind]
  const kept = live.filter((each) => !gone.includes(each))
  const added: Held[] = []
  await chain.step('when memory is allocated again', async () => {
    for (const [thread, each] of p.threads.entries()) added.push(...(await allocateAgain(each, thread, trial.size)))
    const mappings = p.mappings()
    const isMemory = ({ address }: Held) => mappingOf(mappings, address)?.permissions.startsWith('rw') === true
    outcome.noMemory = added.filter((each) => !isMemory(each)).length
    outcome.givenTwice = overlaps([...kept, ...added])
    for (const [thread, each] of p.threads.entries()) {
      const batch = each.batch()
      for (const block of added.filter((one) => one.thread === thread && isMemory(one))) {
        batch.fill(block.address, block.content, block.size)
      }
      await batch.run()
    }
  })
  if (outcome.noticed === null) {
    outcome.changedLater = (
      await changedOf(
        p,
        untouched.filter((each) => kept.includes(each)),
      )
    ).length
  }
  await chain.step('when the rest is freed', async () => {
    for (const [thread, each] of p.threads.entries()) {
      const batch = each.batch()
      for (const held of [...kept, ...added].filter((one) => one.thread === thread)) {
        batch.free(held.address, { unchecked: true })
      }
      await batch.run()
    }
  })
  await chain.step('at exit', async () => {
    const end = await p.exit(0)
    if (end.signal !== null || (end.exitCode ?? 0) !== 0) {
      outcome.noticed = { stage: 'at exit', thread: null, how: end.signal ?? `status ${end.exitCode}` }
    }
  })
}

async function allocateAgain(thread: PuppetThread, number: number, size: number): Promise<Held[]> {
  const batch = thread.batch()
  const sizes = [
    ...Array.from({ length: size > LARGE ? 2 : MANY }, () => size),
    ...AFTERWARDS.map((times) => size * times),
  ]
  const wanted = sizes.map((bytes) => ({ bytes, later: batch.malloc(bytes) }))
  const result = await batch.run()
  return wanted
    .map(({ bytes, later }) => ({ address: result.value(later), size: bytes, thread: number, content: 0x60 + number }))
    .filter(({ address }) => address !== 0n)
}

/** How many blocks begin before one in front of them ends. */
function overlaps(blocks: readonly Held[]): number {
  const sorted = [...blocks].sort((a, b) => (a.address < b.address ? -1 : 1))
  let [count, end] = [0, 0n]
  for (const { address, size } of sorted) {
    if (address < end) ++count
    if (address + BigInt(size) > end) end = address + BigInt(size)
  }
  return count
}
