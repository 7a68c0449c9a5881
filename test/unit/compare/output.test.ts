/** Output comes in pieces of any size from two streams, may be endless, binary or nonsense, and must yield the number. */

import { describe, expect, test } from 'vitest'
import { LINE_LIMIT, OutputMatcher, TAIL_LIMIT } from '../../../lib/compare/index.ts'
import { metric } from './machine.ts'

const rps = metric('rps', 'rps: ([\\d.,x]*)')

function match(chunks: (string | Uint8Array)[], metrics = [rps]) {
  const matcher = new OutputMatcher(metrics)
  for (const chunk of chunks) matcher.push(chunk)
  return matcher.finish()
}

describe('OutputMatcher', () => {
  test('the last match counts, within a line and over lines', () => {
    expect(match(['rps: 1\nrps: 2 rps: 3\nother\n']).values).toEqual({ rps: 3 })
  })

  test('finds a number however the output is cut', () => {
    const bytes = new TextEncoder().encode('é rps: 12.5\nend')
    for (let size = 1; size <= bytes.length; size++) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      )
      const { values, tail } = match(chunks)
      expect(values).toEqual({ rps: 12.5 })
      expect(tail).toBe('é rps: 12.5\nend')
    }
  })

  test('a last line without an end and lines ended by a carriage return count', () => {
    expect(match(['rps: 1\rrps: 2\r\nrps: 7']).values).toEqual({ rps: 7 })
  })

  test('one stream does not cut the lines of the other', () => {
    const matcher = new OutputMatcher([rps])
    matcher.push('rps: 4', 'stdout')
    matcher.push('warning!\n', 'stderr')
    matcher.push('2\n', 'stdout')
    expect(matcher.finish()).toMatchObject({ values: { rps: 42 }, tail: 'rps: 4warning!\n2\n' })
  })

  test('what never matches is null and says so', () => {
    expect(match(['nothing here\n'])).toMatchObject({
      values: { rps: null },
      problems: { rps: 'rps: nothing in the output matched /rps: ([\\d.,x]*)/' },
    })
  })

  test.each(['1,234', '1.2.3', '', 'x'])('%j is not a number and no digits of it are', (text) => {
    const { values, problems } = match([`rps: ${text}\n`])
    expect(values).toEqual({ rps: null })
    expect(problems['rps']).toContain(`matched ${JSON.stringify(text)}, not a number`)
  })

  test('a number too large to be finite is not a number', () => {
    expect(match([`rps: ${'9'.repeat(400)}\n`]).values).toEqual({ rps: null })
  })

  test('only the start of a long line is searched, and never half a number at its cut', () => {
    const filler = 'x '.repeat(LINE_LIMIT / 2)
    expect(match([`rps: 5 ${filler}rps: 6\nok\n`]).values).toEqual({ rps: 5 })
    const cut = `${'x'.repeat(LINE_LIMIT - 7)}rps: 1234\n`
    expect(match([cut]).values).toEqual({ rps: null })
    expect(match([`${filler}${filler}\nrps: 8\n`]).values).toEqual({ rps: 8 })
  })

  test('keeps the last 64 KiB whatever the chunks', () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`)
    const whole = lines.join('')
    expect(match(lines).tail).toBe(whole.slice(-TAIL_LIMIT))
    expect(match([whole]).tail).toBe(whole.slice(-TAIL_LIMIT))
    expect(match(['short']).tail).toBe('short')
    expect(match([]).tail).toBe('')
  })

  test('a tail does not begin in the middle of a character', () => {
    const { tail } = match(['é'.repeat(TAIL_LIMIT), 'a'])
    expect(tail).toBe(`${'é'.repeat((TAIL_LIMIT - 2) / 2)}a`)
  })

  test('does not keep or change the chunks it was given', () => {
    const chunk = new TextEncoder().encode('rps: 1\n')
    const matcher = new OutputMatcher([rps])
    matcher.push(chunk)
    chunk.fill(0)
    expect(matcher.finish()).toMatchObject({ values: { rps: 1 }, tail: 'rps: 1\n' })
  })

  test('binary output does no harm', () => {
    const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256)
    expect(match([bytes, '\nrps: 3\n']).values).toEqual({ rps: 3 })
  })
})
