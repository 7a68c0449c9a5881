/** The kernel's texts about a process. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { processAllocator } from '../../../lib/doctor/index.ts'
import { parseMaps } from '../../../lib/doctor/process-files.ts'
import { scratch } from '../../support/launching.ts'

const folder = scratch()
afterAll(folder.remove)

test('maps: each file with code once, with all its parts', () => {
  const text = [
    '00400000-00401000 r--p 00000000 fe:01 10 /opt/a b/program',
    '00401000-00402000 r-xp 00001000 fe:01 10 /opt/a b/program',
    '00402000-00403000 rw-p 00002000 fe:01 10 /opt/a b/program',
    '01000000-01100000 rw-p 00000000 00:00 0                          [heap]',
    '7f0000000000-7f0000001000 r--s 00000000 fe:01 11                 /usr/share/data',
    '7f0000100000-7f0000101000 r-xp 00000000 fe:01 12                 /lib/odd\\012name.so (deleted)',
    '7f0000200000-7f0000201000 r-xp 00000000 00:00 0 ',
    '7fffffffe000-7ffffffff000 r-xp 00000000 00:00 0                  [vdso]',
    'what is this',
    '',
  ].join('\n')
  expect(parseMaps(text)).toEqual([
    {
      path: '/opt/a b/program',
      deleted: false,
      range: '00400000-00401000',
      parts: [
        { start: 0x400000, end: 0x401000 },
        { start: 0x401000, end: 0x402000 },
        { start: 0x402000, end: 0x403000 },
      ],
    },
    {
      path: '/lib/odd\nname.so',
      deleted: true,
      range: '7f0000100000-7f0000101000',
      parts: [{ start: 0x7f0000100000, end: 0x7f0000101000 }],
    },
  ])
})

/** A /proc with one process, of which there is only this. */
function proc(status: string): string {
  const path = join(folder.path, `proc-${Math.random()}`)
  mkdirSync(join(path, '7'), { recursive: true })
  writeFileSync(join(path, '7/status'), status)
  return path
}

test('threads of the kernel: those that say so, and those without memory on older kernels', () => {
  const newer = processAllocator(7, proc('Name:\tkswapd0\nState:\tS (sleeping)\nKthread:\t1\n'))
  const older = processAllocator(7, proc('Name:\tkswapd0\nState:\tS (sleeping)\nThreads:\t1\n'))
  for (const result of [newer, older]) {
    expect(result).toMatchObject({ pid: 7, name: 'kswapd0', kind: 'kernel-thread', allocator: null })
  }
})

test('a zombie has no memory either', () => {
  const result = processAllocator(7, proc('Name:\tx\nState:\tZ (zombie)\nThreads:\t1\n'))
  expect(result).toMatchObject({ kind: 'zombie', allocator: null, evidence: [expect.stringContaining('ended')] })
})

test('a process that ends while it is looked at', () => {
  const folder = proc('Name:\tx\nState:\tS (sleeping)\nVmSize:\t 5 kB\n')
  expect(() => processAllocator(7, folder)).toThrow('there is no process 7, or it has just ended')
})
