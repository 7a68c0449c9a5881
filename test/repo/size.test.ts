/** Files stay small, open with the reason why they exist, and ship without loose ends. */

import { describe, expect, test } from 'vitest'
import { lineCount, looseEnds, mostLines, openingComment, opensWithParagraph } from './size.ts'
import { repositoryFiles, textOf } from './tree.ts'

const sources = repositoryFiles((path) => /\.(?:ts|mjs|cpp|c|h|sh)$/.test(path) && !path.startsWith('test/fixtures/'))
const shipped = repositoryFiles(
  (path) => /^(?:lib|native|scripts|schema|examples|[^/]*$)/.test(path) && path !== 'package-lock.json',
)

describe('the repository', () => {
  test(`has no source file above ${mostLines} lines`, () => {
    expect(sources.length).toBeGreaterThan(200)
    const long = sources
      .map((path) => ({ path, lines: lineCount(textOf(path)) }))
      .filter(({ lines }) => lines > mostLines)
    expect(long).toEqual([])
  })

  test('has no source file that does not open with why it exists', () => {
    expect(sources.filter((path) => !opensWithParagraph(textOf(path)))).toEqual([])
  })

  test('ships no mark of unfinished work', () => {
    expect(shipped.length).toBeGreaterThan(100)
    expect(shipped.flatMap((path) => looseEnds(textOf(path)).map((found) => `${path}:${found}`))).toEqual([])
  })
})

describe('the checker', () => {
  test('counts lines as an editor does', () => {
    expect([lineCount(''), lineCount('a'), lineCount('a\n'), lineCount('a\nb'), lineCount('a\n\n')]).toEqual([
      0, 1, 1, 2, 2,
    ])
  })

  test('reads the opening comment of each language', () => {
    expect(openingComment('/** One line. */\ncode()')).toBe('One line.')
    expect(openingComment('#!/usr/bin/env node\n/**\n * Two\n * lines.\n */\n')).toBe('Two lines.')
    expect(openingComment('// One\n// two\n\n// apart\n')).toBe('One two')
    expect(openingComment('#!/bin/sh\n# A script.\nset -e\n')).toBe('A script.')
    expect(openingComment('import x\n// late\n')).toBeNull()
    expect(openingComment('#pragma once\n// late\n')).toBeNull()
    expect(openingComment('#include <x>\n')).toBeNull()
    expect(openingComment('')).toBeNull()
  })

  test('wants a sentence there', () => {
    expect(opensWithParagraph('// Sends every call of malloc to the heap.\n')).toBe(true)
    expect(opensWithParagraph('// exports.cpp\n')).toBe(false)
    expect(opensWithParagraph('/** Copyright the authors. */')).toBe(false)
    expect(opensWithParagraph('int main() {} // Sends every call of malloc to the heap.\n')).toBe(false)
  })

  test('finds marks of unfinished work, and not in other words', () => {
    expect(looseEnds(`a\n// ${'TO'}${'DO'}: later\n# ${'FIX'}ME, ${'XX'}X`)).toEqual(['2: TODO', '3: FIXME', '3: XXX'])
    expect(looseEnds('mkdtemp("alloc8-XXXXXX"); todo(); TODOS')).toEqual([])
  })
})
