/** The machine as far as it bears on measurements: what a reader of a result has to know, and what warnings look at. */

import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { cgroupLimits } from '../doctor/index.ts'
import { platform } from '../platform.ts'
import type { Machine } from '../types.ts'

/** Describes this machine. What cannot be read is null. */
export function describeMachine(): Machine {
  const { libc, libcVersion } = platform()
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: release(),
    libc: libcVersion === null ? libc : `${libc} ${libcVersion}`,
    governor: readWord('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor'),
    thp: /\[(\w+)\]/.exec(readWord('/sys/kernel/mm/transparent_hugepage/enabled') ?? '')?.[1] ?? null,
    aslr: readWord('/proc/sys/kernel/randomize_va_space'),
    cgroupMemoryBytes: cgroupLimit(),
  }
}

function readWord(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return null
  }
}

/** The memory limit of the container, if there is one below the machine's memory. */
function cgroupLimit(): number | null {
  const { memoryBytes } = cgroupLimits()
  return memoryBytes !== null && memoryBytes < totalmem() ? memoryBytes : null
}
