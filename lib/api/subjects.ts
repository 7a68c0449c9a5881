/**
 * Who is compared: a heap and a command each. Usually all have the same command and differ by heap; with two builds of
 * a program each heap has both, and what tells them apart is their command.
 */

import { Alloc8Error } from '../errors.ts'
import type { ResolvedHeap } from '../types.ts'

/** A subject: with a label where the heap's spec does not tell it from the others. */
export type LabelledSubject = ResolvedHeap & { label?: string; command?: readonly string[] }

/** The subjects of a comparison, the baseline first; with `against`, first that and then the command, under one heap. */
export function subjectsOf(
  heaps: readonly ResolvedHeap[],
  command: readonly string[],
  against: readonly string[] | undefined,
): LabelledSubject[] {
  if (against === undefined) return heaps.map((heap) => ({ ...heap, ...pathLabel(heap, heaps) }))
  checkOneHeap(heaps)
  const [before, after] = commandLabels(against, command)
  return heaps.flatMap((heap) => [
    { ...heap, label: before, command: against },
    { ...heap, label: after, command },
  ])
}

/**
 * Throws where two builds are to be compared under several heaps: all of them would be held against the old build under
 * the first heap, and how much of a ratio is the heap's and how much the build's could not be told.
 */
export function checkOneHeap(heaps: readonly ResolvedHeap[]): void {
  if (heaps.length === 1) return
  const specs = heaps.map(({ spec }) => spec).join(', ')
  throw new Alloc8Error(
    'USAGE',
    `against: expected one heap, under which both builds run, got ${heaps.length}: ${specs}`,
    {
      hint: 'compare the builds under each heap in a comparison of its own, or name one (--heap, heaps)',
    },
  )
}

/** A word in a label that is longer than this is cut down to what differs. */
const SHORT = 24

/**
 * Short names for two commands: the words in which they differ, paths by as much of their end as tells them apart; the
 * same command twice is called `before` and `after`.
 */
export function commandLabels(before: readonly string[], after: readonly string[]): [string, string] {
  const length = Math.max(before.length, after.length)
  const differing = Array.from({ length }, (_, at) => at).filter((at) => before[at] !== after[at])
  if (differing.length === 0) return ['before', 'after']
  // A program is named with the words that differ, if those are not its own name.
  const wanted = differing.includes(0) ? differing : [0, ...differing]
  const pairs = wanted.map((at) => distinctTails([before[at] ?? '', after[at] ?? '']))
  const join = (side: 0 | 1) => pairs.flatMap((pair) => pair[side] || []).join(' ')
  return [join(0), join(1)]
}

/** Long paths of two or more libraries, cut down to what tells them apart. */
function pathLabel(heap: ResolvedHeap, heaps: readonly ResolvedHeap[]): { label?: string } {
  const files = heaps.filter(({ kind }) => kind === 'file')
  if (heap.kind !== 'file' || heap.spec.length <= SHORT) return {}
  const specs = files.map(({ spec }) => spec)
  const label = distinctTails(specs)[files.indexOf(heap)]
  return label === undefined || label === heap.spec ? {} : { label }
}

/** Each word by the fewest last parts of its path that none of the other, different words ends with; short ones whole. */
export function distinctTails(words: readonly string[]): string[] {
  return words.map((word) => {
    if (word.length <= SHORT || !word.includes('/')) return word
    const others = words.filter((other) => other !== word)
    const parts = word.split('/')
    for (let count = 1; count < parts.length; count++) {
      const tail = parts.slice(-count).join('/')
      if (!others.some((other) => other === tail || other.endsWith(`/${tail}`))) return tail
    }
    return word
  })
}
