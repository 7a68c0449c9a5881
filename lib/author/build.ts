/**
 * Compiles a heap's sources into a preload library, with the flags of the built-in heaps: each of them and of the
 * interposer's sources by itself, then all of it linked with link-time optimisation, so that the heap stands inside
 * malloc. The library appears whole or not at all.
 */

import { copyFileSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, extname, join, resolve } from 'node:path'
import { Alloc8Error, usageError } from '../errors.ts'
import { type Compiler, compile, findCompiler, type Surroundings } from './compiler.ts'
import { type BuildWarning, warningsIn } from './lint.ts'
import { type Recipe, readSources, recipeFor } from './sources.ts'

/** What is to be built. */
export interface BuildOptions {
  /** C++ sources; a heap class with ALLOC8_REDIRECT, the xx* functions themselves, or the header form. */
  sources: readonly string[]
  /** The library's path. Default: lib<first source>.so in the current folder. */
  output?: string | undefined
  /** Makes a library of PREFIX_malloc and so on instead of one that takes malloc's place. */
  prefix?: string | undefined
  /** Without optimisation and with debugging information. */
  debug?: boolean | undefined
  /** More words for the compiler: `-I`, `-D`, `-l` and so on. With `-lstdc++` the C++ runtime is linked in. */
  compilerArguments?: readonly string[] | undefined
  /** Stops the build; no compiler goes on, and no half library is left. */
  signal?: AbortSignal | undefined
}

/** What was built. */
export interface BuildResult {
  schema: 1
  /** The library's absolute path. */
  output: string
  /** The compiler's own first line. */
  compiler: string
  warnings: BuildWarning[]
}

/**
 * Builds a preload library.
 *
 * @param native the folder of native/, which has the headers and the interposer's sources
 * @throws Alloc8Error USAGE, SOURCE, COMPILER, COMPILE (with all of the compiler's words), OUTPUT_PATH, ABORTED
 */
export async function buildHeap(native: string, options: BuildOptions): Promise<BuildResult> {
  const output = checked(options)
  const files = readSources(options.sources)
  const recipe = recipeFor(native, files, options.prefix)
  const compiler = await findCompiler(process.env, options.signal)
  const folder = mkdtempSync(join(tmpdir(), 'alloc8-build-'))
  // What a stopped compiler leaves goes with the folder.
  const where: Surroundings = { environment: { ...process.env, TMPDIR: folder }, signal: options.signal }
  try {
    const objects = await compileAll(compiler, recipe, native, options, folder, where)
    const linked = join(folder, basename(output))
    await compile(
      compiler.words,
      [...linkWords(compiler, recipe, options), '-o', linked, ...objects, ...libraryWords(recipe, options)],
      where,
    )
    move(linked, output)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    schema: 1,
    output,
    compiler: compiler.version,
    warnings: files.flatMap((file) => warningsIn(file.path, file.text)),
  }
}

/** The output's absolute path, once the options are known to make sense. */
function checked({ sources, output, prefix }: BuildOptions): string {
  const [first] = sources
  if (first === undefined) throw usageError('sources', 'at least one C++ source', sources)
  if (prefix !== undefined && !/^[A-Za-z_]\w*$/.test(prefix)) {
    throw usageError('prefix', 'a word that a name in C may begin with', prefix)
  }
  const path = resolve(output ?? `lib${basename(first, extname(first))}.so`)
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw usageError('output', 'a file', `the folder ${output}`)
  if (sources.some((source) => resolve(source) === path)) {
    throw usageError('output', 'another file than the sources', output)
  }
  return path
}

/** At most as many at a time as there are processors. The first failure stops the others. */
async function compileAll(
  compiler: Compiler,
  recipe: Recipe,
  native: string,
  options: BuildOptions,
  folder: string,
  where: Surroundings,
): Promise<string[]> {
  const failing = new AbortController()
  const signal = AbortSignal.any([failing.signal, ...(where.signal ? [where.signal] : [])])
  const sources = [...options.sources, ...recipe.sources]
  const objects = sources.map((source, index) => join(folder, `${index}-${basename(source)}.o`))
  const words = compileWords(compiler, recipe, native, options)
  // Warnings that the author asks for, and makes errors, are about the author's own files.
  const ours = words.filter((word) => !/^-W(?!l,)/.test(word))
  let next = 0
  let failure: unknown
  const worker = async () => {
    while (next < sources.length && failure === undefined) {
      const index = next++
      try {
        await compile(
          compiler.words,
          [...(index < options.sources.length ? words : ours), '-c', sources[index] ?? '', '-o', objects[index] ?? ''],
          {
            ...where,
            signal,
          },
        )
      } catch (error) {
        failure ??= error
        failing.abort()
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), sources.length) }, worker))
  if (failure !== undefined) throw failure
  return objects
}

function flagsFor(flags: readonly string[], compiler: Compiler, debug: boolean | undefined): string[] {
  // clang's needs a linker that not every machine has.
  return flags.filter((flag) => flag !== '-flto' || !(compiler.clang || debug))
}

function compileWords(compiler: Compiler, recipe: Recipe, native: string, options: BuildOptions): string[] {
  const more = (options.compilerArguments ?? []).filter((word) => !isForLinker(word))
  return [
    ...['-std=c++20', '-fPIC', '-fvisibility=hidden', '-fvisibility-inlines-hidden', '-Wall', '-Wextra'],
    ...(options.debug ? ['-O0', '-g'] : ['-O3', '-g']),
    ...[`-I${native}`, `-I${join(native, 'include')}`],
    ...flagsFor(recipe.compile, compiler, options.debug),
    ...(options.prefix === undefined ? [] : [`-DALLOC8_PREFIX=${options.prefix}`]),
    ...more,
  ]
}

const isForLinker = (word: string) => /^-(?:l|L|Wl,)/.test(word)
const withRuntime = (options: BuildOptions) => options.compilerArguments?.includes('-lstdc++') === true

function linkWords(compiler: Compiler, recipe: Recipe, options: BuildOptions): string[] {
  const flags = flagsFor(recipe.link, compiler, options.debug)
  return ['-shared', ...(withRuntime(options) ? flags.filter((flag) => flag !== '-nodefaultlibs') : flags)]
}

function libraryWords(recipe: Recipe, options: BuildOptions): string[] {
  return [...(options.compilerArguments ?? []).filter(isForLinker), ...recipe.libraries]
}

/** Puts the library where it belongs at once: a program that starts meanwhile gets the old one or the new one. */
function move(from: string, to: string): void {
  const beside = `${to}.${process.pid}.new`
  try {
    copyFileSync(from, beside)
    renameSync(beside, to)
  } catch (error) {
    rmSync(beside, { force: true })
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new Alloc8Error('OUTPUT_PATH', `${to}: cannot be written (${why})`, {
      hint: 'name a file in a folder that exists and that you may write to: -o FILE',
      cause: error,
    })
  }
}
