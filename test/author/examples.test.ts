/** What the examples for authors show is so: the overflow is caught, and the samples fall on the lines that allocate. */

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { alloc8 } from '../support/cli.ts'
import { pythonPath, scratch } from '../support/launching.ts'
import { lackingTool, requireOrSkip } from '../support/needs.ts'

const run = promisify(execFile)
const examples = join(import.meta.dirname, '../../examples')
const folder = scratch()
afterAll(folder.remove)

const lacking = lackingTool(process.env['CXX'] || 'c++', 'g++')

async function built(source: string): Promise<string> {
  const output = join(folder.path, 'libheap.so')
  const { status, stderr } = await alloc8(['build', join(examples, source), '-o', output])
  expect([status, stderr]).toEqual([0, ''])
  return output
}

test('Guard<Stats<Simple>> ends a program at the byte that is too many', async ({ skip }) => {
  requireOrSkip(skip, lacking)
  const library = await built('layers/layers.cpp')
  const program = join(folder.path, 'overflow')
  await run('cc', ['-O1', '-fno-builtin', '-w', join(examples, 'layers/overflow.c'), '-o', program])
  expect((await run(program)).stdout).toBe('thirty-one characters and a zero\n')
  await expect(run(program, { env: { LD_PRELOAD: library } })).rejects.toMatchObject({ signal: 'SIGSEGV', stdout: '' })
  expect((await run('ls', ['/'], { env: { LD_PRELOAD: library } })).stdout).toBe((await run('ls', ['/'])).stdout)
})

interface Lines {
  samples: number
  dropped: number
  totalBytes: number
  lines: { file: string; line: number; bytes: number; share: number; source: string }[]
}

describe('the sampling heap', () => {
  const python = pythonPath()
  const source = readFileSync(join(examples, 'sampling-heap/program.py'), 'utf8').split('\n')
  const lineOf = (text: string) => source.findIndex((line) => line.includes(text)) + 1

  test('puts what Python allocates down to its lines, as a table and as JSON', async ({ skip }) => {
    requireOrSkip(skip, lacking ?? lackingTool('python3', 'python3'))
    const library = await built('sampling-heap/sampling_heap.cpp')
    const env = { LD_PRELOAD: library, PYTHONMALLOC: 'malloc', PATH: process.env['PATH'] }
    const cwd = join(examples, 'sampling-heap')
    // A sample in 128 KiB instead of 512: shares are then good to a percent or two.
    const words = ['-B', 'sampling.py', '--every', '131072', '--json', '-', 'program.py']
    const { stdout, stderr } = await run(python, words, { env, cwd, timeout: 300_000 })
    const result = JSON.parse(stdout) as Lines
    expect(result).toMatchObject({ schema: 1, dropped: 0, everyBytes: 131072 })
    expect(result.samples).toBeGreaterThan(200)
    const [first] = result.lines
    expect(first).toMatchObject({ file: 'program.py', line: lineOf('900_000'), source: 'return bytearray(900_000)' })
    expect(first?.share).toBeGreaterThan(0.8)
    expect(first?.share).toBeLessThan(0.97)
    const little = result.lines.find((line) => line.line === lineOf('60_000'))
    expect(little?.share).toBeGreaterThan(0.02)
    expect(result.totalBytes).toBeGreaterThan(250e6)
    expect(result.totalBytes).toBeLessThan(350e6)
    expect(stderr).toMatch(/^ +MiB +share +line\n +\d+\.\d +\d+\.\d% +program\.py:7 +return bytearray\(900_000\)\n/)
    expect(stderr).toMatch(/\n\d+ samples, one in about 128 KiB, 0 dropped\n$/)
  })

  test('goes on after its ring was full, and counts what it dropped', async ({ skip }) => {
    requireOrSkip(skip, lacking ?? lackingTool('python3', 'python3'))
    const library = await built('sampling-heap/sampling_heap.cpp')
    const script = `
import ctypes, signal
heap = ctypes.CDLL(None)
buffer = (ctypes.c_uint64 * 512)()
heap.sampling_take.restype = ctypes.c_size_t
heap.sampling_dropped.restype = ctypes.c_uint64
signal.signal(signal.SIGXCPU, signal.SIG_IGN)
heap.sampling_start(ctypes.c_uint64(1000), signal.SIGXCPU)
def taken():
    count = 0
    while some := heap.sampling_take(buffer, ctypes.c_size_t(256)): count += some
    return count
def allocate():
    for _ in range(10000): bytes(3000)
allocate()
first, dropped = taken(), heap.sampling_dropped()
for _ in range(3): bytes(3000)
second = taken()
heap.sampling_stop()
print(first >= 4096, dropped > 0, second > 0)
`
    const env = { LD_PRELOAD: library, PYTHONMALLOC: 'malloc' }
    expect((await run(python, ['-c', script], { env })).stdout).toBe('True True True\n')
  })

  test('says what is wrong where it is not there, and changes nothing where nobody asks', async ({ skip }) => {
    requireOrSkip(skip, lacking ?? lackingTool('python3', 'python3'))
    const cwd = join(examples, 'sampling-heap')
    const alone = run(python, ['-B', 'sampling.py', 'program.py'], { cwd, env: {} })
    await expect(alone).rejects.toMatchObject({ stderr: expect.stringContaining('the sampling heap is not preloaded') })
    const library = await built('sampling-heap/sampling_heap.cpp')
    await run(python, ['-B', 'program.py'], { cwd, env: { LD_PRELOAD: library } })
  })
})
