/**
 * What the paper proves of Hoard, as functions: its invariant, the bound on its memory that follows, its measure of
 * fragmentation, and how often threads meet. Berger, McKinley, Blumofe, Wilson: Hoard: a scalable memory allocator for
 * multithreaded applications, ASPLOS 2000. The built-in heap `hoard` keeps the invariant over carved
 * bytes, with `slack` for K superblocks; its malloc_info shows each heap's held and in-use bytes.
 */

import { Alloc8Error } from '../errors.ts'

/** The constants of a Hoard. */
export interface HoardConstants {
  /** The empty fraction f, above 0 and below 1: how much of a heap may lie idle. The paper's is 0.25. */
  emptyFraction: number
  /** K superblocks in bytes, K·S: what a heap may hold beyond that. */
  slackBytes: number
}

/** The constants of the built-in heap `hoard` where no tunable says otherwise. */
export const defaults: Readonly<HoardConstants> = { emptyFraction: 0.5, slackBytes: 1 << 20 }

/** What one heap holds at one moment. */
export interface HeapAccount {
  /** u: bytes of blocks that are handed out. */
  inUseBytes: number
  /** a: bytes that the heap holds for blocks. */
  heldBytes: number
}

/**
 * The least that must be in use of a heap that holds so much: min(a − K·S, (1 − f)·a), never below 0.
 * @throws Alloc8Error USAGE for constants or bytes out of range
 */
export function leastInUseBytes(heldBytes: number, constants: HoardConstants = defaults): number {
  checkConstants(constants)
  checkBytes('heldBytes', heldBytes)
  return Math.max(0, Math.min(heldBytes - constants.slackBytes, (1 - constants.emptyFraction) * heldBytes))
}

/**
 * Whether the emptiness invariant holds of a heap: u ≥ a − K·S or u ≥ (1 − f)·a.
 * @throws Alloc8Error USAGE for constants or bytes out of range
 */
export function invariantHolds(heap: HeapAccount, constants: HoardConstants = defaults): boolean {
  checkBytes('inUseBytes', heap.inUseBytes)
  return heap.inUseBytes >= leastInUseBytes(heap.heldBytes, constants)
}

/**
 * The most that heaps may hold of which the invariant holds: the sum of max(u/(1 − f), u + K·S) cannot exceed
 * U/(1 − f) + P·K·S, so that memory is within a constant factor of what is in use, plus a constant for each thread.
 * @param inUseBytes U, in all heaps together
 * @param heaps P
 * @throws Alloc8Error USAGE for constants, bytes or a count out of range
 */
export function heldBound(inUseBytes: number, heaps: number, constants: HoardConstants = defaults): number {
  checkConstants(constants)
  checkBytes('inUseBytes', inUseBytes)
  checkBytes('heaps', heaps)
  return inUseBytes / (1 - constants.emptyFraction) + heaps * constants.slackBytes
}

/**
 * Blowup: the most that an allocator held over the most that an ideal one for one thread would have, which is the most
 * that was in use.
 * @throws Alloc8Error USAGE where nothing was ever in use
 */
export function blowup(mostHeldBytes: number, mostInUseBytes: number): number {
  checkBytes('mostHeldBytes', mostHeldBytes)
  checkBytes('mostInUseBytes', mostInUseBytes)
  if (mostInUseBytes === 0) throw usage('mostInUseBytes', 'above 0', mostInUseBytes)
  return mostHeldBytes / mostInUseBytes
}

/**
 * Fragmentation: the most that was held over the most that was in use, each at its own moment.
 * The same quotient as blowup; the paper calls it so where one thread runs.
 */
export const fragmentation: (mostHeldBytes: number, mostInUseBytes: number) => number = blowup

/**
 * How many operations at most meet at a shared heap, of so many on blocks of one size: a superblock goes on only once
 * the fraction f of it was freed, so one in f·S/s does.
 * @throws Alloc8Error USAGE for values out of range
 */
export function sharedAcquisitions(
  operations: number,
  {
    blockBytes,
    superblockBytes,
    emptyFraction,
  }: { blockBytes: number; superblockBytes: number; emptyFraction: number },
): number {
  checkBytes('operations', operations)
  checkConstants({ emptyFraction, slackBytes: 0 })
  if (!(blockBytes > 0 && blockBytes <= superblockBytes)) {
    throw usage('blockBytes', 'above 0 and at most superblockBytes', blockBytes)
  }
  return operations / ((emptyFraction * superblockBytes) / blockBytes)
}

function checkConstants({ emptyFraction, slackBytes }: HoardConstants): void {
  if (!(emptyFraction > 0 && emptyFraction < 1)) throw usage('emptyFraction', 'above 0 and below 1', emptyFraction)
  checkBytes('slackBytes', slackBytes)
}

function checkBytes(name: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) throw usage(name, 'a number of at least 0', value)
}

function usage(name: string, expected: string, got: unknown): Alloc8Error {
  return new Alloc8Error('USAGE', `${name} must be ${expected}, got ${String(got)}`, {
    hint: 'theory.hoard has numbers of bytes and fractions, as malloc_info and the tunables of hoard give them',
  })
}
