/** What corruption-chain makes of facts: what changed, who noticed and when, and the sum of it. */

import { expect, test } from 'vitest'
import corruptionChain from '../../../lib/lab/experiments/corruption-chain.ts'
import { factsOf, type MadeUp } from '../../support/lab-facts.ts'

const trials = [
  'into the block',
  '1 byte past its end',
  '16 bytes past its end',
  'over all of the block behind it',
  '16 bytes in front of it',
  'into it once it is freed',
  '8 KiB past the end of a block of 1 MiB',
] as const
type TrialName = (typeof trials)[number]

const trial = (name: TrialName, values: MadeUp = {}): MadeUp => {
  const all: MadeUp = {
    'other blocks of the writing thread that change': 0,
    'blocks of the other thread that change': 0,
    'bytes of no block that change': 0,
    'of these, bytes that were not zero': 0,
    'ends the process': 'never',
    how: null,
    'in which thread': null,
    'the heap says': null,
    'blocks allocated later that overlap live ones': 0,
    'blocks allocated later where no memory is': 0,
    'blocks that change later': 0,
    ...values,
  }
  return Object.fromEntries(Object.entries(all).map(([fact, value]) => [`${name}: ${fact}`, value]))
}
const base: MadeUp = Object.assign({}, ...trials.map((name) => trial(name)))
const said = (...records: MadeUp[]) => corruptionChain.explain(factsOf(base, ...records)).join(' ')

test('nothing noticed', () => {
  expect(said()).toContain('Writing into the block changes nothing else; the heap does not notice.')
  expect(said()).toContain('Of 6 wrong writes 6 go by unseen until its end.')
  expect(said()).toContain('Sixteen bytes behind the end of a block nothing changes.')
})

test('what lies behind a block', () => {
  const behind = (values: MadeUp) => said(trial('16 bytes past its end', values))
  expect(behind({ 'blocks of the other thread that change': 1 })).toContain('begins at once, of the other thread')
  expect(behind({ 'other blocks of the writing thread that change': 1 })).toContain(
    'begins at once, of the same thread',
  )
  const between = { 'bytes of no block that change': 8, 'of these, bytes that were not zero': 1 }
  expect(behind(between)).toContain(
    "8 of the next 16 bytes are no block's, not all of them zero: something is kept there.",
  )
  expect(behind({ ...between, 'of these, bytes that were not zero': 0 })).toContain('all of them zero.')
  expect(behind({ ...between, 'blocks of the other thread that change': 1 })).toContain(
    '; then comes a block of the other thread.',
  )
  const atOnce = { 'ends the process': 'at once', how: 'SIGSEGV' }
  expect(behind(atOnce)).toContain(
    '16 bytes past its end does not come to an end: the process crashes (SIGSEGV) at once.',
  )
  expect(behind(atOnce)).not.toContain('ehind the end of a block')
})

test('what changes, and later', () => {
  const text = said(
    trial('1 byte past its end', {
      'other blocks of the writing thread that change': 2,
      'blocks of the other thread that change': 1,
      'bytes of no block that change': 1,
      'blocks allocated later that overlap live ones': 1,
      'blocks allocated later where no memory is': 2,
      'blocks that change later': 3,
    }),
  )
  expect(text).toContain(
    "changes 2 other blocks of its own thread and 1 block of the other thread and 1 byte that is no block's, " +
      'and malloc later gives out memory that is in use (1 overlap), and malloc later gives out 2 addresses where no ' +
      'memory is, by which 3 blocks change that nobody meant to write to; the heap does not notice.',
  )
})

test('who notices, when', () => {
  const one = (values: MadeUp) => said(trial('16 bytes in front of it', values))
  const stopped = {
    'ends the process': 'when the block is freed',
    how: 'SIGABRT',
    'in which thread': 'the one that wrote',
  }
  expect(one(stopped)).toContain('the heap stops the process when the block is freed.')
  expect(one(stopped)).toContain('Of 6 wrong writes the heap stops the process for 1, 5 go by unseen until its end.')
  expect(one({ ...stopped, 'in which thread': 'the other' })).toContain('when the block is freed, in the other thread.')
  const crash = { 'ends the process': 'at exit', how: 'SIGSEGV', 'in which thread': 'main' }
  expect(one(crash)).toContain('the process crashes (SIGSEGV) at exit.')
  expect(one(crash)).toContain('1 crashes or hangs it, 5 go by')
  expect(one({ ...crash, how: 'hang' })).toContain('a call never comes back at exit')
  expect(one({ 'the heap says': 'corrupted!' })).toContain('the heap goes on, and says: corrupted!')
})

test('a heap that stops for what is right', () => {
  const text = said(trial('into the block', { 'ends the process': 'when the rest is freed', how: 'SIGABRT' }))
  expect(text).toContain('Even a right one ended the process.')
})
