/**
 * Builds the planted heaps: heap sources in test/preload/planted, each linked with our interposer exactly as the
 * product's heaps are, into build-tests/planted. What is up to date is left alone. A source says in its opening comment
 * what is different about it:
 *
 * - `@runtime`  it is linked to the C++ runtime, as heaps of other projects are
 * - `@exceptions` it is compiled with exceptions
 * - `@bare`     it is linked without the interposer: no heap at all
 * - `@threads`  it is linked with the thread hooks
 * - `@alone`    it brings the interposer's sources along, and is linked without link-time optimisation
 *
 * A file of the same name that ends in `.map` is the linker's version script.
 */

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { flagsOf, groupOf } from '../../scripts/sources.mjs'
import { Limit } from './limit.ts'

const run = promisify(execFile)

const root = fileURLToPath(new URL('../..', import.meta.url))
const sourceFolder = join(root, 'test/preload/planted')
const outputFolder = join(root, 'build-tests/planted')
const compiler = process.env.CXX || 'g++'

const twoAtATime = new Limit(2)

/** The names of all planted heaps. */
export function plantedHeaps(): string[] {
  return readdirSync(sourceFolder)
    .filter((file) => file.endsWith('.cpp'))
    .map((file) => basename(file, '.cpp'))
    .sort()
}

/** Where the built library of a planted heap stands. */
export function plantedHeapFile(name: string): string {
  return join(outputFolder, `lib${name}.so`)
}

/** Builds the planted heaps given (all by default) that are out of date. Throws with the compiler's words. */
export async function buildPlantedHeaps(names: readonly string[] = plantedHeaps()): Promise<void> {
  const interposer = await buildGroups('interpose', 'common', 'platform')
  const hooks = await buildGroups('threads')
  await Promise.all(names.map((name) => twoAtATime.run(() => buildHeap(name, interposer, hooks))))
}

/** Builds a preload library of one source with our interposer, unless it is up to date. */
export async function buildHeapLibrary(output: string, source: string, threads: boolean): Promise<void> {
  const groups = ['interpose', 'common', 'platform', ...(threads ? ['threads'] : [])]
  const objects = [await twoAtATime.run(() => compileObject(source)), ...(await buildGroups(...groups))]
  const words = ['-shared', ...flagsOf('preload', 'link'), ...objects, ...flagsOf('preload', 'libraries')]
  await twoAtATime.run(() => make(output, words, ''))
}

/**
 * Builds a heap as a static library in `folder`, for programs to be linked with: `simple`, or a planted heap; in prefixed
 * mode where a prefix is given. Gives its path.
 */
export async function buildHeapArchive(folder: string, name: string, prefix?: string): Promise<string> {
  const source = name === 'simple' ? join(root, 'native/heaps/simple/simple.cpp') : join(sourceFolder, `${name}.cpp`)
  const groups = [prefix === undefined ? 'interpose' : 'prefixed', 'common', 'platform']
  const sources = [source, ...groups.flatMap(groupOf).map((file) => join(root, file))]
  const more = ['-fno-lto', ...(prefix === undefined ? [] : [`-DALLOC8_PREFIX=${prefix}`])]
  const objects = await Promise.all(sources.map((file) => twoAtATime.run(() => compileObject(file, more))))
  const archive = join(folder, `lib${[prefix, name].filter(Boolean).join('-')}.a`)
  await run('ar', ['rcs', archive, ...objects])
  return archive
}

/** Builds `churn`, the program that the burning heaps were measured with, and gives its path. */
export async function buildChurn(): Promise<string> {
  const source = join(sourceFolder, 'churn.c')
  const output = join(outputFolder, 'churn')
  await make(output, ['-x', 'c', '-std=gnu17', '-O2', '-fno-builtin', source], readFileSync(source, 'utf8'))
  return output
}

