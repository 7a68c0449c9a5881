/** The drawing must agree with the numbers: the mark between the ends, and on the right side of 1. */

import { describe, expect, test } from 'vitest'
import { signsOf } from '../../../lib/report/style.ts'
import { axisFor, drawLabels, drawWhisker } from '../../../lib/report/whiskers.ts'

const unicode = signsOf({ unicode: true })
const ascii = signsOf({ unicode: false })
const of = (low: number, ratio: number, high: number) => ({ low, ratio, high })

describe('whiskers', () => {
  const intervals = [of(0.7, 0.8, 0.9), of(0.95, 1, 1.05), of(1.2, 1.3, 1.4)]
  const axis = axisFor(intervals, 0.01, 41)

  test('stand left of, across and right of 1', () => {
    expect(intervals.map((interval) => drawWhisker(axis, interval, unicode)).concat(drawLabels(axis))).toEqual([
      '├───────●──────┤     ┊                   ',
      '                  ├──●─┤                 ',
      '                     ┊         ├────●───┤',
      '0.70                 1               1.40',
    ])
    expect(drawWhisker(axis, of(0.9, 1.1, 1.25), ascii)).toBe('               |-----+----o------|       ')
  })

  test('all take the whole width of the axis', () => {
    for (const interval of [...intervals, null]) expect(drawWhisker(axis, interval, unicode)).toHaveLength(41)
    expect(drawLabels(axis)).toHaveLength(41)
  })

  test('the axis is logarithmic: half and twice are equally far from 1', () => {
    const even = axisFor([of(0.5, 0.5, 0.5), of(2, 2, 2)], 0.01, 41)
    expect(drawWhisker(even, of(0.5, 0.5, 0.5), ascii).indexOf('o')).toBe(0)
    expect(drawWhisker(even, null, ascii).indexOf(':')).toBe(20)
    expect(drawWhisker(even, of(2, 2, 2), ascii).indexOf('o')).toBe(40)
  })

  test('a narrow interval is a mark; one at 1 covers the reference', () => {
    expect(drawWhisker(axis, of(0.999, 1, 1.001), ascii).trim()).toBe('o')
  })

  test('what lies far off is an arrow and does not squeeze the others', () => {
    const wild = of(8, 9, 10)
    const tiny = of(0.01, 0.02, 0.03)
    const calm = axisFor([...intervals, wild, tiny], 0.01, 41)
    expect(calm).toEqual(axis)
    expect(drawWhisker(calm, wild, unicode).trimEnd().at(-1)).toBe('▸')
    expect(drawWhisker(calm, wild, unicode)).not.toContain('●')
    expect(drawWhisker(calm, tiny, unicode)[0]).toBe('◂')
    const long = drawWhisker(axisFor([of(0.9, 1.5, 30)], 0.01, 41), of(0.9, 1.5, 30), ascii)
    expect(long.at(-1)).toBe('>')
    expect(long).toContain('o')
  })

  test('noise far below the threshold does not fill the width', () => {
    const quiet = axisFor([of(0.9999, 1, 1.0001)], 0.01, 41)
    expect(drawWhisker(quiet, of(0.9999, 1, 1.0001), ascii).trim()).toBe('o')
    expect(drawLabels(quiet)).toBe('0.985               1               1.015')
  })
})
