/**
 * The registry against the allocators of this machine: found where the loader finds them, with the version that their
 * package has, and with no tunable that the library itself does not know. The libraries are asked by running them.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readElf } from '../../../lib/binding/elf.ts'
import { listHeaps, resolveHeap } from '../../../lib/heaps/index.ts'
import { glibc } from '../../../lib/heaps/known/glibc.ts'
import { families } from '../../../lib/heaps/known/index.ts'
import { libcVersion } from '../../../lib/platform.ts'
import type { HeapInfo, Tunable } from '../../../lib/types.ts'
import { testHeaps } from '../../support/heaps.ts'
import { compileC } from '../binding/helpers.ts'

const folder = mkdtempSync(join(tmpdir(), 'alloc8-installed-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const { heaps } = await listHeaps()
const heapOf = (name: string) => heaps.find((heap) => heap.name === name)

/** Runs a program with a heap's environment and gives all that it prints. */
async function output(spec: string, command: string[], more: NodeJS.ProcessEnv = {}): Promise<string> {
  const { preload, env } = await resolveHeap(spec)
  const own = Object.fromEntries(env.map(({ name, value }) => [name, value]))
  const [program = '', ...args] = command
  const result = spawnSync(program, args, {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LD_PRELOAD: preload.join(':'), ...own, ...more },
  })
  return `${result.stdout}${result.stderr}${result.signal ?? ''}`
}

/** A value that a tunable takes: its default, else the least that its kind allows. */
function sample(family: string, tunable: Tunable): string {
  const spec = families.find(({ name }) => name === family)?.tunables.find(({ key }) => key === tunable.key)
  if (tunable.default !== null && tunable.default !== '') return tunable.default
  const strings: Record<string, string> = {
    bin_shards: '1-160:16',
    slab_sizes: '1-128:2',
    memfs_malloc_path: '/tmp/none',
  }
  const least = { integer: String(spec?.minimum ?? 1n), size: '64k', boolean: 'true', string: spec?.words?.[0] ?? '' }
  return strings[tunable.key] ?? (least[tunable.kind] || 'J')
}

describe.each(testHeaps().filter(({ kind }) => kind === 'found'))('$name', ({ name, library, version, missing }) => {
  test.skipIf(missing !== null)('is found where it is, with the version of its package', () => {
    const heap = heapOf(name)
    expect(heap?.kind).toBe('found')
    // A package may write 2021.8.0 where the library says 2021.8; without dpkg there is nothing to compare with.
    if (version !== null) expect(`${version}.`).toMatch(new RegExp(`^${heap?.version?.replaceAll('.', '\\.')}\\.`))
    expect(realpathSync(heap?.path ?? '')).toBe(realpathSync(library ?? ''))
  })

  test.skipIf(missing !== null)('takes every tunable that it lists, and programs run with it', async () => {
    const { tunables } = heapOf(name) as HeapInfo
    const together = families.find((each) => each.name === name)?.tunables.find((each) => each.together)
    for (const tunable of tunables.filter(({ key }) => key !== together?.key)) {
      const spec = `${name}:${tunable.key}=${sample(name, tunable)}`
      expect
        .soft(await output(spec, ['/bin/echo', 'fine']), spec)
        .toMatch(/^(<jemalloc>: (?!Invalid).*\n|mimalloc: .*\n)*fine/m)
      expect.soft(await output(spec, ['/bin/echo', 'fine']), spec).not.toMatch(/[Ii]nvalid|unrecognized|SIG|ERROR/)
    }
  })
})

const installed = (name: string) => heapOf(name) !== undefined

/** For the releases that the tables were written from: the rows that they do not know. */
const unknown: Record<string, string[]> = {
  'jemalloc 5.3.0': [],
  'tcmalloc 2.10': ['large_alloc_report_threshold', 'sample_parameter'],
  'tbbmalloc 2021.8': [],
  'scudo 14.0.6': ['allocation_ring_buffer_size'],
  'system 2.36': [],
}
const listed = heaps.filter(({ name, version }) => unknown[`${name} ${version}`] !== undefined)

test.each(listed)('$name $version knows every row of its table but these', ({ name, version, tunables }) => {
  const table = [...families, glibc(version)].find((family) => family.name === name)?.tunables ?? []
  const known = new Set(tunables.map(({ key }) => key))
  expect(table.map(({ key }) => key).filter((key) => !known.has(key))).toEqual(unknown[`${name} ${version}`])
})

test.skipIf(!installed('jemalloc'))('jemalloc knows every listed key, and not an invented one', async () => {
  const complaint = (key: string) =>
    spawnSync('/bin/true', {
      encoding: 'utf8',
      env: { LD_PRELOAD: heapOf('jemalloc')?.path ?? '', MALLOC_CONF: `${key}:~` },
    }).stderr
  expect(complaint('no_such_key')).toContain('Invalid conf pair')
  for (const { key } of heapOf('jemalloc')?.tunables ?? []) {
    expect.soft(complaint(key), key).not.toContain('Invalid conf pair')
  }
})

test.skipIf(!installed('jemalloc'))("jemalloc's own list of options has our defaults", async () => {
  const printed = await output('jemalloc:stats_print=true', ['/bin/true'])
  const listed = new Map([...printed.matchAll(/^ {2}opt\.(\w+): "?([^"\s(]*)/gm)].map(([, key, value]) => [key, value]))
  expect(listed.size).toBeGreaterThan(40)
  for (const { key, default: value } of heapOf('jemalloc')?.tunables ?? []) {
    if (value !== null && listed.has(key) && key !== 'stats_print') expect.soft(listed.get(key), key).toBe(value)
  }
})

