/** What bears on allocators and on measuring them, as this machine's kernel and environment tell it. */

import { accessSync, constants, readdirSync, readFileSync, statfsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { exportsMalloc } from '../binding/closure.ts'
import { readElf } from '../binding/elf.ts'
import { preloadFileNames } from '../binding/preload-lists.ts'
import { type CgroupLimits, cgroupLimits } from './cgroup.ts'

/** The facts, each null where the machine does not tell. */
export interface MachineFacts {
  cores: number
  memoryBytes: number | null
  availableBytes: number | null
  swapBytes: number | null
  swapUsedBytes: number | null
  cgroup: CgroupLimits
  /** `always`, `madvise`, `never`. */
  thp: string | null
  /** The different governors of all processors; none on most virtual machines. */
  governors: string[]
  /** Yama's setting; null where the kernel has no Yama, which is like 0. */
  ptraceScope: number | null
  /** 0 by a heuristic, 1 always, 2 never beyond the limit. */
  overcommit: number | null
  aslr: number | null
  /** The kernel's setting; whether counters work is tried. */
  perfParanoid: number | null
  /** What /etc/ld.so.preload names, and whether it has a malloc. */
  systemPreload: { path: string; hasMalloc: boolean }[]
  /** Soft limits of resources by the names of /proc/self/limits; null is none. */
  limits: ReadonlyMap<string, number | null>
  environment: NodeJS.ProcessEnv
  sessionFolder: { path: string; writable: boolean; freeBytes: number | null }
}

/** Reads all facts. `root` stands for `/`, for tests. */
export function machineFacts(sessionFolder: string, environment: NodeJS.ProcessEnv, root = '/'): MachineFacts {
  const read = (path: string): string | null => {
    try {
      return readFileSync(join(root, path), 'utf8').trim()
    } catch {
      return null
    }
  }
  const number = (path: string) => toNumber(read(path))
  const memory = read('proc/meminfo') ?? ''
  const kibibytes = (name: string) => {
    const value = toNumber(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(memory)?.[1] ?? null)
    return value === null ? null : value * 1024
  }
  const swapBytes = kibibytes('SwapTotal')
  return {
    cores: availableParallelism(),
    memoryBytes: kibibytes('MemTotal'),
    availableBytes: kibibytes('MemAvailable'),
    swapBytes,
    swapUsedBytes: swapBytes === null ? null : swapBytes - (kibibytes('SwapFree') ?? swapBytes),
    cgroup: cgroupLimits(root),
    thp: /\[(\w+)\]/.exec(read('sys/kernel/mm/transparent_hugepage/enabled') ?? '')?.[1] ?? null,
    governors: governors(root, read),
    ptraceScope: number('proc/sys/kernel/yama/ptrace_scope'),
    overcommit: number('proc/sys/vm/overcommit_memory'),
    aslr: number('proc/sys/kernel/randomize_va_space'),
    perfParanoid: number('proc/sys/kernel/perf_event_paranoid'),
    systemPreload: preloadedEverywhere(read('etc/ld.so.preload') ?? ''),
    limits: parseLimits(read('proc/self/limits') ?? ''),
    environment,
    sessionFolder: { path: sessionFolder, writable: isWritable(sessionFolder), freeBytes: freeBytes(sessionFolder) },
  }
}

function toNumber(text: string | null): number | null {
  return text !== null && /^-?\d+$/.test(text) ? Number(text) : null
}

function governors(root: string, read: (path: string) => string | null): string[] {
  const folder = 'sys/devices/system/cpu'
  let names: string[] = []
  try {
    names = readdirSync(join(root, folder)).filter((name) => /^cpu\d+$/.test(name))
  } catch {
    // A container may have no /sys.
  }
  const found = names.map((name) => read(join(folder, name, 'cpufreq/scaling_governor')))
  return [...new Set(found.filter((each) => each !== null))]
}

function preloadedEverywhere(text: string): MachineFacts['systemPreload'] {
  return preloadFileNames(text).map((path) => ({ path, hasMalloc: hasMalloc(path) }))
}

function hasMalloc(path: string): boolean {
  try {
    const elf = readElf(path)
    return elf !== null && exportsMalloc(elf)
  } catch {
    return false
  }
}

/** The table of proc_pid_limits(5): name, soft limit, hard limit, unit, apart by two spaces and more. */
function parseLimits(text: string): Map<string, number | null> {
  const rows = text.split('\n').map((line) => line.split(/ {2,}/))
  return new Map(rows.slice(1).map(([name = '', soft = '']) => [name, toNumber(soft)]))
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return null
  }
}
