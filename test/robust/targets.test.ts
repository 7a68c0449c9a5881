/** Targets that do to themselves, or to who started them, what a controller may trip over; see unruly.c. */

import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compare } from '../../lib/api/compare.ts'
import { alloc8, gone, uniqueMarker } from '../support/cli.ts'
import { scratch } from '../support/launching.ts'
import { requireOrSkip } from '../support/needs.ts'
import { runUnder } from '../support/run-under.ts'

const folder = scratch()
afterAll(folder.remove)
const unruly = join(folder.path, 'unruly')
beforeAll(() => {
  chmodSync(folder.path, 0o755) // who drops privileges must be able to execute it again
  const source = join(import.meta.dirname, 'unruly.c')
  execFileSync('cc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', unruly, source])
})

describe('a target runs as it would by itself, and what could be recorded of it is', () => {
  const cases: [string, number][] = [
    ['close', 3],
    ['close-on-exec', 2],
    ['limit memory 120000000', 3],
    ['limit descriptors 4', 3],
    ['children 1000', 1001],
    ['chain 200', 201],
    ['lead', 3],
  ]
  test.each(cases)('%s', async (words, processes) => {
    const { result, stderr } = await runUnder('simple', [unruly, ...words.split(' ')])
    expect({ stderr, exitCode: result.exitCode }).toEqual({ stderr: '', exitCode: 0 })
    expect(result.verdict).toMatchObject({ state: 'active', reasons: [] })
    // One that leads its group forks once more before it can lead a session.
    const least = words === 'lead' ? [processes, processes + 1] : [processes]
    expect(least).toContain(result.tree.processes)
  })

  // Of what cannot leave a record of its own (no right, no room, another root) its parent's journal tells.
  test.for([
    ['limit files 0', 'partial', 'not-witnessed'],
    ['clear-environment', 'inactive', 'preload-dropped'],
    ['become 65534', 'partial', 'not-witnessed'],
    [`root ${folder.path}`, 'active', undefined],
  ] as const)('%s', async ([words, state, code], { skip }) => {
    const needsRoot = words.startsWith('become') || words.startsWith('root')
    requireOrSkip(skip, !needsRoot || process.getuid?.() === 0 ? null : 'only root can change its user or its root')
    const { result, stderr } = await runUnder('simple', [unruly, ...words.split(' ')])
    expect({ stderr, exitCode: result.exitCode }).toEqual({ stderr: '', exitCode: 0 })
    expect(result.verdict.state).toBe(state)
    expect([...new Set(result.verdict.reasons.map((reason) => reason.code))]).toEqual(code === undefined ? [] : [code])
    expect(result.verdict.processes.length).toBeGreaterThan(1)
  })
})

describe('a target that kills its launcher', () => {
  test('under compare: its run has failed, the others count, and nothing of it is left', async () => {
    const marker = uniqueMarker()
    const count = join(folder.path, 'count')
    writeFileSync(count, '')
    // The fourth run kills; its daemon has a session of its own, but our environment.
    const script = 'echo >> "$2"; [ $(wc -l < "$2") = 4 ] || exit 0; "$1" daemon "$0"; kill -9 $PPID; exec sleep 30'
    const result = await compare({
      command: ['bash', '-c', script, marker, unruly, count],
      heaps: ['system', 'simple'],
      blocks: 3,
      warmupBlocks: 0,
      metrics: ['wall'],
    })
    const failures = [...result.cells.flatMap((cell) => cell.failures)]
    const runs = [...result.cells, ...result.control].flatMap((cell) => cell.runs)
    expect(runs.filter((run) => run === null)).toHaveLength(1)
    expect(result).toMatchObject({ blocks: 3, partial: false })
    for (const { message } of failures) expect(message).toContain('alloc8-launch was killed by SIGKILL')
    await gone(marker)
  })

  test('under run: an error that says so', async () => {
    const { status, stderr } = await alloc8(['run', '--', 'sh', '-c', 'kill -9 $PPID'])
    expect(status).toBe(125)
    expect(stderr).toContain('alloc8-launch was killed by SIGKILL')
    expect(stderr).toContain('the target may still run')
  })
})

describe('a full disk', () => {
  /** Calls `use` with the path of a folder that is full but for its entries. */
  async function onFullDisk(skip: (note?: string) => never, use: (disk: string) => Promise<void>): Promise<void> {
    const disk = join(folder.path, 'disk')
    if (!existsSync(disk)) mkdirSync(disk)
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status === 0
    requireOrSkip(skip, mounted ? null : 'mounting a small disk needs root')
    try {
      closeSync(openSync(join(disk, 'report.json'), 'w'))
      writeFileSync(join(disk, 'fill'), Buffer.alloc(65536))
      await use(disk)
    } finally {
      execFileSync('umount', [disk])
    }
  }

  test('for the session: a clear error, and nothing is left there', ({ skip }) =>
    onFullDisk(skip, async (disk) => {
      const before = readdirSync(disk)
      const { status, stderr } = await alloc8(['run', '--', 'true'], { env: { TMPDIR: disk } })
      expect(status).toBe(125)
      expect(stderr).toContain(`cannot make a session folder in ${disk}: ENOSPC`)
      expect(stderr).toContain('free some space')
      expect(readdirSync(disk)).toEqual(before)
    }))

  test.for([
    ['run', 125, 'exit status 0'],
    ['compare', 2, 'wall time'],
  ] as const)('for the report of %s: the result is on the terminal', ([command, expected, words], { skip }) =>
    onFullDisk(skip, async (disk) => {
      const few = command === 'compare' ? ['--heaps', 'system,simple', '--blocks', '1', '--warmup-blocks', '0'] : []
      for (const name of ['report.json', 'new.json']) {
        const file = join(disk, name)
        const { status, stdout, stderr } = await alloc8([command, ...few, '--json', file, '--', 'true'])
        expect(status).toBe(expected)
        expect(stdout + stderr).toContain(words)
        expect(stderr).toContain(`${file}: cannot be written (ENOSPC)`)
      }
      expect(readdirSync(disk)).not.toContain('new.json')
      expect(readFileSync(join(disk, 'report.json'), 'utf8')).toBe('')
    }),
  )
})
