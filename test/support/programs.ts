/**
 * Finds the programs of native/conformance, which the preload tests run too, and the faulty libraries of
 * test/programs/planted, and builds them with the system's compilers, only when something they are made
 * of has changed. A program says in its opening comment what it needs:
 *
 * - `@link NAME`           linked to the library native/conformance/libraries/NAME
 * - `@needs NAME`          opens that library itself
 * - `@preload NAME`        the library is preloaded behind the heap
 * - `@preload-first NAME`  the library is preloaded in front of the heap
 * - `@environment N=V`     runs with that variable
 */

import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Limit } from './limit.ts'

const run = promisify(execFile)

const root = fileURLToPath(new URL('../..', import.meta.url))
const kitFolder = join(root, 'native/conformance')
const plantedFolder = join(root, 'test/programs')
const outputFolder = join(root, 'build-tests/programs')

/** Folders of the kit that hold no programs for these tests: start/ is about the kit's runner and prints. */
const otherFolders = new Set(['libraries', 'start'])

/** Where the sources of a group stand. */
const folderOf = (group: string) => join(group === 'planted' ? plantedFolder : kitFolder, group)

/** One program: `id` is `group/name`, `description` the first sentence of its opening comment. */
export interface Program {
  id: string
  source: string
  description: string
  link: string[]
  needs: string[]
  preload: string[]
  preloadFirst: string[]
  environment: Record<string, string>
}

