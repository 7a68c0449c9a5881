/**
 * What values of a configuration may be, as small checks that are put together. A check does not stop at the first
 * mistake: somebody who writes a configuration wants to hear of all of them at once, each with the path to the value.
 */

/** The nearest of the known names to one that was written; passed in, because this folder stands on nothing. */
export type Suggest = (written: string, known: readonly string[]) => readonly string[]

/** The mistakes that were found, and where one stands. */
export class Problems {
  readonly found: string[] = []
  readonly suggest: Suggest

  constructor(suggest: Suggest) {
    this.suggest = suggest
  }

  add(path: string, message: string): void {
    this.found.push(path === '' ? message : `${path}: ${message}`)
  }

  expected(path: string, what: string, value: unknown): void {
    this.add(path, `expected ${what}, got ${shown(value)}`)
  }

  unknown(path: string, key: string, known: readonly string[]): void {
    const [near] = this.suggest(key, known)
    const advice = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`
    this.add(pathTo(path, key), `unknown; ${advice}`)
  }
}

/** Looks at a value and adds what is wrong with it. */
export type Check = (value: unknown, path: string, problems: Problems) => void

/** A value as an error shows it: short, and of the user's own writing. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number') return String(value)
  if (value instanceof RegExp) return String(value)
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

/** The path to a key, as one writes it in TypeScript. */
export function pathTo(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`
  return path === '' ? key : `${path}.${key}`
}

/** An object with keys and nothing in its prototype that would matter: what `{…}` and JSON give. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RegExp)
}

/** A check by a single question. */
export function value(what: string, holds: (value: unknown) => boolean): Check {
  return (given, path, problems) => {
    if (!holds(given)) problems.expected(path, what, given)
  }
}

export const boolean = value('true or false', (given) => typeof given === 'boolean')

/** A text that is not empty and can be given to the system. */
export const text = value('a text', (given) => typeof given === 'string' && given !== '' && !given.includes('\0'))

export function integer(least: number, most = Number.MAX_SAFE_INTEGER): Check {
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`
  return value(`an integer ${range}`, (given) => Number.isSafeInteger(given) && inRange(Number(given), least, most))
}

const inRange = (given: number, least: number, most: number) => given >= least && given <= most

export function oneOf(...words: readonly string[]): Check {
  return value(words.map((word) => JSON.stringify(word)).join(' or '), (given) => words.includes(String(given)))
}

/** A list that is not empty, of values that are each one of `each`; `unique` names what may not be there twice. */
export function listOf(what: string, each: Check, unique = false): Check {
  return (given, path, problems) => {
    if (!Array.isArray(given) || given.length === 0) return problems.expected(path, what, given)
    for (const [at, item] of given.entries()) {
      each(item, `${path}[${at}]`, problems)
      const first = given.indexOf(item)
      if (unique && first < at)
        problems.add(`${path}[${at}]`, `${shown(item)} is given twice, first as ${path}[${first}]`)
    }
  }
}

/** An object whose keys anybody may choose. */
export function recordOf(what: string, each: Check): Check {
  return (given, path, problems) => {
    if (!isPlainObject(given)) return problems.expected(path, what, given)
    for (const [key, item] of Object.entries(given)) each(item, pathTo(path, key), problems)
  }
}

/** The keys of an object: what each may be, and which must be there. */
export interface Keys {
  required: Readonly<Record<string, Check>>
  optional: Readonly<Record<string, Check>>
}

/** An object with these keys and no others. A key whose value is undefined is not there. */
export function objectOf(what: string, { required, optional }: Keys): Check {
  const checks = new Map([...Object.entries(required), ...Object.entries(optional)])
  return (given, path, problems) => {
    if (!isPlainObject(given)) return problems.expected(path, what, given)
    for (const [key, item] of Object.entries(given)) {
      const check = checks.get(key)
      if (check === undefined) problems.unknown(path, key, [...checks.keys()])
      else if (item !== undefined) check(item, pathTo(path, key), problems)
    }
    for (const [key, check] of Object.entries(required)) {
      if (given[key] === undefined) check(undefined, pathTo(path, key), problems)
    }
  }
}
