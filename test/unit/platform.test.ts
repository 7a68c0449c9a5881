/** The platform table: what runs here, and what is said where alloc8 does not exist. */

import { execFileSync } from 'node:child_process'
import { describe, expect, test, vi } from 'vitest'
import { cacheFlagsOf, libcVersion, libraryFolders, machineName, platform, platformOf } from '../../lib/platform.ts'

describe('this machine', () => {
  test('is what the C library says', () => {
    const version = execFileSync('getconf', ['GNU_LIBC_VERSION'], { encoding: 'utf8' }).trim()
    expect(libcVersion()).toBe(version)
    expect(platform().elf.bits).toBe(64)
    expect(platform()).toMatchObject({ os: 'linux', libc: 'glibc' })
  })

  test('asking for it leaves the report settings as they were', async () => {
    const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean }
    for (const setting of [false, true]) {
      report.excludeNetwork = setting
      vi.resetModules()
      const fresh = await import('../../lib/platform.ts')
      expect(fresh.platform()).toEqual(platform())
      expect(report.excludeNetwork).toBe(setting)
    }
    report.excludeNetwork = false
  })
})

const linux = { os: 'linux', libc: 'glibc', libcVersion: '2.36' } as const

test('the table has its values by architecture', () => {
  expect(platformOf({ ...linux, arch: 'x64' })).toMatchObject({
    triplet: 'x86_64-linux-gnu',
    elf: { bits: 64, machine: 62 },
    libcSoname: 'libc.so.6',
    libcVersion: '2.36',
  })
  const arm = platformOf({ ...linux, arch: 'arm64' })
  expect(arm).toMatchObject({ triplet: 'aarch64-linux-gnu', elf: { bits: 64, machine: 183 } })
  expect(libraryFolders(arm)).toContain('/usr/lib/aarch64-linux-gnu')
  expect(libraryFolders(arm)[0]).toBe('/usr/local/lib')
})

test.each([
  [{ os: 'linux', arch: 'x64', libc: 'musl', libcVersion: null }, 'linux x64 musl'],
  [{ os: 'linux', arch: 'riscv64', libc: 'glibc', libcVersion: '2.36' }, 'linux riscv64 glibc'],
  [{ os: 'darwin', arch: 'arm64', libc: 'none', libcVersion: null }, 'darwin arm64'],
] as const)('where it does not exist, the error names what was found and what exists: %j', (host, name) => {
  expect(() => platformOf(host)).toThrow(
    expect.objectContaining({
      code: 'NATIVE',
      message: `alloc8 does not run on ${name}; it exists for linux x64 glibc, linux arm64 glibc`,
      hint: expect.stringContaining('container'),
    }),
  )
})

test('machines have names, known or not', () => {
  expect(machineName({ bits: 64, machine: 62 })).toBe('64-bit x86-64')
  expect(machineName({ bits: 32, machine: 3 })).toBe('32-bit x86')
  expect(machineName({ bits: 32, machine: 9999 })).toBe('32-bit machine 9999')
})

test("the loader's cache has flags for the machines that may share one", () => {
  expect(cacheFlagsOf({ bits: 64, machine: 62 })).toBe(0x0303)
  expect(cacheFlagsOf({ bits: 32, machine: 3 })).toBe(0x0003)
  expect(cacheFlagsOf({ bits: 32, machine: 62 })).toBe(0x0803)
  expect(cacheFlagsOf({ bits: 32, machine: 9999 })).toBeNull()
})