/** All programs, sorted by id. */
export function listPrograms(): Program[] {
  const groups = readdirSync(kitFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !otherFolders.has(entry.name))
    .map((entry) => entry.name)
  return groups
    .flatMap((group) => sourcesIn(group).map((file) => readProgram(group, file)))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** The program of that id; throws where there is none. */
export function findProgram(id: string): Program {
  const program = listPrograms().find((one) => one.id === id)
  if (!program) throw new Error(`no program ${id} in native/conformance`)
  return program
}

/** Where the built program stands. */
export function programFile(program: Program): string {
  return join(outputFolder, program.id)
}

/** Where a built library of test/programs/libraries or test/programs/planted stands. */
export function libraryFile(name: string, folder: 'libraries' | 'planted' = 'libraries'): string {
  return join(outputFolder, folder, `lib${name}.so`)
}

/** The names of all sources in a folder of libraries. */
export function listLibraries(folder: 'libraries' | 'planted'): string[] {
  return sourcesIn(folder).map((file) => basename(file, extname(file)))
}

/** Builds what is out of date: the programs given (all by default) with the libraries that they name. */
export async function buildPrograms(programs: Program[] = listPrograms()): Promise<void> {
  const libraries = new Set(programs.flatMap((one) => [...one.link, ...one.needs, ...one.preload, ...one.preloadFirst]))
  await buildLibraries('libraries', [...libraries])
  const limit = new Limit(2)
  await Promise.all(programs.map((program) => limit.run(() => buildProgram(program))))
}

/** Builds the shared libraries of a folder that are out of date. */
export async function buildLibraries(folder: 'libraries' | 'planted', names = listLibraries(folder)): Promise<void> {
  const limit = new Limit(2)
  const sources = sourcesIn(folder)
  const build = (name: string) => {
    const file = sources.find((one) => basename(one, extname(one)) === name)
    if (!file) throw new Error(`no library ${name} in ${folderOf(folder)}`)
    const script = join(folderOf(folder), `${name}.map`)
    const versions = existsSync(script) ? [`-Wl,--version-script=${script}`] : []
    return compile(join(folderOf(folder), file), libraryFile(name, folder), ['-shared', '-fPIC', ...versions], [])
  }
  await Promise.all(names.map((name) => limit.run(() => build(name))))
}

function sourcesIn(group: string): string[] {
  return readdirSync(folderOf(group)).filter((file) => file.endsWith('.c') || file.endsWith('.cpp'))
}

/** A source's opening comment: its text, and the values of its `@word value` lines. */
export function readComment(group: string, name: string): { text: string; directives: (word: string) => string[] } {
  const file = sourcesIn(group).find((one) => basename(one, extname(one)) === name)
  if (!file) throw new Error(`no source ${name} in ${folderOf(group)}`)
  const comment: string[] = []
  for (const line of readFileSync(join(folderOf(group), file), 'utf8').split('\n')) {
    if (!line.startsWith('//')) break
    comment.push(line.slice(2).trim())
  }
  const text = comment.filter((line) => !line.startsWith('@')).join(' ')
  if (text === '') throw new Error(`${folderOf(group)}/${file}: expected an opening comment that says what it is`)
  return {
    text,
    directives: (word) =>
      comment.filter((line) => line.startsWith(`@${word} `)).map((line) => line.slice(word.length + 2).trim()),
  }
}

function readProgram(group: string, file: string): Program {
  const name = basename(file, extname(file))
  const { text, directives } = readComment(group, name)
  return {
    id: `${group}/${name}`,
    source: join(folderOf(group), file),
    description: text,
    link: directives('link'),
    needs: directives('needs'),
    preload: directives('preload'),
    preloadFirst: directives('preload-first'),
    environment: Object.fromEntries(directives('environment').map((text) => text.split('=', 2))),
  }
}

async function buildProgram(program: Program): Promise<void> {
  const linked = program.link.flatMap((name) => ['-Wl,--no-as-needed', `-l${name}`])
  const search = [`-L${dirname(libraryFile('any'))}`, '-Wl,--enable-new-dtags,-rpath,$ORIGIN/../libraries']
  await compile(program.source, programFile(program), [], [...search, ...linked])
}

/** Compiles and links one file, unless what it is made of is the same as last time. */
async function compile(source: string, output: string, first: string[], last: string[]): Promise<void> {
  const isC = source.endsWith('.c')
  const [compiler = 'cc', ...compilerWords] = (isC ? process.env.CC || 'cc' : process.env.CXX || 'c++').split(/\s+/)
  const flags = [...compilerWords, ...first, ...common, isC ? '-std=gnu17' : '-std=c++20']
  // A linked library stands behind its name, so its own stamp belongs to the program's.
  const made = [compiler, await compilerVersion(compiler), ...flags, ...last, digest(source)].join('\n')
  const stamp = createHash('sha256').update(made).digest('hex')
  if (existsSync(output) && existsSync(`${output}.stamp`) && readFileSync(`${output}.stamp`, 'utf8') === stamp) return
  mkdirSync(dirname(output), { recursive: true })
  const temporary = `${output}.${randomUUID()}.new`
  try {
    await run(compiler, [...flags, '-o', temporary, source, ...last, '-ldl'], { cwd: root })
  } catch (error) {
    throw new Error(`${relative(root, source)} does not build:\n${(error as Error).message}`)
  }
  renameSync(temporary, output) // at once, so that a second test run never starts half a program
  writeFileSync(`${output}.stamp`, stamp)
}

/** Optimised, as programs are, but without what compilers know about malloc: they would fold allocations away. */
const common = [
  ...['-O2', '-g', '-pthread', '-D_GNU_SOURCE', '-fno-builtin', '-Wall', '-Wextra'],
  ...['-Wno-unknown-warning-option', '-Wno-alloc-size-larger-than', '-Wno-use-after-free', '-Wno-unused-result'],
]

const compilerVersions = new Map<string, Promise<string>>()

function compilerVersion(compiler: string): Promise<string> {
  const known = compilerVersions.get(compiler)
  if (known) return known
  const asked = run(compiler, ['--version']).then((result) => result.stdout)
  compilerVersions.set(compiler, asked)
  return asked
}

let headers: string | undefined

/** The content of a source and of all headers, which are few and small. */
function digest(source: string): string {
  headers ??= [kitFolder, plantedFolder].map(headersIn).join('\n')
  return createHash('sha256').update(headers).update(readFileSync(source)).digest('hex')
}

function headersIn(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.h') || file.endsWith('.map'))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n')
}
