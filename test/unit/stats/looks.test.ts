/** The planned looks: their places, and their levels against the constants that Pocock published. */

import { describe, expect, test } from 'vitest'
import { plannedLooks } from '../../../lib/stats/index.ts'

describe('plannedLooks', () => {
  test.each([
    [15, 60, [15, 30, 45, 60]],
    [15, 100, [15, 43, 72, 100]],
    [15, 45, [15, 30, 45]],
    [15, 30, [15, 30]],
    [15, 16, [15, 16]],
    [15, 15, [15]],
    [1, 3, [1, 2, 3]],
  ])('from %i blocks to %i', (first, most, blocks) => {
    expect(plannedLooks({ first, most }).blocks).toEqual(blocks)
  })

  // Pocock, Biometrika 64, 1977, table 1: nominal levels of 2, 3 and 4 looks that keep 5 % in all.
  test.each([
    [15, 15, 0.05],
    [15, 30, 0.0294],
    [15, 45, 0.0221],
    [15, 60, 0.0182],
  ])('the level from %i to %i blocks is the published one', (first, most, level) => {
    expect(plannedLooks({ first, most }).level).toBeCloseTo(level, 4)
  })

  test('looks close together cost less, looks far apart more, and never more than one apiece', () => {
    const level = (first: number, most: number) => plannedLooks({ first, most }).level
    expect(level(15, 16)).toBeGreaterThan(0.035)
    expect(level(5, 200)).toBeLessThan(level(15, 60))
    expect(level(5, 200)).toBeGreaterThan(0.05 / 4)
  })

  test('refuses what is no plan', () => {
    expect(() => plannedLooks({ first: 0, most: 10 })).toThrow('first: expected an integer from 1, got 0')
    expect(() => plannedLooks({ first: 10, most: 9.5 })).toThrow('most')
    expect(() => plannedLooks({ first: 10, most: 9 })).toThrow('expected 10 or more, got 9')
  })
})
