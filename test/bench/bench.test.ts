/**
 * The benchmark works, and the one budget that does not depend on the machine's load holds: a heap plugged in by header
 * needs no more instructions than the same heap exported by hand. Times are never asserted.
 */

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

interface Row {
  what: string
  value: number
  unit: string
  against: string
  reference: number
  ratio: number
  budget: number | null
  note: string | null
  skipped?: string
}

type Costs = Map<string, Map<string, number>>
interface Callgrind {
  ownCosts: (profile: string) => Costs
  difference: (before: Costs, after: Costs, least?: number) => Costs
}

const root = join(import.meta.dirname, '../..')
const { ownCosts, difference } = (await import(join(import.meta.dirname, 'callgrind.mjs'))) as Callgrind

async function bench(...args: string[]): Promise<string> {
  const options = { cwd: root, timeout: 170_000, env: { ...process.env, NO_COLOR: '1' } }
  return (await promisify(execFile)(process.execPath, ['scripts/bench.mjs', ...args], options)).stdout
}

describe('the benchmark', () => {
  test('plugging a heap in takes no more instructions than exporting it by hand', async (context) => {
    const { rows } = JSON.parse(await bench('--only', 'instructions', '--json', '-')) as { rows: Row[] }
    const reason = rows[0]?.skipped
    if (reason !== undefined && process.env['CI'] !== 'true') return context.skip(reason)
    expect(reason).toBeUndefined()
    const compared = rows.filter((row) => row.against === 'exported by hand')
    expect(compared.length).toBeGreaterThan(2)
    for (const { what, value, reference, note } of compared) {
      expect(reference, what).toBeGreaterThan(20)
      // One of slack, because compilers lay the same code out in more than one way.
      expect(value, `${what}: ${note}`).toBeLessThanOrEqual(reference + 1)
    }
  }, 180_000)

  test('prints a table with the peak memory of a small target, within a MiB of what the kernel says', async () => {
    const table = await bench('--only', 'memory')
    expect(table).toMatch(/^\| what \| measured \| against \| ratio \| budget \|/)
    const [, measured, alone] =
      /\| (\d+\.\d+) MiB \| the kernel's figure for `true` alone: (\d+\.\d+) MiB \|/.exec(table) ?? []
    expect(Math.abs(Number(measured) - Number(alone))).toBeLessThanOrEqual(1)
  })

  test('refuses what it does not know', async () => {
    await expect(bench('--only', 'everything')).rejects.toMatchObject({ code: 2 })
    await expect(bench('--fast')).rejects.toMatchObject({ code: 2 })
  })
})

describe('reading what callgrind wrote', () => {
  const profile = (calls: number) => `# callgrind format
version: 1
positions: line
events: Ir

ob=/bin/pairs
fl=???
fn=main
0 ${11 * calls}
cob=/lib/libc.so.6
cfn=malloc
calls=${calls} 0
0 ${100 * calls}
0 3

ob=/lib/libc.so.6
fn=malloc
10 ${30 * calls}
12 5
cfn=_int_malloc
calls=1 10
12 400
fn=_int_malloc
10 400
`

  test('gives each function its own cost, without what it calls', () => {
    const costs = ownCosts(profile(10))
    expect(costs.get('/bin/pairs')).toEqual(new Map([['main', 113]]))
    expect(costs.get('/lib/libc.so.6')).toEqual(
      new Map([
        ['malloc', 305],
        ['_int_malloc', 400],
      ]),
    )
  })

  test('subtracts what both runs have', () => {
    const more = difference(ownCosts(profile(10)), ownCosts(profile(30)))
    expect(more.get('/lib/libc.so.6')).toEqual(new Map([['malloc', 600]]))
    expect(more.get('/bin/pairs')).toEqual(new Map([['main', 220]]))
    expect(difference(ownCosts(profile(10)), ownCosts(profile(30)), 500).has('/bin/pairs')).toBe(false)
  })
})
