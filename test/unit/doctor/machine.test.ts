/** The facts about a machine, what they mean, and the examination as a whole. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { examineMachine } from '../../../lib/doctor/index.ts'
import { countersCheck, heapsCheck, machineChecks } from '../../../lib/doctor/machine-checks.ts'
import { type MachineFacts, machineFacts } from '../../../lib/doctor/machine-facts.ts'
import { Alloc8Error } from '../../../lib/errors.ts'
import type { Verdict } from '../../../lib/types.ts'
import { compile } from '../../support/compile.ts'
import { scratch } from '../../support/launching.ts'
import { schemaProblems } from '../../support/schema.ts'

const folder = scratch()
afterAll(folder.remove)
afterEach(() => vi.unstubAllEnvs())

const gibibyte = 2 ** 30

const good: MachineFacts = {
  cores: 4,
  memoryBytes: 16 * gibibyte,
  availableBytes: 8 * gibibyte,
  swapBytes: gibibyte,
  swapUsedBytes: 0,
  cgroup: { memoryBytes: null, cpus: null, processes: 1000 },
  thp: 'madvise',
  governors: ['performance'],
  ptraceScope: 0,
  overcommit: 0,
  aslr: 2,
  perfParanoid: 2,
  systemPreload: [],
  limits: new Map([['Max address space', null]]),
  environment: { HOME: '/root', MALLOC_CONF: '' },
  sessionFolder: { path: '/dev/shm', writable: true, freeBytes: gibibyte },
}

test('a machine without a lack: every check good, with nothing to do', () => {
  const checks = machineChecks(good)
  expect(checks.filter(({ state }) => state !== 'good')).toEqual([])
  expect(checks.filter(({ meaning, advice }) => meaning !== null || advice !== null)).toEqual([])
  expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length)
})

describe('each lack is limited or bad, with what it means and what to do', () => {
  const lacks: [id: string, facts: Partial<MachineFacts>, found: string, state?: 'bad'][] = [
    ['cores', { cores: 1 }, '1 processor'],
    ['memory', { availableBytes: gibibyte / 4 }, '256 MiB of 16 GiB available'],
    ['swap', { swapUsedBytes: gibibyte / 2 }, '1 GiB, 512 MiB in use'],
    ['cgroup', { cgroup: { memoryBytes: gibibyte, cpus: null, processes: null } }, 'memory 1 GiB'],
    ['cgroup', { cgroup: { memoryBytes: null, cpus: 1.5, processes: 9 } }, '1.5 of 4 processors, 9 processes'],
    ['thp', { thp: 'always' }, 'always'],
    ['governor', { governors: ['performance', 'powersave'] }, 'performance, powersave'],
    ['aslr', { aslr: 0 }, 'off'],
    ['aslr', { aslr: 1 }, 'on, but not for the heap'],
    ['overcommit', { overcommit: 2 }, '2 (never)'],
    ['limits', { limits: new Map([['Max address space', gibibyte]]) }, 'address space 1 GiB'],
    ['limits', { limits: new Map([['Max open files', 20]]) }, 'open files 20'],
    ['ptrace-scope', { ptraceScope: 1 }, '1'],
    ['ptrace-scope', { ptraceScope: 3 }, '3'],
    ['system-preload', { systemPreload: [{ path: '/lib/a.so', hasMalloc: true }] }, '/lib/a.so'],
    ['environment', { environment: { MALLOC_CONF: 'narenas:1' } }, 'MALLOC_CONF=narenas:1'],
    [
      'environment',
      { environment: { LD_PRELOAD: 'a.so', MALLOC_ARENA_MAX: '1' } },
      'LD_PRELOAD=a.so, MALLOC_ARENA_MAX=1',
    ],
    ['session-folder', { sessionFolder: { path: '/x', writable: true, freeBytes: 2 ** 20 } }, '/x, 1 MiB free'],
    [
      'session-folder',
      { sessionFolder: { path: '/x', writable: false, freeBytes: 0 } },
      '/x cannot be written to',
      'bad',
    ],
  ]
  test.each(lacks)('%s %o', (id, facts, found, state = 'limited' as never) => {
    const checks = machineChecks({ ...good, ...facts })
    expect(checks.filter((check) => check.state !== 'good')).toEqual([
      { id, state, found, meaning: expect.stringMatching(/\w/), advice: expect.stringMatching(/\w/) },
    ])
  })

  test('a library that is preloaded everywhere and has no malloc is none', () => {
    const checks = machineChecks({ ...good, systemPreload: [{ path: '/lib/quiet.so', hasMalloc: false }] })
    expect(checks.find(({ id }) => id === 'system-preload')).toMatchObject({ state: 'good' })
  })

  test('counters: refused, absent, not in the kernel', () => {
    expect(countersCheck(null, 4)).toMatchObject({ state: 'good', advice: null })
    expect(countersCheck('EACCES', 4)).toMatchObject({ state: 'limited', found: 'refused (perf_event_paranoid 4)' })
    expect(countersCheck('ENOENT', 2)).toMatchObject({ state: 'limited', found: 'none on this machine' })
    expect(countersCheck('ENOSYS', null)).toMatchObject({ state: 'limited', found: 'not in this kernel' })
  })

  test('heaps: none installed names the packages', () => {
    const missing = [
      { name: 'jemalloc', debianPackage: 'libjemalloc2' },
      { name: 'hoard', debianPackage: null },
    ]
    expect(heapsCheck(['mimalloc'], missing)).toMatchObject({
      state: 'good',
      found: '1 installed; not here: jemalloc, hoard',
    })
    expect(heapsCheck([], missing)).toMatchObject({
      state: 'limited',
      advice: 'apt-get install libjemalloc2 (Debian 12)',
    })
  })
})

test('facts are read from where the kernel has them', async () => {
  const preloaded = await compile(folder.path, {
    name: 'liball.so',
    source: '#include <stddef.h>\nvoid *malloc(size_t n) { return (void *)n; }\n',
    flags: ['-shared', '-fPIC'],
  })
  const root = join(folder.path, 'root')
  const files: Record<string, string> = {
    'proc/meminfo': 'MemTotal:  2048 kB\nMemAvailable: 1024 kB\nSwapTotal: 100 kB\nSwapFree: 40 kB\n',
    'proc/self/limits': [
      'Limit                     Soft Limit           Hard Limit           Units     ',
      'Max address space         4096                 unlimited            bytes     ',
      'Max open files            unlimited            unlimited            files     ',
    ].join('\n'),
    'proc/sys/kernel/yama/ptrace_scope': '1\n',
    'proc/sys/vm/overcommit_memory': '2\n',
    'proc/sys/kernel/randomize_va_space': '0\n',
    'proc/sys/kernel/perf_event_paranoid': '-1\n',
    'sys/kernel/mm/transparent_hugepage/enabled': '[always] madvise never\n',
    'sys/devices/system/cpu/cpu0/cpufreq/scaling_governor': 'powersave\n',
    'sys/devices/system/cpu/cpu1/cpufreq/scaling_governor': 'performance\n',
    'sys/devices/system/cpu/cpufreq/none': '',
    'etc/ld.so.preload': `# ours\n${preloaded} /no/such.so # and more\n`,
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  expect(machineFacts('/no/such/folder', {}, root)).toMatchObject({
    memoryBytes: 2048 * 1024,
    availableBytes: 1024 * 1024,
    swapBytes: 100 * 1024,
    swapUsedBytes: 60 * 1024,
    ptraceScope: 1,
    overcommit: 2,
    aslr: 0,
    perfParanoid: -1,
    thp: 'always',
    governors: ['powersave', 'performance'],
    systemPreload: [
      { path: preloaded, hasMalloc: true },
      { path: '/no/such.so', hasMalloc: false },
    ],
    limits: new Map([
      ['Max address space', 4096],
      ['Max open files', null],
    ]),
    sessionFolder: { path: '/no/such/folder', writable: false, freeBytes: null },
  })
})

test('facts where there is nothing to read', () => {
  const empty = join(folder.path, 'empty')
  mkdirSync(empty)
  const facts = machineFacts(folder.path, {}, empty)
  expect(facts).toMatchObject({ memoryBytes: null, thp: null, governors: [], ptraceScope: null, systemPreload: [] })
  expect(machineChecks({ ...facts, cores: 2 }).filter(({ state }) => state !== 'good')).toEqual([])
})

describe('the examination', () => {
  const seen: Verdict = {
    state: 'active',
    reasons: [],
    processes: [
      { pid: 1, ppid: 0, executable: '/x', state: 'active', reasons: [], bindings: { malloc: '/lib/libc.so.6' } },
    ],
  }
  const around = { sessionFolder: folder.path, environment: {} }
  const reason = { code: 'library-not-loaded', message: 'it does not load', advice: 'see stderr' } as const

  test('all works', async () => {
    const result = await examineMachine({ ...around, tryHeap: async () => seen })
    expect(schemaProblems('doctor', result)).toEqual([])
    expect(result).toMatchObject({ holds: true })
    expect(result.heaps.map(({ state }) => state)).toEqual(result.heaps.map(() => 'active'))
  })

  test('a heap that does not load, or cannot even be tried', async () => {
    const tryHeap = async (spec: string) => {
      if (spec === 'simple') return { ...seen, state: 'inactive' as const, reasons: [reason] }
      if (spec === 'multiarena') throw new Alloc8Error('HEAP_LIBRARY', 'it is damaged', { hint: 'build it' })
      return seen
    }
    const { holds, heaps } = await examineMachine({ ...around, tryHeap })
    expect(holds).toBe(false)
    expect(heaps.filter(({ state }) => state === 'inactive')).toMatchObject([
      { name: 'simple', reasons: ['it does not load; see stderr'] },
      { name: 'multiarena', reasons: ['it is damaged; build it'] },
    ])
  })

  test('nothing can be preloaded: bad, and no heap is tried', async () => {
    const asked: string[] = []
    const tryHeap = async (spec: string): Promise<Verdict> => {
      asked.push(spec)
      return { state: 'inactive', reasons: [reason], processes: [] }
    }
    const { holds, checks, heaps } = await examineMachine({ ...around, tryHeap })
    expect([holds, asked]).toEqual([false, ['default']])
    expect(checks.find(({ id }) => id === 'preload')).toMatchObject({ state: 'bad', found: 'it does not load' })
    expect(heaps.every(({ state }) => state === null)).toBe(true)
  })

  test('the native part is not built: bad, with how to build it', async () => {
    vi.stubEnv('ALLOC8_NATIVE_DIR', folder.path)
    const result = await examineMachine({ ...around, tryHeap: async () => seen })
    expect(schemaProblems('doctor', result)).toEqual([])
    expect(result.holds).toBe(false)
    expect(result.checks[0]).toMatchObject({ id: 'native', state: 'bad', advice: expect.stringContaining('build') })
  })

  test('an error that nobody foresaw is not taken for a finding', async () => {
    const tryHeap = async () => {
      throw new TypeError('a mistake of ours')
    }
    await expect(examineMachine({ ...around, tryHeap })).rejects.toThrow('a mistake of ours')
  })
})
