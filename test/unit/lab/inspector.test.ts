/** What the inspector makes of facts. */

import { expect, test } from 'vitest'
import inspector from '../../../lib/lab/experiments/inspector.ts'
import { factsOf, type MadeUp } from '../../support/lab-facts.ts'

const base: MadeUp = {
  'main: its blocks lie at the break': true,
  'other threads whose blocks lie at the break': 0,
  'blocks at the break': 8,
  'break moved by': 0,
  'threads whose blocks ascend': 5,
  'threads whose blocks descend': 0,
  'threads whose steps are all alike': 5,
  'usual step from block to block': 80,
  'least distance between two threads': 1 << 26,
  'greatest distance between two threads': 1 << 28,
  'threads that begin where the one before left off': 0,
  'mappings that first blocks lie in': 5,
  'child and parent get the same address next': true,
  "child's first block is as the child wrote it": true,
}
const said = (values: MadeUp = {}) => inspector.explain(factsOf(base, values)).join(' ')

test('places', () => {
  expect(said()).toContain('The main thread gets its blocks at the program break, the others')
  expect(said()).not.toContain('has moved')
  expect(said({ 'break moved by': 135168 })).toContain('The break has moved by 132 KiB for them.')
  const at = (others: number, blocks: number) => ({
    'other threads whose blocks lie at the break': others,
    'blocks at the break': blocks,
  })
  expect(said(at(4, 40))).toContain('All threads get their blocks at the')
  expect(said(at(2, 24))).toContain('the blocks of 3 of 5 threads')
  expect(said(at(2, 25))).toContain('At the program break lie 25 of 40 blocks.')
  const not = { 'main: its blocks lie at the break': false }
  expect(said({ ...not, ...at(0, 0) })).toContain('No thread gets blocks at the program break')
  expect(said({ ...not, ...at(0, 3) })).toContain('At the program break lie 3 of 40 blocks.')
})

test('the model says no more than that', () => {
  const model = (main: boolean, others: number, blocks: number) =>
    inspector.model?.(
      factsOf(base, {
        'main: its blocks lie at the break': main,
        'other threads whose blocks lie at the break': others,
        'blocks at the break': blocks,
      }),
    )['blocks at the program break']
  expect(model(true, 4, 40)).toBe('of all threads')
  expect(model(true, 0, 8)).toBe('of the main thread')
  expect(model(false, 0, 0)).toBe('none')
  expect(model(true, 2, 24)).toBe('24 of 40')
  expect(model(false, 4, 32)).toBe('32 of 40')
})

test('order', () => {
  expect(said()).toContain('a later block lies above the earlier ones')
  expect(said()).toContain('it is always 80 B')
  const down = {
    'threads whose blocks ascend': 0,
    'threads whose blocks descend': 5,
    'usual step from block to block': -64,
  }
  expect(said(down)).toContain('a later block lies below the earlier ones')
  expect(said(down)).toContain('it is always 64 B')
  const mixed = {
    'threads whose blocks ascend': 2,
    'threads whose blocks descend': 1,
    'threads whose steps are all alike': 3,
  }
  expect(said(mixed)).toContain('above the earlier ones in 2 of 5 threads, always below in 1')
  expect(said(mixed)).toContain('it is mostly 80 B')
  expect(said({ 'usual step from block to block': null })).toContain('no usual distance')
})

test('distances', () => {
  expect(said()).toContain('the nearest are some 64 MiB apart, each in a mapping of its own')
  expect(said({ 'least distance between two threads': 65536 })).toContain('the nearest are 64 KiB apart')
  expect(said({ 'mappings that first blocks lie in': 1 })).toContain('apart, in 1 mapping.')
  expect(said({ 'least distance between two threads': 640 })).toContain('Two threads begin 640 B apart, within a page')
  expect(said({ 'threads that begin where the one before left off': 4 })).toContain('served from one place')
})

test('fork', () => {
  expect(said()).toContain('both got the same next address, in memory of their own')
  expect(said({ "child's first block is as the child wrote it": false })).toContain('in memory that they share')
  expect(said({ 'child and parent get the same address next': false })).toContain('different next addresses')
})
