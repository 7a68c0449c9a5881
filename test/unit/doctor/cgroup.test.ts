/** Limits of control groups, from folders that look like those of both versions. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { cgroupLimits } from '../../../lib/doctor/index.ts'
import { scratch } from '../../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

let made = 0

/** A root folder with these files. */
function rootWith(files: Record<string, string>): string {
  const root = join(folder.path, String(made++))
  mkdirSync(root)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

const none = { memoryBytes: null, cpus: null, processes: null }

test('no /sys, no limit', () => {
  expect(cgroupLimits(rootWith({}))).toEqual(none)
  expect(cgroupLimits(rootWith({ 'proc/self/cgroup': '0::/\n' }))).toEqual(none)
})

test('version 2: the tightest of the group and those above it', () => {
  const group = 'sys/fs/cgroup/system.slice/app.service'
  const files = {
    'proc/self/cgroup': '0::/system.slice/app.service\n',
    [`${group}/memory.max`]: 'max\n',
    [`${group}/memory.high`]: '3000000\n',
    [`${group}/cpu.max`]: '150000 100000\n',
    [`${group}/pids.max`]: '77\n',
    'sys/fs/cgroup/system.slice/memory.max': '2000000\n',
    'sys/fs/cgroup/system.slice/cpu.max': 'max 100000\n',
  }
  expect(cgroupLimits(rootWith(files))).toEqual({ memoryBytes: 2_000_000, cpus: 1.5, processes: 77 })
})

test('version 2 in a container, which sees its own group as the topmost', () => {
  const files = { 'proc/self/cgroup': '0::/../../gone\n', 'sys/fs/cgroup/memory.max': '5000000\n' }
  expect(cgroupLimits(rootWith(files)).memoryBytes).toBe(5_000_000)
})

test('version 1: a folder for each controller, numbers that mean no limit', () => {
  const lines = ['9:pids:/job', '5:cpu,cpuacct:/job', '3:memory:/job', '1:name=systemd:/job', '']
  const files = {
    'proc/self/cgroup': lines.join('\n'),
    'sys/fs/cgroup/memory/job/memory.limit_in_bytes': '9223372036854771712\n',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '8000000\n',
    'sys/fs/cgroup/cpu/job/cpu.cfs_quota_us': '50000\n',
    'sys/fs/cgroup/cpu/job/cpu.cfs_period_us': '100000\n',
    'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
    'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    'sys/fs/cgroup/pids/job/pids.max': 'max\n',
  }
  expect(cgroupLimits(rootWith(files))).toEqual({ memoryBytes: 8_000_000, cpus: 0.5, processes: null })
  const free = { ...files, 'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n' }
  expect(cgroupLimits(rootWith(free)).memoryBytes).toBeNull()
})
