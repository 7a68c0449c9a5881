/** JUnit XML: libxml2 must take it, whatever stands in names and outputs, and each verdict must be the right outcome. */

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { validateXML } from 'xmllint-wasm'
import { gateResult } from '../../../lib/compare/index.ts'
import { compareJunit } from '../../../lib/report/index.ts'
import { failing, stopped, undecided, winner } from './fixtures.ts'
import { hostile, suite } from './suites.ts'

const xsd = readFileSync(new URL('../../support/junit.xsd', import.meta.url), 'utf8')

/** What libxml2 says against a text by the schema of JUnit XML. */
async function problems(xml: string): Promise<string[]> {
  const { errors } = await validateXML({ xml: [{ fileName: 'r.xml', contents: xml }], schema: [xsd] })
  return errors.map(({ message }) => message)
}

const results = { winner, undecided, failing, stopped: await stopped(), suite: await suite(), hostile: await hostile() }

describe.each(Object.entries(results))('%s', (name, result) => {
  const xml = compareJunit(result)

  test('is valid', async () => {
    expect(await problems(xml)).toEqual([])
  })

  test('counts what it holds', () => {
    const count = (element: string) => xml.split(`<${element} message=`).length - 1
    const [, tests, failures, errors] = /<testsuites [^>]*tests="(\d+)" failures="(\d+)" errors="(\d+)"/.exec(xml) ?? []
    const judged = result.cells.filter(({ partners: _, ...cell }) => cell.heap !== undefined).length
    expect(Number(tests)).toBe(judged - judged / result.heaps.length)
    expect([Number(failures), Number(errors)]).toEqual([count('failure'), count('error')])
  })

  if (name !== 'hostile')
    test('as a snapshot', async () => {
      await expect(xml.replace(/timestamp="[^"]*"/g, 'timestamp=""')).toMatchFileSnapshot(`screens/junit-${name}.txt`)
    })
})

test('the schema refuses what no reader takes', async () => {
  expect(await problems('<testsuites><testsuite name="a"/></testsuites>')).not.toEqual([])
  expect(await problems(compareJunit(winner).replace('<testcase name=', '<testcase nome='))).not.toEqual([])
})

/** The element of a case, by its name. */
function caseOf(xml: string, name: string): string {
  return new RegExp(`<testcase name="${name}"[^]*?(?:/>|</testcase>)`).exec(xml)?.[0] ?? ''
}

test('worse is a failure, better and same pass, inconclusive is skipped', () => {
  const xml = compareJunit(winner)
  expect(caseOf(xml, 'jemalloc: wall time')).toMatch(/\/>$/)
  expect(caseOf(xml, 'simple: wall time')).toMatch(
    /<failure message="worse: 1.36× the wall time of system, 95 % interval/,
  )
  expect(caseOf(xml, 'tcmalloc: wall time')).toContain('<skipped message="inconclusive: ')
  expect(caseOf(compareJunit(failing), 'hoard: peak memory')).toMatch(/\/>$/)
})

test('a heap that was not in effect is skipped with the reason, one that always failed is an error', () => {
  expect(caseOf(compareJunit(undecided), './build/Release/libmine.so: wall time')).toContain(
    '<skipped message="the heap was not in effect: aligned_alloc is bound to',
  )
  expect(caseOf(compareJunit(failing), 'mesh: wall time')).toContain(
    '<error message="no run gave a number: 8 of 8 runs',
  )
})

test('what failed runs printed stands there once per heap, without commands for a terminal', () => {
  const xml = compareJunit(failing)
  expect(xml.match(/corrupted chunk header/g)).toHaveLength(6)
  expect(xml).toContain('block 1: killed by SIGSEGV')
  expect(xml.includes('\u001b')).toBe(false)
})

test('with a gate its judgement counts, and only what it looks at is a case', () => {
  const worse = gateResult(winner, ['wall'])
  const lenient = {
    ...worse,
    cells: worse.cells.map((cell) => ({
      ...cell,
      outcome: 'inconclusive' as const,
      reason: 'it may be worse, or not',
    })),
  }
  expect(caseOf(compareJunit(winner, worse), 'simple: wall time')).toContain('<failure message="1.3')
  expect(caseOf(compareJunit(winner, lenient), 'simple: wall time')).toContain('<skipped message="it may be worse')
  expect(compareJunit(winner, worse)).not.toContain('peak memory')
})
