/** A profile for speedscope (https://www.speedscope.app/file-format-schema.json): one profile for each kind of number. */

import type { Profile } from '../types.ts'
import { frameName, framePlace, type Sums, waysOf } from './profile-view.ts'

const kinds: readonly [name: string, unit: 'bytes' | 'none', key: keyof Sums][] = [
  ['live bytes', 'bytes', 'liveBytes'],
  ['allocated bytes', 'bytes', 'allocatedBytes'],
  ['live blocks', 'none', 'liveBlocks'],
  ['allocated blocks', 'none', 'allocatedBlocks'],
]

/** The JSON. `name` is what was run. */
export function profileSpeedscope(profile: Profile, name: string): string {
  const ways = waysOf(profile)
  const file = {
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    name,
    exporter: 'alloc8',
    activeProfileIndex: 0,
    shared: {
      frames: profile.frames.map((frame) => ({
        name: frameName(frame),
        file: frame.file ?? framePlace(frame) ?? frame.module ?? undefined,
        line: frame.line ?? undefined,
      })),
    },
    profiles: kinds.map(([kind, unit, key]) => {
      const some = ways
        .map(({ frames, sums }) => ({ sample: [...frames].reverse(), weight: Math.round(sums[key]) }))
        .filter(({ weight }) => weight > 0)
      return {
        type: 'sampled',
        name: kind,
        unit,
        startValue: 0,
        endValue: some.reduce((sum, { weight }) => sum + weight, 0),
        samples: some.map(({ sample }) => sample),
        weights: some.map(({ weight }) => weight),
      }
    }),
  }
  return `${JSON.stringify(file)}\n`
}
