/** The native part found, missing, of another machine, of another version: each error says what to do. */

import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { addon, checkAddon, nativeDirectory, nativeFile, packageVersion } from '../../../lib/binding/native.ts'
import { libraryFolders } from '../../../lib/platform.ts'
import manifest from '../../../package.json' with { type: 'json' }
import { buildElf } from './elf-builder.ts'
import { thrownBy } from './helpers.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'alloc8-native-'))
  vi.stubEnv('ALLOC8_NATIVE_DIR', folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

describe('where the native part is', () => {
  test("the build's folder at the package's root, unless the environment names another", () => {
    expect(nativeDirectory()).toBe(folder)
    vi.stubEnv('ALLOC8_NATIVE_DIR', '')
    expect(nativeDirectory()).toMatch(/\/build\/Release$/)
    expect(nativeDirectory().startsWith(process.cwd())).toBe(true)
    vi.stubEnv('ALLOC8_NATIVE_DIR', 'some/folder')
    expect(nativeDirectory()).toBe(join(process.cwd(), 'some/folder'))
  })

  test('a file that exists', () => {
    writeFileSync(join(folder, 'alloc8-launch'), '')
    expect(nativeFile('alloc8-launch')).toBe(join(folder, 'alloc8-launch'))
  })

  test('a missing file says so and how to build it', () => {
    const error = thrownBy(() => nativeFile('alloc8-launch'))
    expect(error).toMatchObject({ code: 'NATIVE', exitStatus: 125 })
    expect(error.message).toContain(join(folder, 'alloc8-launch'))
    expect(error.hint).toContain('ALLOC8_NATIVE_DIR')
    vi.stubEnv('ALLOC8_NATIVE_DIR', '')
    expect(thrownBy(() => nativeFile('no-such-product')).hint).toContain('npm run build')
  })
})

describe('an addon that does not fit', () => {
  test('missing', () => expect(thrownBy(addon).message).toContain('does not exist'))

  test('no ELF file: found and expected are named', () => {
    writeFileSync(join(folder, 'alloc8.node'), 'not a library')
    const error = thrownBy(addon)
    expect(error.code).toBe('NATIVE')
    expect(error.message).toMatch(/found no ELF file, expected 64-bit (x86-64|AArch64)$/)
    expect(error.cause).toBeInstanceOf(Error)
  })

  test('of another machine: both are named', () => {
    writeFileSync(join(folder, 'alloc8.node'), buildElf({ bits: 32, machine: 40 }))
    expect(thrownBy(addon).message).toMatch(/found 32-bit ARM, expected 64-bit/)
  })

  test("a library that is no addon: the loader's words", () => {
    const libm = libraryFolders()
      .map((each) => join(each, 'libm.so.6'))
      .find((path) => existsSync(path))
    copyFileSync(libm ?? 'no libm', join(folder, 'alloc8.node'))
    expect(thrownBy(addon).message).toMatch(/does not load: .*(self-register|symbol)/)
  })

  test('an addon of another version, of none, without its functions', () => {
    const none = () => null
    const probes = { probeBytesInUse: none, parseProbe: none, latencyBytesInUse: none, parseLatency: none }
    const whole = {
      readWitness: none,
      parseJournal: none,
      ...probes,
      fileCapabilities: none,
      hardwareCounterError: none,
      openHeap: none,
    }
    const message = (found: unknown) => thrownBy(() => checkAddon('/x/alloc8.node', found, '0.2.0')).message
    expect(message({ version: '0.1.0', ...whole })).toContain(
      "found version 0.1.0, expected alloc8's addon, version 0.2.0",
    )
    expect(message({ version: '0.2.0' })).toContain('without all functions')
    for (const other of [null, undefined, {}, 7, { version: 2, ...whole }]) {
      expect(message(other)).toContain('found another addon')
    }
    expect(() => checkAddon('/x/alloc8.node', { version: '0.2.0', ...whole }, '0.2.0')).not.toThrow()
  })
})

const built = join(process.cwd(), 'build/Release/alloc8.node')
test.skipIf(!existsSync(built))('the built addon loads and answers', () => {
  vi.stubEnv('ALLOC8_NATIVE_DIR', '')
  expect(addon().version).toBe(manifest.version)
  expect(addon().fileCapabilities('/bin/ls')).toBe(false)
  expect(addon()).toBe(addon())
})

test("the version is package.json's", () => expect(packageVersion()).toBe(manifest.version))
