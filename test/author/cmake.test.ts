/**
 * Other projects build heaps with our CMake package: found after an install or in the npm package, added as a folder, or
 * fetched. outside/ is such a project; all of its ways to take the interposer are built once, the first by each road.
 */

import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { dynamicSymbols, neededLibraries } from '../repo/exports.ts'
import { scratch } from '../support/launching.ts'
import { findTool, lackingTool, requireOrSkip } from '../support/needs.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const outside = join(import.meta.dirname, 'outside')
const folder = scratch()
afterAll(folder.remove)

const lacking = lackingTool('cmake', 'cmake') ?? lackingTool('make', 'make')

/** Configures and builds; gives the build folder and what CMake said. */
async function build(
  name: string,
  options: string[],
  targets: string[] = [],
): Promise<{ built: string; said: string }> {
  const built = join(folder.path, name)
  const { stdout: said } = await run('cmake', ['-S', outside, '-B', built, ...options.map((each) => `-D${each}`)])
  const wanted = targets.length > 0 ? ['--target', ...targets] : []
  await run('cmake', ['--build', built, '--parallel', '2', ...wanted], { maxBuffer: 64 << 20 })
  return { built, said }
}

/** The file that `program` has malloc from, with the library preloaded. */
async function mallocOf(program: string, library?: string): Promise<string> {
  const { stdout } = await run(program, { env: library === undefined ? {} : { LD_PRELOAD: library } })
  return stdout.trim()
}

/** What malloc calls, by the symbols of the library. */
async function calledByMalloc(library: string): Promise<string[]> {
  const { stdout } = await run('objdump', ['-d', '--no-show-raw-insn', library], { maxBuffer: 64 << 20 })
  const body = /^[0-9a-f]+ <(?:__libc_)?malloc>:\n(?:.+\n)+/m.exec(stdout)?.[0] ?? expect.fail(`${library}: no malloc`)
  return [...body.matchAll(/<([^>+]+)/g)].map((match) => match[1] as string)
}

const runtime = (library: string) => neededLibraries(library).filter((needed) => /stdc\+\+|libgcc/.test(needed))

test('added as a folder: every way to take the interposer', async ({ skip }) => {
  requireOrSkip(skip, lacking)
  const { built, said } = await build('folder', ['WAY=folder', `ALLOC8_ROOT=${root}`])
  expect(said).toContain("build type '', standard '', output ''")
  const program = join(built, 'program')
  for (const name of ['by_target', 'by_both', 'by_variables', 'hooked', 'lean', 'plain', 'header_form']) {
    const library = join(built, `lib${name}.so`)
    expect(await mallocOf(program, library), name).toBe(library)
    const symbols = dynamicSymbols(library).filter((symbol) => symbol.defined)
    for (const exported of ['malloc', 'aligned_alloc', '_Znwm', 'mallinfo2', '__register_atfork']) {
      expect(symbols, name).toContainEqual(expect.objectContaining({ name: exported, version: '' }))
    }
    const hooked = symbols.some((symbol) => symbol.name === 'pthread_create')
    expect(hooked, name).toBe(name === 'hooked' || name === 'by_both')
  }
  // Link-time optimisation leaves nothing between malloc and the heap, though the project, like many, has no build type.
  for (const name of ['by_target', 'by_both', 'hooked', 'lean', 'plain', 'header_form']) {
    expect(await calledByMalloc(join(built, `lib${name}.so`)), name).not.toContain('xxmalloc')
  }
  for (const name of ['lean', 'plain', 'header_form']) expect(runtime(join(built, `lib${name}.so`)), name).toEqual([])
  for (const name of ['inside', 'direct']) expect(await mallocOf(join(built, name)), name).toBe(join(built, name))
  await run(join(built, 'beside'))
})

describe('by each other road', () => {
  async function expectInEffect(name: string, options: string[], target = 'by_target') {
    const { built } = await build(name, options, [target, 'program'])
    const library = join(built, `lib${target}.so`)
    expect(await mallocOf(join(built, 'program'), library)).toBe(library)
  }

  // By the other compiler where there is one; nobody has to have it.
  test('fetched', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const clang = ['clang++', 'clang++-14'].map(findTool).find((path) => path !== null)
    const compiler = clang ? [`CMAKE_CXX_COMPILER=${clang}`] : []
    await expectInEffect('fetch', ['WAY=fetch', `ALLOC8_ROOT=${root}`, ...compiler], 'hooked')
  })

  test('found where it was installed, and moved since', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const configured = join(folder.path, 'own')
    await run('cmake', ['-S', root, '-B', configured, '-DALLOC8_BUILD_TESTS=OFF'])
    await run('cmake', ['--install', configured, '--prefix', join(folder.path, 'first')])
    const prefix = join(folder.path, 'second')
    cpSync(join(folder.path, 'first'), prefix, { recursive: true })
    // A project that forgives no warning has none of ours.
    const warnings = 'CMAKE_CXX_FLAGS=-O2 -Wall -Wextra -Wuseless-cast -Werror'
    await expectInEffect('package', ['WAY=package', `CMAKE_PREFIX_PATH=${prefix}`, warnings])
    const newer = run('cmake', [
      '-S',
      outside,
      '-B',
      join(folder.path, 'newer'),
      '-DWAY=package',
      `-DCMAKE_PREFIX_PATH=${join(folder.path, 'nothing')}`,
    ])
    await expect(newer).rejects.toThrow(/alloc8/)
  })

  test('found in the npm package', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const modules = join(folder.path, 'node_modules')
    mkdirSync(modules)
    symlinkSync(root, join(modules, 'alloc8'))
    await expectInEffect('npm', ['WAY=package', `alloc8_DIR=${join(modules, 'alloc8/cmake')}`])
  })
})
