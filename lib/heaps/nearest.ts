/** Suggestions for misspelt names. */

import { distance } from 'fastest-levenshtein'

/** A name that is further off than this share of its length is another word, not a slip. */
const usualShare = 0.4
const most = 3

/** The known names nearest to what was written, best first; a part of a name counts as near. At most three. */
export function nearest(written: string, known: readonly string[], share: number = usualShare): string[] {
  const wanted = written.toLowerCase()
  return known
    .map((name) => ({ name, far: distance(wanted, name.toLowerCase()) }))
    .filter(({ name, far }) => {
      const contained = wanted.length >= 3 && name.toLowerCase().includes(wanted)
      return contained || far <= Math.max(1, Math.floor(Math.max(wanted.length, name.length) * share))
    })
    .sort((a, b) => a.far - b.far)
    .slice(0, most)
    .map(({ name }) => name)
}
