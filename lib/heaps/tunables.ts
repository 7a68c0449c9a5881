/**
 * Tunables of a chosen heap: known or misspelt, of the right kind or not, and how they go into an environment. What the
 * library would silently ignore is refused here, because a comparison under a wrong label is worse than none.
 */

import { Alloc8Error } from '../errors.ts'
import type { ResolvedHeap, Tunable } from '../types.ts'
import type { Family, TunableSpec } from './family.ts'
import { nearest } from './nearest.ts'
import type { HeapSpec } from './spec.ts'

/** The public part of a table's row. */
export function publicTunable({ key, kind, default: value, description }: TunableSpec): Tunable {
  return { key, kind, default: value, description }
}

/**
 * The environment that carries a heap's tunables.
 * @param available the options that the installed library knows
 * @throws Alloc8Error HEAP_TUNABLE for an unknown key or a value that the option cannot take
 */
export function tunableEnvironment(
  spec: HeapSpec,
  family: Family,
  available: readonly TunableSpec[],
): ResolvedHeap['env'] {
  const settings = spec.tunables.map(({ key, value }) => {
    const tunable = available.find((each) => each.key === key)
    if (tunable === undefined) throw unknownKey(spec, family, available, key)
    checkCompany(spec, tunable)
    return { variable: tunable.variable, value: checkedValue(spec.name, tunable, value, family) }
  })
  const { passing } = family
  if (settings.length === 0) return []
  if (passing.kind === 'each') return settings.map(({ variable, value }) => ({ name: variable, value, join: null }))
  const value = settings.map((each) => each.variable + passing.assign + each.value).join(passing.separator)
  return [{ name: passing.variable, value, join: passing.separator }]
}

function checkCompany({ name, tunables }: HeapSpec, { key, together }: TunableSpec): void {
  if (together === undefined || tunables.some((each) => each.key === together)) return
  throw new Alloc8Error('HEAP_TUNABLE', `${name}: ${key} alone makes the library abort`, {
    hint: `set ${together} too`,
  })
}

function unknownKey(spec: HeapSpec, family: Family, available: readonly TunableSpec[], key: string): Alloc8Error {
  const { name } = spec
  if (available.length === 0) {
    return new Alloc8Error('HEAP_TUNABLE', `${name} has no tunables, got ${key}`, {
      hint: 'leave it out, or set an environment variable for the run yourself',
    })
  }
  if (family.tunables.some((each) => each.key === key)) {
    return new Alloc8Error('HEAP_TUNABLE', `${name}: the installed version does not know ${key}`, {
      hint: `it knows ${keyList(available)}`,
    })
  }
  const near = nearest(
    key,
    available.map((each) => each.key),
  )
  return new Alloc8Error('HEAP_TUNABLE', `${name} has no tunable ${key}`, {
    hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `it knows ${keyList(available)}`,
  })
}

function keyList(tunables: readonly TunableSpec[]): string {
  return tunables.map((each) => each.key).join(', ')
}

/** The value as the library takes it. */
function checkedValue(heap: string, tunable: TunableSpec, value: string, family: Family): string {
  const checked = readers[tunable.kind](tunable, value, family)
  if (checked !== null) return checked
  const got = value === '' ? 'nothing' : JSON.stringify(value)
  throw new Alloc8Error('HEAP_TUNABLE', `${heap}:${tunable.key}: expected ${expectation(tunable)}, got ${got}`, {
    hint: `${tunable.key}: ${tunable.description}${tunable.default === null ? '' : ` (default ${tunable.default})`}`,
  })
}

/** Each gives the value as the library takes it, or null where it is of another kind or out of bounds. */
const readers: Record<Tunable['kind'], (tunable: TunableSpec, value: string, family: Family) => string | null> = {
  integer: (tunable, value) => (/^[+-]?\d{1,20}$/.test(value) ? within(tunable, BigInt(value.replace('+', ''))) : null),
  size(tunable, value) {
    const [, digits, unit] = /^(\d{1,20})(?:([kmgt])(?:i?b)?)?$/i.exec(value) ?? []
    if (digits === undefined) return null
    const factor = 1024n ** BigInt(' kmgt'.indexOf(unit?.toLowerCase() ?? ' '))
    return within({ minimum: 0n, ...tunable }, BigInt(digits) * factor)
  },
  boolean(_, value, { booleans: [yes, no] }) {
    if (/^(true|yes|on|1)$/i.test(value)) return yes
    return /^(false|no|off|0)$/i.test(value) ? no : null
  },
  string({ words, pattern }, value, { passing }) {
    if (words !== undefined) return words.includes(value) ? value : null
    if (value === '' || (passing.kind === 'list' && value.includes(passing.separator))) return null
    return pattern === undefined || pattern.matches.test(value) ? value : null
  },
}

/** The largest number that any library reads: an unsigned word. */
const largest = 2n ** 64n - 1n

function within({ minimum, maximum }: Pick<TunableSpec, 'minimum' | 'maximum'>, value: bigint): string | null {
  return value >= (minimum ?? -(2n ** 63n)) && value <= (maximum ?? largest) ? String(value) : null
}

/** What a value must be, in words. */
function expectation({ kind, minimum, maximum, words, pattern }: TunableSpec): string {
  if (words !== undefined) return `one of ${words.join(', ')}`
  if (pattern !== undefined) return pattern.expected
  const bounds = [
    minimum === undefined ? '' : ` of at least ${minimum}`,
    maximum === undefined ? '' : `${minimum === undefined ? ' of' : ' and'} at most ${maximum}`,
  ].join('')
  return {
    integer: `a whole number${bounds}`,
    size: `a size in bytes, or with K, M or G behind it${bounds.replace(' of', ',')}`,
    boolean: 'true or false',
    string: 'a text',
  }[kind]
}
