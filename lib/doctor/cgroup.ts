/**
 * What the container or service that this process is in may use: the limits of its control groups, of both versions
 * (kernel: admin-guide/cgroup-v1, cgroup-v2). The tightest of a group and those above it holds.
 */

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** null: no limit. */
export interface CgroupLimits {
  memoryBytes: number | null
  /** Whole processors' worth of time: 1.5 is a processor and a half. */
  cpus: number | null
  processes: number | null
}

/** Version 1 writes no limit as the largest multiple of a page that fits 63 bits. */
const noLimitV1 = 2 ** 62

/** The limits of this process. `root` stands for `/`, for tests. */
export function cgroupLimits(root = '/'): CgroupLimits {
  const read = (path: string) => readText(join(root, path))
  const groups = (read('proc/self/cgroup') ?? '').split('\n').map((line) => {
    const [, controllers = '', ...path] = line.split(':')
    return { controllers: controllers.split(','), path: path.join(':') || '/' }
  })
  const unified = groups.find(({ controllers }) => controllers.includes(''))?.path ?? '/'
  const v2 = (file: string, parse: Parse) => tightest('sys/fs/cgroup', unified, (at) => parse(read(join(at, file))))
  const v1 = (controller: string, parse: (read: (file: string) => string | null) => number | null) => {
    const path = groups.find(({ controllers }) => controllers.includes(controller))?.path ?? '/'
    return tightest(`sys/fs/cgroup/${controller}`, path, (at) => parse((file) => read(join(at, file))))
  }
  return {
    memoryBytes: least(
      v2('memory.max', plainNumber),
      v2('memory.high', plainNumber),
      v1('memory', (file) => plainNumber(file('memory.limit_in_bytes'))),
    ),
    cpus: least(
      v2('cpu.max', quota),
      v1('cpu', (file) => quota(`${file('cpu.cfs_quota_us')} ${file('cpu.cfs_period_us')}`)),
    ),
    processes: least(
      v2('pids.max', plainNumber),
      v1('pids', (file) => plainNumber(file('pids.max'))),
    ),
  }
}

type Parse = (text: string | null) => number | null

/** A number; `max`, -1 and the largest of version 1 are no limit. */
function plainNumber(text: string | null): number | null {
  const value = /^\d+$/.test(text?.trim() ?? '') ? Number(text) : Number.NaN
  return value < noLimitV1 ? value : null
}

/** `200000 100000`: microseconds in a period of so many. */
function quota(text: string | null): number | null {
  const match = /^(\d+)\s+(\d+)\s*$/.exec(text ?? '')
  return match === null || Number(match[2]) === 0 ? null : Number(match[1]) / Number(match[2])
}

/** The smallest number in a group's folder and those above it. A container often sees its own as the topmost. */
function tightest(mount: string, group: string, limitAt: (folder: string) => number | null): number | null {
  const limits: (number | null)[] = []
  for (let path = group; ; path = dirname(path)) {
    limits.push(limitAt(join(mount, path)))
    if (path === '/' || path === '.') return least(...limits)
  }
}

function least(...values: (number | null)[]): number | null {
  const limits = values.filter((value) => value !== null)
  return limits.length === 0 ? null : Math.min(...limits)
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
