/**
 * What the facts about a machine mean for alloc8, and what to do about each lack. A check is `limited` where something
 * cannot be measured or told, `bad` where alloc8 does not work.
 */

import type { CheckState, DoctorCheck } from '../types.ts'
import type { MachineFacts } from './machine-facts.ts'

/** A check of the facts: its state, what was found, what that means and what to do. */
type Finding = [state: CheckState, found: string, meaning?: string, advice?: string]

const mebibyte = 2 ** 20
const gibibyte = 2 ** 30

/** A record of a process is a few pages, its journal some more: thousands of compilers take this much. */
const sessionRoom = 256 * mebibyte

/** Heaps that reserve addresses ahead take some gigabytes of them: 8 GiB has room for each that is known. */
const addressRoom = 8 * gibibyte

/** Variables that change which allocator a program has or how it behaves: each target inherits them. */
const allocatorVariables =
  /^(LD_PRELOAD|LD_AUDIT|GLIBC_TUNABLES|MALLOC_[A-Z_]*_?|MALLOC_CONF|_RJEM_MALLOC_CONF|MIMALLOC_\w+|TCMALLOC_\w+|SCUDO_OPTIONS|PYTHONMALLOC|TBB_MALLOC_\w+|ALLOC8_MULTIARENA_\w+)$/

const checks: Record<string, (facts: MachineFacts) => Finding> = {
  cores: ({ cores }) =>
    cores > 1
      ? ['good', `${cores} processors`]
      : [
          'limited',
          '1 processor',
          'threads of a target never run at the same time, so that what locks of an allocator cost does not show',
          'compare programs with threads on a machine with more processors',
        ],

  memory: ({ memoryBytes, availableBytes }) => {
    if (memoryBytes === null || availableBytes === null) return ['good', 'not told']
    const found = `${bytes(availableBytes)} of ${bytes(memoryBytes)} available`
    return availableBytes >= gibibyte / 2
      ? ['good', found]
      : ['limited', found, 'a target may be ended by the kernel for want of memory', 'end what is not needed']
  },

  swap: ({ swapBytes, swapUsedBytes }) => {
    if (swapBytes === null || swapBytes === 0) return ['good', 'none']
    const found = `${bytes(swapBytes)}, ${bytes(swapUsedBytes ?? 0)} in use`
    if ((swapUsedBytes ?? 0) < mebibyte) return ['good', found]
    return [
      'limited',
      found,
      'what is swapped out is not in the resident memory that is measured, and comes back at the cost of time',
      'compare with memory to spare: end what is not needed, or swapoff -a',
    ]
  },

  cgroup: ({ cgroup, cores, memoryBytes }) => {
    const memory = cgroup.memoryBytes !== null && cgroup.memoryBytes < (memoryBytes ?? Number.POSITIVE_INFINITY)
    const cpus = cgroup.cpus !== null && cgroup.cpus < cores
    const parts = [
      ...(memory ? [`memory ${bytes(cgroup.memoryBytes ?? 0)}`] : []),
      ...(cpus ? [`${Number(cgroup.cpus?.toFixed(2))} of ${cores} processors`] : []),
      ...(cgroup.processes === null ? [] : [`${cgroup.processes} processes`]),
    ]
    if (!memory && !cpus) return ['good', parts.length === 0 ? 'no limit' : parts.join(', ')]
    return [
      'limited',
      parts.join(', '),
      cpus
        ? 'a target that wants more processors is stopped for the rest of each period, which adds noise to its time'
        : 'a target that needs more memory is ended by the kernel (exit by SIGKILL)',
      cpus ? 'measure CPU time, or give the container whole processors' : 'keep the target below, or raise the limit',
    ]
  },

  thp: ({ thp }) =>
    thp === 'always'
      ? [
          'limited',
          'always',
          'memory comes in pieces of 2 MiB to every heap: peak memory shows the kernel as much as the allocator',
          'compare under the setting of the machine that it is for: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled',
        ]
      : ['good', thp ?? 'not told'],

  governor: ({ governors }) => {
    if (governors.length === 0) return ['good', 'not told, as on most virtual machines']
    const found = governors.join(', ')
    if (governors.every((each) => each === 'performance')) return ['good', found]
    return [
      'limited',
      found,
      'the clock of the processors follows the load, and so does every time that is measured',
      'cpupower frequency-set --governor performance',
    ]
  },

  aslr: ({ aslr }) =>
    aslr === null || aslr === 2
      ? ['good', aslr === null ? 'not told' : 'on']
      : [
          'limited',
          aslr === 0 ? 'off' : 'on, but not for the heap',
          'all runs have one layout: a difference may be that of a lucky layout',
          'sysctl kernel.randomize_va_space=2',
        ],

  overcommit: ({ overcommit }) =>
    overcommit === 2
      ? [
          'limited',
          '2 (never)',
          'heaps that reserve addresses ahead fail early or run out of memory where they would not elsewhere',
          'compare under the setting of the machine that it is for; elsewhere sysctl vm.overcommit_memory=0',
        ]
      : ['good', overcommit === null ? 'not told' : overcommit === 1 ? '1 (always)' : '0 (by a heuristic)'],

  limits: ({ limits }) => {
    const named = [
      { name: 'Max address space', least: addressRoom, flag: '-v' },
      { name: 'Max data size', least: addressRoom, flag: '-d' },
      { name: 'Max file size', least: 4 * mebibyte, flag: '-f' },
      { name: 'Max open files', least: 256, flag: '-n' },
    ]
    const low = named.filter(({ name, least }) => (limits.get(name) ?? Number.POSITIVE_INFINITY) < least)
    if (low.length === 0) return ['good', 'none that matters']
    return [
      'limited',
      low.map(({ name }) => `${name.slice(4)} ${shownLimit(name, limits.get(name) ?? 0)}`).join(', '),
      'targets inherit them: heaps that reserve addresses fail, and records of processes may not fit',
      low.map(({ flag }) => `ulimit ${flag} unlimited`).join('; '),
    ]
  },

  'ptrace-scope': ({ ptraceScope }) =>
    ptraceScope === null || ptraceScope === 0
      ? ['good', ptraceScope === null ? 'no restriction' : '0']
      : [
          'limited',
          String(ptraceScope),
          'doctor --pid cannot read the memory of processes that it did not start, and works their order of libraries out',
          ptraceScope < 3 ? 'run doctor --pid as root' : 'set at boot, until the next one: kernel.yama.ptrace_scope',
        ],

  'system-preload': ({ systemPreload }) => {
    if (systemPreload.length === 0) return ['good', 'no /etc/ld.so.preload']
    const found = systemPreload.map(({ path }) => path).join(', ')
    const own = systemPreload.find(({ hasMalloc }) => hasMalloc)
    return own === undefined
      ? ['good', `${found}, without a malloc`]
      : [
          'limited',
          found,
          `every program here has the malloc of ${own.path}, unless a heap is preloaded: \`default\` means that one`,
          'take it out of /etc/ld.so.preload, or compare against `system`',
        ]
  },

  environment: ({ environment }) => {
    const names = Object.keys(environment).filter((name) => allocatorVariables.test(name) && environment[name] !== '')
    if (names.length === 0) return ['good', 'nothing that changes allocators']
    return [
      'limited',
      names.map((name) => `${name}=${environment[name]}`).join(', '),
      'every target inherits it, under each heap that reads it',
      `unless that is what you want: env ${names.map((name) => `-u ${name}`).join(' ')} alloc8 ...`,
    ]
  },

  'session-folder': ({ sessionFolder: { path, writable, freeBytes } }) => {
    if (!writable) {
      return ['bad', `${path} cannot be written to`, 'no run can be witnessed', 'set TMPDIR to a folder that can']
    }
    if (freeBytes === null || freeBytes >= sessionRoom) {
      return ['good', freeBytes === null ? path : `${path}, ${bytes(freeBytes)} free`]
    }
    const meaning = 'records of targets with many processes may not fit: they count as not witnessed'
    return ['limited', `${path}, ${bytes(freeBytes)} free`, meaning, 'make room there, or set TMPDIR to another folder']
  },
}