test.skipIf(!installed('mimalloc'))(
  'mimalloc prints every listed key, our defaults, and the value that we set',
  async () => {
    const options = (text: string) =>
      new Map([...text.matchAll(/option '(\w+)': (-?\d+)/g)].map(([, key, value]) => [key, value]))
    const before = options(await output('mimalloc:verbose=1', ['/bin/true']))
    for (const { key, kind, default: value } of heapOf('mimalloc')?.tunables ?? []) {
      if (key === 'verbose') continue
      expect.soft(before.has(key), key).toBe(true)
      if (value !== null) expect.soft(before.get(key), key).toBe(value)
      if (kind === 'size') continue
      const other = kind === 'boolean' ? (before.get(key) === '1' ? 'off' : 'on') : '1'
      const after = options(await output(`mimalloc:verbose=1:${key}=${other}`, ['/bin/true']))
      expect.soft(after.get(key), `${key}=${other}`).toBe(other === 'off' ? '0' : '1')
    }
    // This one it reads in bytes and keeps in KiB.
    expect(
      options(await output('mimalloc:verbose=1:reserve_os_memory=64M', ['/bin/true'])).get('reserve_os_memory'),
    ).toBe('65536')
  },
)

test.skipIf(!installed('tcmalloc'))(
  'tcmalloc obeys a limit on its heap, and is told of no option it lacks',
  async () => {
    const program = compileC(
      folder,
      'big',
      '#include <stdio.h>\n#include <stdlib.h>\nint main(void) { puts(malloc(300u << 20) ? "given" : "refused"); }',
      '-O0',
      '-fno-builtin',
    )
    expect(await output('tcmalloc', [program])).toBe('given\n')
    expect(await output('tcmalloc:heap_limit_mb=200', [program])).toBe('refused\n')
    const keys = heapOf('tcmalloc')?.tunables.map(({ key }) => key)
    // The minimal library mentions the variable in a message and has no profiler that reads it.
    expect(keys).not.toContain('sample_parameter')
  },
)

test.skipIf(!installed('tbbmalloc'))('tbbmalloc says that huge pages were asked for', async () => {
  const asked = (spec: string) => output(spec, ['/bin/true'], { TBB_VERSION: '1' })
  expect(await asked('tbbmalloc')).toMatch(/huge pages\s+not requested/)
  expect(await asked('tbbmalloc:use_huge_pages=yes')).toMatch(/huge pages\s+requested/)
})

test.skipIf(!installed('scudo'))('scudo aborts on a quarantine without its other half, so we refuse that', async () => {
  const options = { SCUDO_OPTIONS: 'quarantine_size_kb=64' }
  expect(await output('scudo', ['/bin/echo', 'fine'], options)).toContain('SIGABRT')
  await expect(resolveHeap('scudo:quarantine_size_kb=64')).rejects.toThrow('alone makes the library abort')
  const both = 'scudo:quarantine_size_kb=64:thread_local_quarantine_size_kb=32'
  expect(await output(both, ['/bin/echo', 'fine'])).toBe('fine\n')
})

describe('system', () => {
  const system = heapOf('system')

  test("is the libc that programs get, with Node's own version of it", () => {
    expect(system).toMatchObject({ kind: 'system', name: 'system' })
    expect(`glibc ${system?.version}`).toBe(libcVersion())
    const maps = execFileSync('ldd', ['/bin/ls'], { encoding: 'utf8' })
    expect(system?.path).toBe(/libc\.so\.6 => (\S+)/.exec(maps)?.[1])
  })

  const loader = readElf(system?.path ?? '')?.interpreter ?? ''

  test('the loader lists every tunable, with bounds that hold ours', async () => {
    const listed = execFileSync(loader, ['--list-tunables'], { encoding: 'utf8' })
    for (const { key } of system?.tunables ?? []) expect.soft(listed, key).toContain(`glibc.malloc.${key}: `)
    expect(system?.tunables.length).toBeGreaterThanOrEqual(12)
    const minimum = (key: string) => /min: (\w+)/.exec(listed.slice(listed.indexOf(`glibc.malloc.${key}: `)))?.[1]
    for (const { key } of system?.tunables ?? []) {
      const below = String(BigInt(minimum(key) ?? '0x0') - 1n)
      await expect(resolveHeap(`system:${key}=${below}`), `${key}=${below}`).rejects.toThrow('expected')
    }
  })

  test('a tunable arrives: one arena instead of one for each thread', async () => {
    const program = compileC(
      folder,
      'arenas',
      `#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
static pthread_barrier_t all;
static void *work(void *p) { void *q = malloc(1000); pthread_barrier_wait(&all); free(q); return p; }
int main(void) {
  pthread_t threads[4];
  pthread_barrier_init(&all, 0, 5);
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], 0, work, 0);
  pthread_barrier_wait(&all);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
  malloc_info(0, stdout);
}
`,
      '-pthread',
      '-include',
      'stdio.h',
    )
    const arenas = async (spec: string) => (await output(spec, [program])).match(/<heap nr=/g)?.length
    expect(await arenas('system')).toBe(5)
    expect(await arenas('system:arena_max=1')).toBe(1)
  })

  test('what glibc would silently ignore is refused', async () => {
    for (const pair of ['tcache_count=65536', 'mxfast=161', 'tcache_max=1033']) {
      await expect(resolveHeap(`system:${pair}`), pair).rejects.toMatchObject({ code: 'HEAP_TUNABLE' })
    }
  })
})

test('every listed library exists and offers malloc', () => {
  for (const { path } of heaps.filter((heap) => heap.path !== null)) {
    expect(existsSync(path ?? ''), path ?? '').toBe(true)
    expect(readElf(path ?? '')?.findDynamic(['malloc'])).toHaveLength(1)
  }
})
