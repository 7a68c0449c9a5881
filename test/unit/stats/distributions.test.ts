/** The distributions against the printed tables and against forms that can be written down. */

import { describe, expect, test } from 'vitest'
import { normalTail, studentT } from '../../../lib/stats/index.ts'

describe('normalTail', () => {
  test.each([
    [0, 0.5],
    [1, 0.15865525393145707],
    [1.959963984540054, 0.025],
    [3, 0.0013498980316300933],
    [4.999, 2.8815e-7],
    [5.001, 2.8518e-7],
    [8, 6.220960574271785e-16],
    [-1, 0.8413447460685429],
  ])('above %d', (z, expected) => {
    expect(normalTail(z) / expected).toBeCloseTo(1, Math.abs(z) > 4 && Math.abs(z) < 6 ? 3 : 9)
  })
})

describe('studentT', () => {
  test.each([
    [1, 0.05, 12.7062],
    [2, 0.05, 4.3027],
    [4, 0.05, 2.7764],
    [9, 0.05, 2.2622],
    [14, 0.05, 2.1448],
    [29, 0.05, 2.0452],
    [120, 0.05, 1.9799],
    [9, 0.01, 3.2498],
    [4, 0.002, 7.1732],
    [30, 0.2, 1.3104],
  ])('%i degrees at %d agree with the tables', (degrees, level, expected) => {
    expect(studentT(degrees, level)).toBeCloseTo(expected, 4)
  })

  test('one degree is Cauchy, two have a closed form, and what lies between them lies between', () => {
    for (const level of [0.05, 0.0182, 0.001]) {
      expect(studentT(1, level) * Math.tan((Math.PI * level) / 2)).toBeCloseTo(1, 9)
      const two = Math.sqrt(2 / (level * (2 - level)) - 2)
      expect(studentT(2, level) / two).toBeCloseTo(1, 9)
      expect(studentT(1.5, level)).toBeLessThan(studentT(1, level))
      expect(studentT(1.5, level)).toBeGreaterThan(two)
    }
  })

  test('many degrees are normal', () => {
    expect(normalTail(studentT(1e7, 0.05))).toBeCloseTo(0.025, 6)
  })
})
