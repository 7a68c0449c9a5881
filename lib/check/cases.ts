/**
 * The programs of the conformance kit, read from their sources: each says in its opening comment what it tests and by
 * which standard, and what it has to be run with. The sources ship beside what is built from them.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { Alloc8Error, usageError } from '../errors.ts'
import type { CaseDescription } from '../types.ts'

/** A program with what it is run with. */
export interface Case extends CaseDescription {
  program: string
  /** Libraries preloaded in front of the heap. */
  preloadFirst: string[]
  /** Libraries preloaded behind it. */
  preload: string[]
  environment: Record<string, string>
  /** Whether it misuses the heap, and is scored instead of judged. */
  isMisuse: boolean
  /** Whether it runs for as long as it is told to. */
  isStress: boolean
}

/** Where the kit is: its sources, and what was built from them. */
export interface Kit {
  sources: string
  programs: string
}

/** Which cases are wanted; all without either. */
export interface CaseSelection {
  groups?: readonly string[] | undefined
  cases?: readonly string[] | undefined
}

const misuseGroup = 'misuse'
const librariesFolder = 'libraries'

/** The case that only starts: nothing else can be judged under a heap that fails it. */
export const startCase = 'start/runs'

/**
 * The cases of the kit in order, those of misuse last.
 * @throws Alloc8Error NATIVE where the kit, or a program of it, is not built
 */
export function readCases(kit: Kit): Case[] {
  const cases = foldersIn(kit.sources)
    .filter((group) => group !== librariesFolder)
    .flatMap((group) => sourcesIn(join(kit.sources, group)).map((file) => readCase(kit, group, file)))
  const missing = cases.find(({ program }) => !existsSync(program))
  if (cases.length === 0 || missing !== undefined) {
    const what = missing === undefined ? kit.sources : missing.program
    throw new Alloc8Error('NATIVE', `the conformance kit is not built: ${what} does not exist`, {
      hint: 'run "npm run build" in the package\'s folder; it needs g++ and make',
    })
  }
  const place = ({ id, isMisuse }: Case) => (id === startCase ? 0 : isMisuse ? 2 : 1)
  return cases.sort((a, b) => place(a) - place(b) || (a.id < b.id ? -1 : 1))
}

/**
 * The cases that a selection names, in the kit's order.
 * @throws Alloc8Error USAGE for a group or case that there is not
 */
export function selectCases(all: readonly Case[], { groups, cases }: CaseSelection): Case[] {
  if (groups === undefined && cases === undefined) return [...all]
  const known = new Set(all.map(({ group }) => group))
  for (const group of groups ?? []) {
    if (!known.has(group)) throw usageError('--group', `one of ${[...known].join(', ')}`, group)
  }
  for (const id of cases ?? []) {
    if (all.some((each) => each.id === id)) continue
    const group = id.split('/')[0] ?? ''
    const near = all.filter((each) => each.group === group).map((each) => each.id)
    const expected =
      near.length > 0 ? `one of ${near.join(', ')}` : `GROUP/NAME, with a group of ${[...known].join(', ')}`
    throw usageError('--case', expected, id)
  }
  return all.filter(({ id, group }) => groups?.includes(group) || cases?.includes(id))
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder).filter((file) => file.endsWith('.c') || file.endsWith('.cpp'))
}

function readCase({ sources, programs }: Kit, group: string, file: string): Case {
  const name = file.slice(0, -extname(file).length)
  const source = join(sources, group, file)
  const { text, values } = readComment(readFileSync(source, 'utf8'))
  const library = (each: string) => join(programs, librariesFolder, `lib${each}.so`)
  return {
    id: `${group}/${name}`,
    group,
    explanation: text,
    standard: values('standard').join('; '),
    source,
    program: join(programs, group, name),
    preloadFirst: values('preload-first').map(library),
    preload: values('preload').map(library),
    environment: Object.fromEntries(values('environment').map((each) => each.split('=', 2))),
    isMisuse: group === misuseGroup,
    isStress: values('stress').length > 0,
  }
}

/** A source's opening comment: its text, and the values of its `@word value` lines. */
export function readComment(source: string): { text: string; values: (word: string) => string[] } {
  const lines: string[] = []
  for (const line of source.split('\n')) {
    if (!line.startsWith('//')) break
    lines.push(line.slice(2).trim())
  }
  return {
    text: lines.filter((line) => !line.startsWith('@')).join(' '),
    values: (word) =>
      lines.filter((line) => line.split(' ')[0] === `@${word}`).map((line) => line.slice(word.length + 2).trim()),
  }
}