/** What the compiler says to a heap source whose code is given; null when it has no complaint. */
export async function complaintAbout(source: string): Promise<string | null> {
  try {
    const child = run(compiler, ['-x', 'c++', ...compileFlags(), '-fsyntax-only', '-'], { cwd: root })
    child.child.stdin?.end(source)
    await child
    return null
  } catch (error) {
    return (error as { stderr: string }).stderr
  }
}

function buildGroups(...groups: string[]): Promise<string[]> {
  const sources = groups.flatMap(groupOf).map((source) => join(root, source))
  return Promise.all(sources.map((source) => twoAtATime.run(() => compileObject(source))))
}

async function buildHeap(name: string, interposer: string[], hooks: string[]): Promise<void> {
  const source = join(sourceFolder, `${name}.cpp`)
  const directives = openingComment(source)
  const alone = directives.has('@alone')
  const object = await compileObject(source, [
    ...(alone ? ['-fno-lto'] : []),
    ...(directives.has('@exceptions') ? ['-fexceptions'] : []),
  ])
  const script = join(sourceFolder, `${name}.map`)
  const link = directives.has('@runtime')
    ? flagsOf('preload', 'link').filter((flag) => flag !== '-nodefaultlibs')
    : flagsOf('preload', 'link')
  const words = [
    ...['-shared', ...link, object, ...(directives.has('@bare') || alone ? [] : interposer)],
    ...(directives.has('@threads') ? hooks : []),
    ...(existsSync(script) ? [`-Wl,--version-script=${script}`] : []),
    ...flagsOf('preload', 'libraries'),
  ]
  await make(plantedHeapFile(name), words, existsSync(script) ? readFileSync(script, 'utf8') : '')
}

function openingComment(source: string): Set<string> {
  const lines = readFileSync(source, 'utf8').split('\n')
  const end = lines.findIndex((line) => !line.startsWith('//'))
  return new Set(lines.slice(0, end).map((line) => line.slice(2).trim()))
}

async function compileObject(source: string, more: string[] = []): Promise<string> {
  const object = join(outputFolder, 'objects', `${basename(dirname(source))}-${basename(source)}${more.join('')}.o`)
  await make(object, [...compileFlags(), ...more, '-c', source], readFileSync(source, 'utf8') + allHeaders())
  return object
}

/** As binding.gyp and CMakeLists.txt compile, optimised. */
function compileFlags(): string[] {
  const include = ['native', 'native/include'].map((folder) => `-I${join(root, folder)}`)
  const common = ['-std=c++20', '-O3', '-g', '-fPIC', '-fvisibility=hidden', '-fvisibility-inlines-hidden', '-Wall']
  return [...common, ...include, ...flagsOf('preload', 'compile')]
}

/** Runs the compiler unless the output was made by the same words from the same text. */
async function make(output: string, words: string[], text: string): Promise<void> {
  const objects = words.filter((word) => word.endsWith('.o')).map((object) => readFileSync(`${object}.stamp`, 'utf8'))
  const stamp = createHash('sha256')
    .update([compiler, await compilerVersion(), ...words, ...objects, text].join('\n'))
    .digest('hex')
  const stampFile = `${output}.stamp`
  if (existsSync(output) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  mkdirSync(dirname(output), { recursive: true })
  const temporary = `${output}.${process.pid}.new`
  await run(compiler, ['-o', temporary, ...words], { cwd: root })
  renameSync(temporary, output) // at once, so that a second test run never loads half a library
  writeFileSync(stampFile, stamp)
}

let version: Promise<string> | undefined

function compilerVersion(): Promise<string> {
  version ??= run(compiler, ['--version']).then(({ stdout }) => stdout)
  return version
}

let headers: string | undefined

/** Headers are few and small: any that changed rebuilds all. Some sources are included as headers are. */
function allHeaders(): string {
  headers ??= [join(root, 'native'), sourceFolder]
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.h') || /(?:heaps\/simple|interpose|platform)\/.*\.cpp$/.test(file))
    .sort()
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
  return headers
}
