/**
 * The blocks of one process, as far as we allocated them: so that an address that was never given, was freed already or
 * belongs to another puppet is an error with a name before it is a crash without one. Corrupting on purpose is asked for
 * by `unchecked`.
 */

import { Alloc8Error } from '../errors.ts'

/** A block that a puppet has or had. */
export interface Block {
  address: bigint
  /** As asked for, in bytes. */
  size: number
  /** Who allocated it: `main`, `thread 0`. */
  thread: string
  /** Who freed it; null: it is live. */
  freedBy: string | null
  /** Counts allocations, over all processes of a puppet. */
  number: number
  /** What that count was when it was freed; null: it is live. */
  freedAt: number | null
}

const hex = (address: bigint) => `0x${address.toString(16)}`
const UNCHECKED = 'to do it all the same, pass { unchecked: true }'

/** So many blocks are remembered whose address was given again; of more, the oldest are forgotten. */
const mostPast = 1 << 20

/** All open tables, to tell whose an address is. */
const tables = new Set<BlockTable>()

/** What is known of the blocks of one process. */
export class BlockTable {
  readonly #blocks = new Map<bigint, Block>()
  /** By a block, the one that was live at its address when it was allocated. */
  readonly #under = new WeakMap<Block, Block>()
  readonly #owner: string
  /** Of a puppet's processes together. */
  readonly #clock: { allocations: number }
  /** How many allocations there had been when the process began. */
  readonly from: number
  /** Blocks whose address was given again. */
  #past: Block[] = []

  /** @param owner how the process is named in errors: `puppet 123 (hoard)` */
  constructor(owner: string, inherited?: BlockTable) {
    this.#owner = owner
    tables.add(this)
    this.#clock = inherited === undefined ? { allocations: 0 } : inherited.#clock
    this.from = this.#clock.allocations
    if (inherited === undefined) return
    this.#past = [...inherited.#past]
    for (const [address, block] of inherited.#blocks) this.#blocks.set(address, { ...block })
  }

  /**
   * Threads that run together tell of what they did one after the other: that a block was allocated may be heard before
   * that its address was freed.
   */
  allocated(address: bigint, size: number, thread: string): void {
    if (address === 0n) return
    const number = this.#clock.allocations++
    const block: Block = { address, size, thread, freedBy: null, number, freedAt: null }
    const before = this.#blocks.get(address)
    if (before?.freedBy === null) this.#under.set(block, before)
    if (before !== undefined) this.#remember(before, number)
    this.#blocks.set(address, block)
  }

  /** Where two were live at an address, the earlier one is the one that was freed. */
  freed(address: bigint, thread: string): void {
    let block = this.#blocks.get(address)
    for (let next = block; next !== undefined; next = this.#under.get(next)) if (next.freedBy === null) block = next
    if (block === undefined) return
    block.freedBy = thread
    block.freedAt ??= this.#clock.allocations
  }

  /** Every block that there was, in the order of allocation; of very many reused addresses the latest. */
  history(): Block[] {
    return [...this.#past, ...this.#blocks.values()].sort((a, b) => a.number - b.number)
  }

  /** A heap that gives an address twice without a free between has taken the first block away. */
  #remember(block: Block, number: number): void {
    block.freedAt ??= number
    this.#past.push(block)
    if (this.#past.length >= 2 * mostPast) this.#past = this.#past.slice(-mostPast)
  }

  /** The block that begins at an address, live or not. */
  at(address: bigint): Block | undefined {
    return this.#blocks.get(address)
  }

  /** Live blocks, by address. */
  live(): Block[] {
    const live = [...this.#blocks.values()].filter(({ freedBy }) => freedBy === null)
    return live.sort((a, b) => (a.address < b.address ? -1 : 1))
  }

  /**
   * @throws Alloc8Error PUPPET_ADDRESS unless a live block begins there, or the address is null
   */
  check(address: bigint, call: string): void {
    if (address === 0n) return
    const block = this.#blocks.get(address)
    if (block?.freedBy === null) return
    const what = block === undefined ? this.#stranger(address) : `was freed already, by ${block.freedBy}`
    throw new Alloc8Error('PUPPET_ADDRESS', `${call}: ${hex(address)} ${what}`, { hint: UNCHECKED })
  }

  /** Whose an address is that no block of this process begins at. */
  #stranger(address: bigint): string {
    const inside = this.live().find((block) => block.address < address && address < block.address + BigInt(block.size))
    if (inside !== undefined) {
      return `lies ${address - inside.address} bytes inside of the block ${hex(inside.address)}, and is not where it begins`
    }
    const other = [...tables].find((table) => table !== this && table.#blocks.get(address)?.freedBy === null)
    if (other !== undefined) return `is a block of ${other.#owner}, and not of ${this.#owner}`
    return `was never allocated in ${this.#owner}`
  }

  close(): void {
    tables.delete(this)
  }
}
