/** What `fragmentation` says about facts: of pages, of blocks that come later, and of what the system gets back. */

import { describe, expect, test } from 'vitest'
import fragmentation from '../../../lib/lab/experiments/fragmentation.ts'
import { factsOf } from '../../support/lab-facts.ts'

const MIB = 1 << 20

const usual = {
  'held over live with all blocks': 1.1,
  'held over live after random frees': 10,
  'pages in which blocks lay': 2000,
  'of them given back after random frees': 0,
  'of them held without a live block': 1200,
  'of the bytes added in the same sizes, held above the most before': 0,
  'of the bytes added in larger blocks, held above the most before': 0,
  'of the most, held when all was freed': 100,
  'of the most, held half a second later': 100,
  'of the most, held after malloc_trim': 100,
  'large blocks: held for them while they were live': 8 * MIB,
  'large blocks: of them held after they were freed': 100,
}

/** The sentence of that place, the facts being as usual but for some. */
function said(place: number, more: Partial<Record<keyof typeof usual, number>>): string | undefined {
  return fragmentation.explain(factsOf({ ...usual, ...more }))[place]
}

describe('fragmentation', () => {
  test('what is held with all blocks', () => {
    expect(said(0, {})).toContain('about as much')
    expect(said(0, { 'held over live with all blocks': 1.6 })).toContain('1.6 times what was asked for')
  })

  test('what becomes of pages', () => {
    expect(said(1, {})).toContain('10 times what was live: pages were kept')
    expect(said(1, { 'of them given back after random frees': 3 })).toContain('nearly all pages were kept')
    expect(said(1, { 'of them given back after random frees': 300 })).toContain('some of the pages')
    expect(
      said(1, { 'of them given back after random frees': 1200, 'of them held without a live block': 10 }),
    ).toContain('and those with one could not')
  })

  test('what blocks that come later need', () => {
    const later = (same: number, larger: number) =>
      said(2, {
        'of the bytes added in the same sizes, held above the most before': same,
        'of the bytes added in larger blocks, held above the most before': larger,
      })
    expect(later(0, 0)).toContain('needed no more memory than there had been, and so did larger ones')
    expect(later(0, 100)).toContain('no more memory than there had been, larger ones new memory.')
    expect(later(8, 50)).toContain('hardly more memory than there had been, larger ones new memory in part')
    expect(later(100, 100)).toContain('what was freed was not used')
  })

  test('what goes back when all is freed', () => {
    const back = (freed: number, later: number, trimmed: number) =>
      said(3, {
        'of the most, held when all was freed': freed,
        'of the most, held half a second later': later,
        'of the most, held after malloc_trim': trimmed,
      })
    expect(back(2, 2, 0)).toContain('at once')
    expect(back(90, 5, 5)).toContain('within half a second')
    expect(back(100, 100, 0)).toContain('most memory was kept; malloc_trim gave it back')
    expect(back(100, 100, 40)).toContain('malloc_trim gave back some of it')
    expect(back(30, 30, 30)).toContain('a part of the memory was kept, and malloc_trim changed nothing')
  })

  test('what becomes of large blocks', () => {
    const kept = (percent: number, held = 8 * MIB) =>
      said(4, {
        'large blocks: of them held after they were freed': percent,
        'large blocks: held for them while they were live': held,
      })
    expect(kept(0)).toContain('went back to the system')
    expect(kept(50)).toContain('a part went back')
    expect(kept(100)).toContain('stayed with the heap')
    expect(kept(0, MIB)).toContain('in memory that the heap had kept')
  })
})
