/** The kernel's texts about a process. */

import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readElf } from '../../../lib/binding/elf.ts'
import { processAllocator } from '../../../lib/doctor/index.ts'
import { ProcessFiles, parseMaps } from '../../../lib/doctor/process-files.ts'
import { scratch } from '../../support/launching.ts'
import { thrownBy } from '../binding/helpers.ts'

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

/** A /proc with one process, of which there is only this; `flags` are those of its stat. */
function proc(status: string, flags?: number): string {
  const path = join(folder.path, `proc-${Math.random()}`)
  mkdirSync(join(path, '7'), { recursive: true })
  writeFileSync(join(path, '7/status'), status)
  if (flags !== undefined) writeFileSync(join(path, '7/stat'), `7 (a) b) S 2 0 0 0 -1 ${flags} 0 0 0 0\n`)
  return path
}

const ended = 'there is no process 7, or it has just ended'
const sleeping = 'Name:\tx\nState:\tS (sleeping)\n'

test('threads of the kernel: those that say so, and on older kernels those whose flags do', () => {
  const newer = processAllocator(7, proc('Name:\tkswapd0\nState:\tS (sleeping)\nKthread:\t1\n'))
  const older = processAllocator(7, proc('Name:\tkswapd0\nState:\tS (sleeping)\nThreads:\t1\n', 0x20_8040))
  for (const result of [newer, older]) {
    expect(result).toMatchObject({ pid: 7, name: 'kswapd0', kind: 'kernel-thread', allocator: null })
  }
})

test('without memory and no thread of the kernel: it is ending', () => {
  expect(() => processAllocator(7, proc(`${sleeping}Kthread:\t0\n`))).toThrow(ended)
  expect(() => processAllocator(7, proc(sleeping, 0x40_0040))).toThrow(ended)
  expect(() => processAllocator(7, proc(sleeping))).toThrow(ended)
})

test('a program that cannot be read any more: it has ended', () => {
  const gone = proc(`${sleeping}VmSize:\t 5 kB\n`)
  symlinkSync('/no/such/program', join(gone, '7/exe'))
  writeFileSync(join(gone, '7/maps'), '')
  const failed = thrownBy(() => processAllocator(7, gone))
  expect([failed.code, failed.message]).toEqual(['PROCESS', ended])
  // Symbols are read later, when they are asked for.
  const files = new ProcessFiles(7, gone)
  const program = join(folder.path, 'program')
  copyFileSync('/bin/true', program)
  const elf = readElf(program)
  rmSync(program)
  const late = thrownBy(() => files.reading(() => elf?.findDynamic(['malloc'])))
  expect([late.code, late.message]).toEqual(['PROCESS', ended])
})

test('a zombie has no memory either', () => {
  const result = processAllocator(7, proc('Name:\tx\nState:\tZ (zombie)\nThreads:\t1\n'))
  expect(result).toMatchObject({ kind: 'zombie', allocator: null, evidence: [expect.stringContaining('ended')] })
})

test('a process that ends while it is looked at', () => {
  const folder = proc('Name:\tx\nState:\tS (sleeping)\nVmSize:\t 5 kB\n')
  expect(() => processAllocator(7, folder)).toThrow(ended)
})
