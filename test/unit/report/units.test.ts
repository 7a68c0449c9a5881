/** Numbers for people, above all at the edges where one unit gives way to the next. */

import { describe, expect, test } from 'vitest'
import {
  countOf,
  formatBytes,
  formatDuration,
  formatNumber,
  formatPercent,
  formatRatio,
  formatValue,
} from '../../../lib/report/index.ts'
import { clean, cutMiddle, cutStart, wrap, wrapHanging } from '../../../lib/report/layout.ts'
import { signsOf } from '../../../lib/report/style.ts'

const signs = signsOf({ unicode: true })

test.each([
  [0, '0 s'],
  [1, '1 ns'],
  [999, '999 ns'],
  [1000, '1.00 µs'],
  [999_499, '999 µs'],
  [999_500, '1.00 ms'],
  [12_345_678, '12.3 ms'],
  [999_999_999, '1.00 s'],
  [59.94e9, '59.9 s'],
  [99.4e9, '99.4 s'],
  [99.6e9, '1 min 40 s'],
  [125e9, '2 min 5 s'],
  [3599.6e9, '1 h 0 min'],
  [12_000e9, '3 h 20 min'],
])('%d ns is %s', (ns, text) => {
  expect(formatDuration(ns, signs)).toBe(text)
})

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.00 KiB'],
  [1023 * 1024, '0.999 MiB'],
  [205 * 2 ** 20, '205 MiB'],
  [999.7 * 2 ** 20, '0.976 GiB'],
  [1.5 * 2 ** 30, '1.50 GiB'],
  [999.7 * 2 ** 40, '1,000 TiB'],
  [5000 * 2 ** 40, '5,000 TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test.each([
  [0, '0'],
  [-12, '-12'],
  [1234567, '1,234,567'],
  [1234.56, '1,235'],
  [-1234.56, '-1,235'],
  [12.3456, '12.35'],
  [0.000123456, '0.0001235'],
  [1e20, '100000000000000000000'],
])('the number %d is %s', (value, text) => {
  expect(formatNumber(value)).toBe(text)
})

test.each([
  [0.8449, 2, '0.84'],
  [0.99951, 3, '1.000'],
  [12.34, 2, '12.3'],
  [4321, 2, '4,321'],
  [0.0123, 2, '0.012'],
  [0, 2, '0.00'],
])('the ratio %d with %i digits is %s', (ratio, digits, text) => {
  expect(formatRatio(ratio, digits)).toBe(text)
})

test('values by unit, shares and counts', () => {
  expect(formatValue(1.5e9, 'ns')).toBe('1.50 s')
  expect(formatValue(1500, 'ns')).toBe('1.50 us')
  expect(formatValue(2048, 'bytes')).toBe('2.00 KiB')
  expect(formatValue(1234.5, 'count')).toBe('1,235')
  expect(formatValue(0.5, '')).toBe('0.5')
  expect([0.01, 0.005, 0.1234, 0].map(formatPercent)).toEqual(['1 %', '0.5 %', '12 %', '0 %'])
  expect([countOf(1, 'block'), countOf(2, 'process', 'processes')]).toEqual(['1 block', '2 processes'])
})

describe('layout', () => {
  test('breaks at spaces, never inside an interval or before a unit', () => {
    expect(wrap('a ratio [0.80, 0.88] of 12 MiB', 14)).toEqual(['a ratio', '[0.80, 0.88]', 'of 12 MiB'])
    expect(wrap('is above 16 %): more', 11)).toEqual(['is above', '16 %): more'])
    expect(wrap('overlongword x', 5)).toEqual(['overlongword', 'x'])
    expect(wrapHanging('- ', 'one two three', 9)).toEqual(['- one two', '  three'])
  })

  test('cuts keep what tells things apart', () => {
    expect(cutMiddle('jemalloc:narenas=2', 11, signs)).toBe('jemal…nas=2')
    expect(cutMiddle('short', 5, signs)).toBe('short')
    expect(cutStart('/usr/lib/libx.so', 8, signs)).toBe('…libx.so')
  })

  test('text of others loses what a terminal would obey', () => {
    expect(clean('\u001b[31mred\u001b[0m \u001b]0;title\u0007end')).toBe('red end')
    expect(clean('a\tb\r\nc\u0000\u009b2Jd\u202ee')).toBe('a b c 2Jd e')
    expect(clean('héap – ok')).toBe('héap – ok')
  })
})
