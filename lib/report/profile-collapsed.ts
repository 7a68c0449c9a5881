/** A profile as collapsed stacks, a line each: frames from the program's start on with semicolons between, then a number. */

import type { Profile } from '../types.ts'
import { frameName, type Sums, waysOf } from './profile-view.ts'

/** What the numbers can be. */
export type CollapsedValue = 'allocatedBytes' | 'liveBytes' | 'allocatedBlocks' | 'liveBlocks'

/** A name as the format can hold it: neither semicolons nor line breaks. */
const plain = (name: string) => name.replaceAll(';', ':').trim() || '?'

/** The text; stacks of which nothing is left are not in it. In alphabetical order. */
export function profileCollapsed(profile: Profile, value: CollapsedValue = 'allocatedBytes'): string {
  const names = profile.frames.map((frame) => plain(frameName(frame)))
  const lines = new Map<string, number>()
  for (const { frames, sums } of waysOf(profile)) {
    const text =
      [...frames]
        .reverse()
        .map((at) => names[at] ?? '?')
        .join(';') || '?'
    lines.set(text, (lines.get(text) ?? 0) + amount(sums, value))
  }
  return [...lines]
    .map(([text, sum]): [string, number] => [text, Math.round(sum)])
    .filter(([, sum]) => sum > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([text, sum]) => `${text} ${sum}\n`)
    .join('')
}

const amount = (sums: Sums, value: CollapsedValue): number => sums[value]
