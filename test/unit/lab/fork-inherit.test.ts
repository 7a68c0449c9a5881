/** What fork-inherit makes of facts: the quiet fork, pages, the child's use of the heap, and forks of a busy process. */

import { expect, test } from 'vitest'
import forkInherit from '../../../lib/lab/experiments/fork-inherit.ts'
import { copiedPages } from '../../../lib/lab/own-pages.ts'
import { factsOf, type MadeUp } from '../../support/lab-facts.ts'

const uses = [
  'first malloc',
  'second malloc',
  'free of a block of its thread',
  'free of a block of another thread',
  'free of all the rest',
] as const
const base: MadeUp = {
  'a quiet fork': 'works',
  'blocks held at the fork': 51,
  'blocks that the child has as they were': 51,
  'threads of the parent': 4,
  'threads of the child': 1,
  'pages of a block of 64 KiB': 15,
  "of these, the child's own after the fork": 0,
  "the child's own after it wrote one byte": 1,
  "the child's own after the parent wrote one byte to another page": 2,
  'parent and child see what the other writes': false,
  ...Object.fromEntries(
    uses.flatMap((use, i) => [
      [`child: ${use}`, 'works'],
      [`child: ${use} copies`, i],
    ]),
  ),
  'blocks of threads that the child has not': 32,
  'of these, blocks whose memory it gets again once they are freed': 0,
  'a thread of the child allocates': 'works',
  'blocks of the parent that the child changed': 0,
  'the parent frees all of its blocks': 'works',
  'forks while others allocate': 20,
  'of these, forks that did not come back': 0,
  'children that allocated and freed': 20,
  'children that hung': 0,
  'children that died': 0,
  'of these two, children that never came out of fork': 0,
  'children that got no memory': 0,
  'what the last one that hung was at': null,
  'the parent allocates and frees afterwards': 'works',
}
const said = (...records: MadeUp[]) => forkInherit.explain(factsOf(base, ...records)).join(' ')

test('all well', () => {
  expect(said()).toContain('The child has all 51 blocks as they were, at the same addresses, and 1 of 4 threads.')
  expect(said()).toContain('share every page')
  expect(said()).toContain('makes a copy of that page alone, whichever of the two writes')
  expect(said()).toContain('the first malloc 0, the second malloc 1, the free of a block of its thread 2')
  expect(said()).toContain('the memory of none of the 32 blocks')
  expect(said()).toContain('all children allocate and free: none deadlocks')
  expect(said()).not.toContain('hang')
})

test('what is inherited otherwise', () => {
  expect(said({ 'blocks that the child has as they were': 50 })).toContain(
    'The child has 50 of 51 blocks as they were,',
  )
  expect(said({ "of these, the child's own after the fork": 3 })).toContain('share 12 of 15 pages')
  expect(said({ "the child's own after it wrote one byte": 15 })).toContain('the child writes makes 15 pages its own')
  expect(said({ 'parent and child see what the other writes': true })).toContain('the memory is not private')
})

test('a fork that fails by itself', () => {
  const text = said({ 'a quiet fork': 'hangs' })
  expect(text).toMatch(/^A fork while other threads only hold blocks hangs\. Forked while/)
})

test('what the child can do', () => {
  expect(said({ 'child: second malloc': 'gets no memory' })).toContain('In the child the second malloc gets no memory.')
  expect(said({ 'child: free of all the rest': 'dies (SIGABRT)' })).toContain(
    'the free of all the rest dies (SIGABRT).',
  )
  const again = { 'of these, blocks whose memory it gets again once they are freed': 31 }
  expect(said(again)).toContain('the memory of 31 of the 32 blocks')
  expect(said({ 'a thread of the child allocates': 'hangs' })).toContain('A thread that the child starts hangs when it')
  expect(said({ 'blocks of the parent that the child changed': 2 })).toContain(
    'Of the blocks of the parent 2 have changed',
  )
  expect(said({ 'the parent frees all of its blocks': 'dies (SIGABRT)' })).toContain(
    'When the parent frees its blocks it dies',
  )
})

test('forks of a busy process', () => {
  const hung = { 'forks while others allocate': 5, 'children that allocated and freed': 3, 'children that hung': 2 }
  const state = { 'what the last one that hung was at': 'it waits for a lock (futex)' }
  expect(said(hung, state)).toContain('Of 5 children forked while other threads allocate 2 hang when they')
  expect(said(hung, state)).toContain('The last one that hung: it waits for a lock (futex).')
  const mixed = { 'children that died': 1, 'children that got no memory': 4 }
  expect(said(hung, mixed)).toContain('2 hang and 1 die and 4 get no memory')
  const inFork = (count: number) => ({ 'of these two, children that never came out of fork': count })
  expect(said(hung, inFork(2))).toContain('2 hang inside of fork itself.')
  expect(said(hung, inFork(1))).toContain(
    '2 hang when they go on to allocate and free, 1 of them inside of fork already.',
  )
  expect(said({ 'of these, forks that did not come back': 1 })).toContain('fork itself does not come back')
  expect(said({ 'forks while others allocate': 0, 'children that allocated and freed': 0 })).toContain(
    'nothing is known of that',
  )
  expect(said({ 'the parent allocates and frees afterwards': 'hangs' })).toContain(
    'The parent itself hangs afterwards.',
  )
})

test('a copied page was shared, and is not', () => {
  const pages = (own: bigint[], shared: bigint[]) => ({ own: new Set(own), shared: new Set(shared) })
  expect(copiedPages(pages([1n], [2n, 3n]), pages([1n, 2n, 9n], [3n]))).toBe(1)
})
