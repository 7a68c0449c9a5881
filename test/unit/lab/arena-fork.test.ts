/** What arena-fork makes of facts: arenas of which the same was seen are named together, others apart. */

import { describe, expect, test } from 'vitest'
import experiment from '../../../lib/lab/experiments/arena-fork.ts'
import { factsOf, type MadeUp } from '../../support/lab-facts.ts'

const of = (title: string, facts: MadeUp) =>
  Object.fromEntries(Object.entries(facts).map(([name, value]) => [`arena ${title}: ${name}`, value]))

const [malloc, mapped, shared] = ['from malloc', 'in a private mapping', 'in a shared mapping']
const own: MadeUp = {
  'blocks before fork': 10,
  'child has the offset': true,
  'child has the bytes': true,
  'pages that only the child has, before it writes': 0,
  'pages that the child wrote': 3,
  'pages that only the child has, afterwards': 3,
  'parent sees what the child wrote': false,
  'offset of the parent grew by': 128,
  'offset of the child grew by': 320,
  'addresses that both got': 2,
  'interleaved, both got the same address': true,
  "interleaved, the child's bytes are gone": false,
  'lost of these, by load and store': 0,
  'lost of 4000000, atomically': 0,
  'child gave it back and allocates': true,
  'parent still has it': true,
  'parent gave it back as well': true,
}
const common: MadeUp = {
  ...own,
  'pages that only the child has, afterwards': 0,
  'parent sees what the child wrote': true,
  'offset of the parent grew by': 448,
  'offset of the child grew by': 448,
  'addresses that both got': 0,
  "interleaved, the child's bytes are gone": true,
  'lost of these, by load and store': 9,
}
const base = { ...of(malloc, own), ...of(mapped, own), ...of(shared, common) }
const explained = (...changes: MadeUp[]) => experiment.explain(factsOf(base, ...changes))

describe('arena-fork explains', () => {
  test('copies', () => {
    const [copies, ...others] = explained()
    expect(others).toHaveLength(1)
    expect(copies).toMatch(/^An arena from malloc or in a private mapping is each one's own after fork/)
    expect(copies).toContain(
      'of 10 filled pages the child had none for itself, and when it had written to 3 it had these',
    )
    expect(copies).toContain('they got the same address, which is no harm')
    expect(copies).toContain(
      'The offsets diverge, here by 128 bytes in the parent and 320 in the child, and 2 addresses',
    )
    expect(copies).toContain('no addition to the offset was lost by loads and stores, and none by atomic additions')
    expect(copies).toContain('without harm to the parent, which then did the same')
  })

  test('what is shared', () => {
    const text = explained()[1]
    expect(text).toMatch(/^An arena in a shared mapping is one for both/)
    expect(text).toContain("No page of it was the child's own, neither before it wrote nor afterwards")
    expect(text).toContain('they got the same block, and the second writer overwrote the first')
    expect(text).toContain('There is one offset: what either allocates moves it for both, by 448 bytes')
    expect(text).toContain('additions to the offset were lost by loads and stores, and none by atomic')
  })

  test('an arena of the heap that is shared, with the one that is', () => {
    const texts = explained(of(malloc, common))
    expect(texts[0]).toMatch(/^An arena from malloc or in a shared mapping is one for both/)
    expect(texts[1]).toMatch(/^An arena in a private mapping is each one's own/)
  })

  test.each([
    [{ 'child has the bytes': false }, 'did not come to the child as the parent had it'],
    [
      { 'pages that only the child has, before it writes': 10 },
      'the child had 10 for itself, and when it had written to 3',
    ],
    [{ 'interleaved, both got the same address': false }, 'each got its own block'],
    [{ 'lost of 4000000, atomically': 4 }, 'and 4 by atomic additions'],
    [{ 'child gave it back and allocates': false }, 'could not give it back and go on'],
    [{ 'parent still has it': false }, 'the parent lost what it had in it'],
    [{ 'parent gave it back as well': false }, 'which then could not'],
  ])('%o', (facts, sentence) => {
    const texts = explained(of(malloc, facts as MadeUp))
    expect(texts[0]).toContain(sentence)
    expect(texts[1]).not.toContain(sentence)
  })

  test('bytes that are lost in different blocks', () => {
    const facts = { 'interleaved, both got the same address': false, "interleaved, the child's bytes are gone": true }
    expect(explained(of(malloc, facts))[0]).toContain('they got different blocks, and the bytes of one were lost')
  })
})
