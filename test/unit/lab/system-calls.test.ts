/** What strace writes, read: whole calls, those that another thread's interrupt, and those that fail; and their sums. */

import { describe, expect, it } from 'vitest'
import { betweenMarks, changesOf, sumOf } from '../../../lib/lab/call-sums.ts'
import { markOf, parseSystemCalls, type SystemCall, SystemCallTracer } from '../../../lib/lab/system-calls.ts'

const written = `strace: Process 29194 attached with 3 threads
[pid 29195] 1795801530.617791 mmap(NULL, 65536, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f6f8e8ee000
[pid 29196] 1795801530.619447 madvise(0x3000, 0, MADV_NORMAL <unfinished ...>
[pid 29195] 1795801530.619462 mmap(NULL, 1003520, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0 <unfinished ...>
[pid 29196] 1795801530.619479 <... madvise resumed>) = 0
[pid 29195] 1795801530.619631 <... mmap resumed>) = 0x7f6f8dddf000
[pid 29195] 1795801530.619632 mmap(NULL, 70368744177664, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM (Cannot allocate memory)
[pid 29195] 1795801530.620000 brk(NULL)                         = 0x55d0f0a5f000
[pid 29196] 1795801530.621531 +++ exited with 0 +++
1795801531.000001 munmap(0x7f6f8dddf000, 1003520 <unfinished ...>
`

const call = (name: string, args: string[], result: bigint | null = 0n): SystemCall => ({
  ...{ atMs: 0, tid: null, name, args, result },
})

describe('what strace writes', () => {
  const calls = parseSystemCalls(written)

  it('is calls in the order in which they began', () => {
    expect(calls.map(({ name, tid }) => [name, tid])).toEqual([
      ['mmap', 29195],
      ['madvise', 29196],
      ['mmap', 29195],
      ['mmap', 29195],
      ['brk', 29195],
      ['munmap', null],
    ])
  })

  it('has arguments, results and microseconds, also of a call that was written in two parts', () => {
    expect(calls[2]).toEqual({
      ...{ atMs: 1795801530619.462, tid: 29195, name: 'mmap', result: 0x7f6f8dddf000n },
      args: ['NULL', '1003520', 'PROT_READ|PROT_WRITE', 'MAP_PRIVATE|MAP_ANONYMOUS', '-1', '0'],
    })
    expect(calls[0]?.result).toBe(0x7f6f8e8ee000n)
  })

  it('has no result where the call failed, or never came back', () => {
    expect(calls[3]?.result).toBeNull()
    expect(calls[5]).toMatchObject({ args: ['0x7f6f8dddf000', '1003520'], result: null })
  })

  it('has marks: an advice about no bytes', () => {
    expect(calls.map(markOf)).toEqual([null, 3, null, null, null, null])
    expect(markOf(call('madvise', ['NULL', '0', 'MADV_NORMAL']))).toBe(0)
    expect(markOf(call('madvise', ['0x3000', '4096', 'MADV_NORMAL']))).toBeNull()
  })
})

describe('what calls come to', () => {
  const anonymous = ['PROT_READ|PROT_WRITE', 'MAP_PRIVATE|MAP_ANONYMOUS', '-1', '0']

  it('is address space taken and given back, and pages alone', () => {
    const changes = changesOf(
      [
        call('mmap', ['NULL', '8192', ...anonymous], 0x10000n),
        call('mmap', ['0x10000', '4096', 'PROT_NONE', 'MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS', '-1', '0'], 0x10000n),
        call('mmap', ['0x10000', '4096', 'PROT_READ|PROT_WRITE', 'MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS'], 0x10000n),
        call('mmap', ['NULL', '1048576', ...anonymous], null),
        call('munmap', ['0x10000', '4096']),
        call('brk', ['NULL'], 0x5000n),
        call('brk', ['0x7000'], 0x7000n),
        call('brk', ['0x6000'], 0x6000n),
        call('mremap', ['0x10000', '4096', '16384', 'MREMAP_MAYMOVE'], 0x20000n),
        call('mremap', ['0x20000', '16384', '4096', '0'], 0x20000n),
        call('madvise', ['0x20000', '4096', 'MADV_DONTNEED']),
        call('madvise', ['0x20000', '4096', 'MADV_HUGEPAGE']),
        call('mprotect', ['0x20000', '4096', 'PROT_NONE']),
      ],
      0x5000n,
    )
    expect(changes.map(({ takenBytes }) => takenBytes)).toEqual([8192, 0, 0, 0, 0, 0, 8192, 0, 12288, 0, 0, 0, 0])
    expect(changes.map(({ returnedBytes }) => returnedBytes)).toEqual([0, 0, 0, 0, 4096, 0, 0, 4096, 0, 12288, 0, 0, 0])
    expect(changes.map(({ emptiedBytes }) => emptiedBytes)).toEqual([0, 4096, 0, 0, 0, 0, 0, 0, 0, 0, 4096, 0, 0])
    const sums = sumOf(changes)
    expect(sums).toMatchObject({ takenBytes: 28672, returnedBytes: 20480, emptiedBytes: 8192 })
    expect(Object.fromEntries(sums.calls)).toEqual({ mmap: 4, munmap: 1, brk: 3, mremap: 2, madvise: 2, mprotect: 1 })
  })

  it('is told by marks, and a missing one is seen', () => {
    const mark = (number: number) =>
      call('madvise', [number === 0 ? 'NULL' : `0x${(number * 4096).toString(16)}`, '0', 'MADV_NORMAL'])
    const changes = changesOf(
      [call('brk', ['NULL'], 1n), mark(0), call('munmap', ['0x1000', '1']), mark(1), mark(2), mark(3), mark(4)],
      1n,
    )
    const parts = betweenMarks(changes, 3)
    expect(parts.map((part) => part?.map((change) => change.call.name))).toEqual([['munmap'], [], undefined])
    expect(parts[2]).toBeNull()
  })
})

describe('attaching strace', () => {
  it('fails where there is none, and names the package', async () => {
    const path = process.env['PATH']
    process.env['PATH'] = '/nowhere'
    try {
      await expect(SystemCallTracer.attach(process.pid)).rejects.toMatchObject({
        code: 'TRACER',
        message: expect.stringMatching(/expected strace.*package is strace/),
        hint: expect.stringContaining('apt-get install strace'),
      })
    } finally {
      process.env['PATH'] = path
    }
  })

  it('fails where there is no such process, in the words of strace', async () => {
    await expect(SystemCallTracer.attach(2 ** 22 + 1)).rejects.toMatchObject({
      code: 'TRACER',
      message: expect.stringContaining('cannot follow process'),
    })
  })
})
