/**
 * Result files: what this version writes is read back as it was; what is cut short, foreign or newer is an error that
 * says so. The schema and the reader must agree on every field, or one of them would go unnoticed when fields are added.
 */

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseCompareResult } from '../../../lib/compare/index.ts'
import { Alloc8Error } from '../../../lib/errors.ts'
import { compareHtml, compareJunit, compareMarkdown, compareText } from '../../../lib/report/index.ts'
import { schemaProblems } from '../../support/schema.ts'
import { failing, plain80, stopped, undecided, winner } from '../report/fixtures.ts'
import { hostile, suite } from '../report/suites.ts'

const golden = readFileSync(new URL('../../fixtures/compare-v1.json', import.meta.url), 'utf8')
const rich = await suite()

/** The error that a text gives. */
function complaint(text: string): { message: string; hint: string | undefined } {
  try {
    parseCompareResult(text, 'base.json')
  } catch (error) {
    if (error instanceof Alloc8Error && error.code === 'RESULT_FILE') return error
    throw error
  }
  throw new Error('it was read')
}

describe('the golden file of this version', () => {
  test('keeps to the schema and is read', () => {
    expect(schemaProblems('compare', JSON.parse(golden))).toEqual([])
    expect(parseCompareResult(golden)).toEqual(JSON.parse(golden))
  })

  test('can be shown in every format', () => {
    const result = parseCompareResult(golden)
    for (const report of [compareHtml, compareMarkdown, compareJunit])
      expect(report(result).length).toBeGreaterThan(500)
    expect(compareText(result, plain80)).toContain('over 3 workloads')
  })
})

test.each(Object.entries({ winner, undecided, failing, stopped: await stopped(), rich, hostile: await hostile() }))(
  'what is written is read as it was, and keeps to the schema: %s',
  (_, result) => {
    const text = JSON.stringify(result)
    expect(parseCompareResult(text)).toEqual(JSON.parse(text))
    expect(schemaProblems('compare', JSON.parse(text))).toEqual([])
  },
)

/** All members of a value, of lists those of the item that has most in it. */
function paths(value: unknown, at: (string | number)[] = []): (string | number)[][] {
  if (Array.isArray(value)) {
    const longest = value.reduce((best, each, index) => {
      const size = (of: unknown) => JSON.stringify(of).length
      return size(each) > size(value[best]) ? index : best
    }, 0)
    return value.length === 0 ? [] : paths(value[longest], [...at, longest])
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => [[...at, key], ...paths(member, [...at, key])])
}

/** A copy of the rich result in which one member is another; undefined takes it out. */
function changed(path: (string | number)[], to: (old: unknown) => unknown): string {
  const copy = JSON.parse(JSON.stringify(rich))
  const parent = path.slice(0, -1).reduce((at, step) => at[step], copy)
  const key = path.at(-1) ?? ''
  parent[key] = to(parent[key])
  return JSON.stringify(copy)
}

const nameOf = (path: (string | number)[]) =>
  path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  )

describe('schema and reader agree', () => {
  const all = paths(rich)
  const other = (old: unknown) => (typeof old === 'boolean' ? 'yes' : true)

  test('that no field may be missing', () => {
    expect(all.length).toBeGreaterThan(100)
    for (const path of all) {
      const text = changed(path, () => undefined)
      expect(schemaProblems('compare', JSON.parse(text)), nameOf(path)).not.toEqual([])
      expect(complaint(text).message).toContain(nameOf(path) === 'schema' ? 'no schema' : `${nameOf(path)} should be`)
    }
  })

  test('that no field may be of another type', () => {
    for (const path of all) {
      const text = changed(path, other)
      expect(schemaProblems('compare', JSON.parse(text)), nameOf(path)).not.toEqual([])
      expect(complaint(text).message).toContain(nameOf(path) === 'schema' ? 'no schema' : `${nameOf(path)} should be`)
    }
  })

  test('that later versions may add fields', () => {
    const text = JSON.stringify({ ...rich, later: { x: 1 }, cells: rich.cells.map((cell) => ({ ...cell, later: 1 })) })
    expect(schemaProblems('compare', JSON.parse(text))).toEqual([])
    expect(parseCompareResult(text).cells).toHaveLength(rich.cells.length)
  })
})

describe('a file that is no result is called what it is', () => {
  test.each([
    ['empty', '', 'base.json: is empty'],
    ['cut short', golden.slice(0, golden.length / 2), 'base.json: ends in the middle: it was cut short'],
    ['cut within a text', '{"schema": 1, "command": ["a', 'base.json: ends in the middle: it was cut short'],
    ['HTML', '<html></html>', 'base.json: is no JSON'],
    ['a list', '[]', 'base.json: is JSON, but no result of alloc8: it has no schema'],
    ['null', 'null', 'it has no schema'],
    ['a foreign object', '{"results": []}', 'it has no schema'],
    ['newer', '{"schema": 2}', 'has schema 2, and this alloc8 reads schema 1: a newer alloc8 wrote it'],
    ['a run', '{"schema": 1, "verdict": {}}', 'is a result of alloc8 run, not of a comparison'],
    ['a list of heaps', '{"schema": 1, "heaps": []}', 'is a result of alloc8 heaps, not of a comparison'],
    ['older', '{"schema": 1, "cells": []}', 'alloc8 should be a text, and is nothing'],
  ])('%s', (_, text, words) => {
    expect(complaint(text).message).toContain(words)
    expect(complaint(text).hint?.length).toBeGreaterThan(5)
  })

  test('one that contradicts itself', () => {
    const at = rich.cells.findIndex(({ heap }) => heap === 'simple')
    expect(complaint(changed(['cells', at, 'heap'], () => 'other')).message).toContain(
      `cells[${at}].heap should be simple, and is "other"`,
    )
    expect(complaint(changed(['pareto', 0, 'heaps'], () => [9])).message).toContain('pareto[0].heaps')
    expect(complaint(changed(['timelines', 0, 'heapIndex'], () => 9)).message).toContain('timelines[0].heapIndex')
  })
})
