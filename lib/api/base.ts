/**
 * A stored result as the base of a new one. A number from another machine, another command or another library proves
 * nothing, so that each of these is looked at, and what differs is named.
 */

import { readFileSync, statSync } from 'node:fs'
import { parseCompareResult, sinceResult } from '../compare/index.ts'
import { Alloc8Error } from '../errors.ts'
import type { CompareResult, Machine } from '../types.ts'
import { describeMachine } from './machine.ts'

/** A stored result with the name of its file. */
export interface StoredResult {
  file: string
  result: CompareResult
}

/**
 * Whether what is written after --against is a result's file, and not a program: one word that ends in .json, or with
 * spaces in it a file that is there, as the last word of a command may end so too (`./old --config x.json`).
 */
export function isStoredResult(text: string): boolean {
  if (!text.endsWith('.json')) return false
  return !/\s/.test(text) || statSync(text, { throwIfNoEntry: false })?.isFile() === true
}

function baseError(message: string, hint: string, cause?: unknown): Alloc8Error {
  return new Alloc8Error('BASE', message, { hint, cause })
}

const AGAIN = 'make one here: alloc8 compare --save FILE'

/**
 * Reads a stored result.
 * @throws Alloc8Error RESULT_FILE where it is cut off, of another kind, or of a newer version; BASE where it is missing,
 *   or of another machine
 */
export function readBase(file: string): StoredResult {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw baseError(`${file}: cannot be read (${why})`, AGAIN, error)
  }
  const result = parsed(text, file)
  // What is known already is said before hours of work.
  refuse(file, machineDifferences(describeMachine(), result.machine))
  return { file, result }
}

function parsed(text: string, file: string): CompareResult {
  try {
    return parseCompareResult(text, file)
  } catch (error) {
    throw error instanceof Alloc8Error ? baseError(error.message, error.hint ?? AGAIN, error) : error
  }
}

/** Of the machine, all. */
const fields: readonly (keyof Machine)[] = [
  ...(['cpu', 'cores', 'memoryBytes', 'kernel', 'libc', 'governor', 'thp', 'aslr', 'cgroupMemoryBytes'] as const),
]

function say(what: string, was: unknown, is: unknown): string {
  return `${what}: ${JSON.stringify(was ?? null)} then, ${JSON.stringify(is ?? null)} now`
}

function machineDifferences(now: Machine, then: Machine): string[] {
  return fields.flatMap((key) => (then[key] === now[key] ? [] : [say(`machine.${key}`, then[key], now[key])]))
}

/** Throws where there are differences, all of which it names. */
function refuse(file: string, [first, ...others]: readonly string[]): void {
  if (first === undefined) return
  const also = others.length === 0 ? [] : ['also:', ...others]
  const hint = [...also, 'run both on one machine, in one session: --against CMD, or two --heap'].join('\n')
  throw baseError(`${file}: cannot be compared with: ${first}`, hint)
}

/** What keeps two results from being compared; empty where nothing does. */
export function baseDifferences(now: CompareResult, then: CompareResult): string[] {
  const specs = (result: CompareResult) => result.heaps.map(({ spec, command }) => [spec, ...(command ?? [])].join(' '))
  const heaps = String(specs(then)) === String(specs(now)) ? [] : [say('heaps', specs(then), specs(now))]
  const hashes = then.heaps[0]?.sha256 === now.heaps[0]?.sha256
  // With one heap there is no baseline but itself, and its library is what may have changed.
  const library =
    hashes || now.heaps.length === 1
      ? []
      : [say(`library of ${now.baseline}`, then.heaps[0]?.sha256, now.heaps[0]?.sha256)]
  const workloads = now.workloads.flatMap(({ name, command, load }) => {
    const before = then.workloads.find((each) => each.name === name)
    if (before === undefined) return [`workload ${JSON.stringify(name)}: not in it`]
    const words = (each: { command: string[]; load?: string[] | null }) =>
      [...each.command, ...(each.load ?? [])].join(' ')
    const [was, is] = [words(before), words({ command, load })]
    return was === is ? [] : [say(`command of ${name}`, was, is)]
  })
  return [...machineDifferences(now.machine, then.machine), ...heaps, ...library, ...workloads]
}

/**
 * A result with what has changed since a stored one.
 * @throws Alloc8Error BASE where the two cannot be compared; it names what differs
 */
export function compareBase(now: CompareResult, { file, result: then }: StoredResult): CompareResult {
  refuse(file, baseDifferences(now, then))
  const since = sinceResult(now, then, file)
  if (since.cells.length === 0) throw baseError(`${file}: has none of the metrics that were measured now`, AGAIN)
  const message =
    `compared with ${file} of ${then.started}: the two were not run side by side, and what the machine did in the one hour ` +
    'and not in the other is in the difference. Less certain than a comparison in one session (--against CMD)'
  return { ...now, since, warnings: [...now.warnings, { code: 'not-side-by-side', message }] }
}
