/** What arena-scope makes of facts: each sentence follows from them, and none appears without what it says. */

import { describe, expect, test } from 'vitest'
import experiment from '../../../lib/lab/experiments/arena-scope.ts'
import { factsOf, type MadeUp } from '../../support/lab-facts.ts'

const arena = (source: string, facts: MadeUp) =>
  Object.fromEntries(Object.entries(facts).map(([name, value]) => [`arena from ${source}: ${name}`, value]))

const grown = {
  'alignments kept of 13': 13,
  grew: true,
  'moved when it grew': true,
  'bytes kept when it grew': true,
  'old addresses can still be read': false,
}
const caught = { 'late use caught': true, signal: 'SIGSEGV', 'at the address that was used': true }

const base: MadeUp = {
  'offset at first': 32,
  'offset after three blocks': 184,
  'of that for alignment': 20,
  'bases from malloc that begin a page, of 8': 0,
  'offset moved by what did not fit': false,
  'a smaller block still fits': true,
  'heap: null for 4 EiB': true,
  'heap: error of it': 'ENOMEM',
  'null unchecked, first byte: signal': 'SIGSEGV',
  'null unchecked, element 1000 of eight bytes: signal': 'SIGSEGV',
  'null unchecked, element 1000 of eight bytes: address': '0x1f40',
  'null unchecked, that far: written': true,
  ...arena('malloc', { ...grown, ...caught }),
  ...arena('memalign', grown),
  ...arena('mmap', { ...grown, ...caught }),
  'two threads, interleaved: both got the same block': true,
  'two threads, by load and store: blocks given twice': 7,
  'two threads, atomically: blocks given twice': 0,
}

const explained = (...changes: Readonly<Record<string, MadeUp[string] | undefined>>[]) =>
  experiment.explain(factsOf(base, ...changes)).join(' ')

describe('arena-scope explains', () => {
  test('the header by what was counted', () => {
    expect(explained()).toContain('3 blocks moved the offset to 184, 20 bytes of which are alignment')
    expect(explained()).toContain('Rounding up the address keeps every alignment')
    expect(explained(arena('mmap', { 'alignments kept of 13': 12 }))).not.toContain('keeps every alignment')
  })

  test('where bases lie', () => {
    expect(explained()).toContain('do not all begin a page')
    expect(explained({ 'bases from malloc that begin a page, of 8': 7 })).toContain('do not all begin a page')
    expect(explained({ 'bases from malloc that begin a page, of 8': 8 })).toContain('All of 8 bases from malloc begin')
  })

  test('the end of an arena and of the heap', () => {
    expect(explained()).toContain('gave null and stayed as it was: a smaller block still fitted')
    expect(explained({ 'a smaller block still fits': false })).toContain('stayed as it was. The heap')
    expect(explained({ 'offset moved by what did not fit': true })).toContain('its offset moved all the same')
    expect(explained()).toContain('as well (ENOMEM)')
    expect(explained({ 'heap: error of it': null })).toContain('without an error number')
    expect(explained({ 'heap: null for 4 EiB': false })).toContain('gave an address for 4 EiB')
  })

  test('a null that nobody checks', () => {
    expect(explained()).toContain('SIGSEGV at the first write; through an index the address is no longer 0 but 0x1f40')
    expect(explained()).toContain('wrote into the arena through null')
    expect(explained({ 'null unchecked, first byte: signal': null })).toContain('through that null was not stopped')
    expect(explained({ 'null unchecked, that far: written': undefined })).not.toContain('wrote into the arena')
  })

  test('growth, those together of which it is the same', () => {
    expect(explained()).toContain('from malloc, memalign or mmap moved when it grew, with its bytes')
    expect(explained()).toContain('the old ones are no memory any more')
    const readable = arena('malloc', { 'old addresses can still be read': true })
    expect(explained(readable)).toMatch(
      /from malloc moved .* a late read goes unnoticed\. .*from memalign or mmap moved/,
    )
    expect(explained(arena('mmap', { 'moved when it grew': false }))).toContain(
      'from mmap grew where it was, with its bytes',
    )
    expect(explained(arena('mmap', { 'bytes kept when it grew': false }))).toContain('and its bytes were not kept')
    expect(explained(arena('memalign', { grew: false }))).toContain('from memalign could not grow')
  })

  test('late use', () => {
    expect(explained()).toContain('used after munmap of its arena ended the program: SIGSEGV, at the very address.')
    expect(explained(arena('mmap', { 'at the address that was used': false }))).toContain('ended the program: SIGSEGV.')
    const passed = arena('malloc', { 'late use caught': false, 'the old byte was still there': true })
    const again = arena('malloc', { 'its address given to the next arena': true })
    const other = arena('malloc', { 'its address given to the next arena': false })
    expect(explained(passed, again)).toContain(
      'gave its old byte, and nothing noticed; the next arena got the same address',
    )
    expect(explained(passed, other)).toContain('gave its old byte, and nothing noticed.')
    const changed = arena('malloc', { 'the old byte was still there': false })
    expect(explained(passed, again, changed)).toContain('gave another byte')
    expect(explained(arena('malloc', { 'late use caught': false }))).toContain('used after free did not come back')
  })

  test('late use, for a model as well', () => {
    const model = (changes: MadeUp = {}) => experiment.model?.(factsOf(base, changes))
    expect(model()).toEqual({ 'use of 256 KiB after free': 'ends the program' })
    expect(model(arena('malloc', { 'late use caught': false }))).toEqual({ 'use of 256 KiB after free': 'passes' })
  })

  test('two threads', () => {
    expect(explained()).toContain('got the same block: an arena is not thread safe')
    expect(explained()).toContain('At full speed, too, blocks were given to both. With an atomic addition none was.')
    expect(explained({ 'two threads, by load and store: blocks given twice': 0 })).toContain('which proves nothing')
    expect(explained({ 'two threads, atomically: blocks given twice': 3 })).toContain('With an atomic addition 3 were')
    expect(explained({ 'two threads, interleaved: both got the same block': false })).toContain('got different blocks')
  })

  test('nothing of what was not seen', () => {
    expect(() => explained({ 'offset at first': undefined })).toThrow('offset at first')
  })
})
