/** Suggestions for misspelt names. */

import { distance } from 'fastest-levenshtein'

/** A name that is further off than this share of its length is another word, not a slip. */
const usualShare = 0.4
const most = 3

/**
 * The known names nearest to what was written, best first, at most three. A name that holds what was written is near;
 * others count only when hardly further off than the best.
 */
export function nearest(written: string, known: readonly string[], share: number = usualShare): string[] {
  const wanted = written.toLowerCase()
  const near = known
    .map((name) => {
      const contained = wanted.length >= 3 && name.toLowerCase().includes(wanted)
      return { name, contained, far: distance(wanted, name.toLowerCase()) }
    })
    .filter(({ name, contained, far }) => {
      return contained || far <= Math.max(1, Math.floor(Math.max(wanted.length, name.length) * share))
    })
    .sort((a, b) => a.far - b.far)
  const best = near[0]?.far ?? 0
  return near
    .filter(({ contained, far }) => contained || far <= best + 1)
    .slice(0, most)
    .map(({ name }) => name)
}
