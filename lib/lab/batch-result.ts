/** What came of a batch: values, errors, times and bytes by command, and the values that commands will have. */

import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { usageError } from '../errors.ts'
import type { RawResults, ValueOf } from './protocol.ts'

/** The value that a command of a batch will have. */
export class Later implements ValueOf {
  readonly command: number
  readonly offset: number
  readonly #batch: object

  constructor(batch: object, command: number, offset = 0) {
    this.#batch = batch
    this.command = command
    this.offset = offset
  }

  /** The same address, so many bytes on; also negative. */
  plus(bytes: number): Later {
    return new Later(this.#batch, this.command, this.offset + bytes)
  }

  /** Whether it is of that batch. */
  isOf(batch: object): boolean {
    return this.#batch === batch
  }
}

const NOTHING_DIFFERS = (1n << 64n) - 1n

/** What came of a batch. */
export class BatchResult {
  readonly #raw: RawResults
  readonly #batch: object

  constructor(batch: object, raw: RawResults) {
    this.#batch = batch
    this.#raw = raw
  }

  /** Every command's value, in order: an address, or a number of bytes. */
  get values(): BigUint64Array {
    return this.#raw.values
  }

  /** Every command's error number of the system, 0 for none. */
  get errors(): Uint32Array {
    return this.#raw.errors
  }

  /** Nanoseconds by command where it was timed, summed over repeats; each holds about 50 ns of the clock itself. */
  get ns(): Float64Array {
    return this.#raw.ns
  }

  /** From the first command to the end of the last. */
  get totalNs(): number {
    return this.#raw.totalNs
  }

  /** When the first command began, on the monotonic clock of the machine. */
  get startNs(): bigint {
    return this.#raw.startNs
  }

  /** The value of one command. */
  value(later: Later): bigint {
    return (this.#raw.values[this.#index(later)] ?? 0n) + BigInt(later.offset)
  }

  /** The name of the error of one command (`ENOMEM`), null for none. */
  error(later: Later): string | null {
    return errorName(this.#raw.errors[this.#index(later)] ?? 0)
  }

  /** The bytes that a `read` has read. */
  data(later: Later): Buffer {
    return this.#raw.data.get(this.#index(later)) ?? Buffer.alloc(0)
  }

  /** What a `compare` or `verify` has found: the offset of the first byte that differs, null for none. */
  difference(later: Later): number | null {
    return differenceOf(this.value(later))
  }

  #index(later: Later): number {
    if (!later.isOf(this.#batch)) throw usageError('later', 'a value of this batch', 'one of another')
    return later.command
  }
}

/** `ENOMEM` for 12; null for 0. */
export function errorName(number: number): string | null {
  if (number === 0) return null
  try {
    return getSystemErrorName(-number)
  } catch {
    return Object.entries(constants.errno).find(([, each]) => each === number)?.[0] ?? `errno ${number}`
  }
}

/** What a comparison's value means. */
export function differenceOf(value: bigint): number | null {
  return value === NOTHING_DIFFERS ? null : Number(value)
}
