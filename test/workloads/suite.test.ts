/** native/workloads/suite.json, the classic suite: every workload is in it, and its metrics find what they look for. */

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root, textOf } from '../repo/tree.ts'

interface Entry {
  name: string
  program: string
  args: string[]
  metrics: string[]
  higherIsBetter: string[]
  purpose: string
}

const native = process.env['ALLOC8_NATIVE_DIR'] || `${root}build/Release`
const suite = JSON.parse(textOf('native/workloads/suite.json')) as Entry[]
const list = JSON.parse(textOf('native/sources.json')) as { products: Record<string, { kind: string }> }

/** What alloc8 measures itself of a program that ends. */
const builtin = ['wall', 'user', 'sys', 'cpu', 'peak-rss', 'faults', 'instructions']

test('has every workload once, and no other', () => {
  const workloads = Object.keys(list.products).filter((name) => list.products[name]?.kind === 'workload')
  expect(suite.map(({ name }) => name).sort()).toEqual(workloads.sort())
  expect(suite.map(({ program }) => program)).toEqual(suite.map(({ name }) => name))
})

describe.each(suite)('$name', ({ program, args, metrics, higherIsBetter, purpose }) => {
  test('says in a sentence what it is for', () => {
    expect(purpose).toMatch(/^[A-Z][^\n]{20,160}[.?]$/)
  })

  test('has metrics that it has, each with a number above zero', () => {
    const short = ['--operations', '1000']
    const output = execFileSync(join(native, 'workloads', program), [...args, ...short], { encoding: 'utf8' })
    const names = metrics.map((text) => text.split('=')[0])
    expect(new Set(names).size).toBe(names.length)
    for (const text of metrics) {
      if (builtin.includes(text)) continue
      const pattern = /^[\w-]+=\/(.+)\/$/.exec(text)?.[1]
      expect(Number(new RegExp(pattern ?? '$^').exec(output)?.[1]), text).toBeGreaterThan(0)
    }
    for (const name of higherIsBetter) expect(names).toContain(name)
    expect(names.includes('ops')).toBe(higherIsBetter.includes('ops'))
  })
})