/** All checks of the facts, in the order in which they are shown. */
export function machineChecks(facts: MachineFacts): DoctorCheck[] {
  return Object.entries(checks).map(([id, check]) => toCheck(id, check(facts)))
}

/** Whether hardware counters work. `error` is what came of trying one: an errno's name, null where it worked. */
export function countersCheck(error: string | null, paranoid: number | null): DoctorCheck {
  if (error === null) return toCheck('counters', ['good', 'hardware counters work'])
  const meaning =
    'instructions, cycles and cache misses cannot be counted by perf; time and memory are measured all the same'
  const refused = error === 'EACCES' || error === 'EPERM'
  const setting = paranoid === null ? '' : ` (perf_event_paranoid ${paranoid})`
  const found = refused ? `refused${setting}` : error === 'ENOSYS' ? 'not in this kernel' : 'none on this machine'
  const advice = refused
    ? 'sysctl kernel.perf_event_paranoid=1; in a container, allow perf_event_open (CAP_PERFMON)'
    : 'count instructions with valgrind --tool=callgrind, or use a machine that is not virtual'
  return toCheck('counters', ['limited', found, meaning, advice])
}

/** Whether there are allocators to choose from. */
export function heapsCheck(
  found: readonly string[],
  missing: readonly { name: string; debianPackage: string | null }[],
): DoctorCheck {
  const others = missing.map(({ name }) => name).join(', ')
  if (missing.length === 0) return toCheck('heaps', ['good', `${found.length} installed, all that are known`])
  if (found.length > 0) return toCheck('heaps', ['good', `${found.length} installed; not here: ${others}`])
  const packages = missing.flatMap(({ debianPackage }) => debianPackage ?? [])
  return toCheck('heaps', [
    'limited',
    'no allocator is installed',
    'there are libc and what alloc8 brings along to choose from, and any library by its path',
    `apt-get install ${packages.join(' ')} (Debian 12)`,
  ])
}

/** A check out of what it found. */
export function toCheck(
  id: string,
  [state, found, meaning = null, advice = null]: Finding | [CheckState, string, string | null, string | null],
): DoctorCheck {
  return { id, state, found, meaning, advice }
}

function bytes(value: number): string {
  const unit = value >= gibibyte ? { size: gibibyte, name: 'GiB' } : { size: mebibyte, name: 'MiB' }
  return `${Number((value / unit.size).toPrecision(3))} ${unit.name}`
}

function shownLimit(name: string, value: number): string {
  return name === 'Max open files' ? String(value) : bytes(value)
}
