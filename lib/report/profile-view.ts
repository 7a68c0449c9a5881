/** What all reports of a profile share: names for frames, and stacks put together where they go the same way. */

import type { Profile, ProfileFrame } from '../types.ts'
import { clean } from './layout.ts'

const baseOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)

/** What a frame is called: its function, else where it is. Nothing in it moves a cursor or breaks a line. */
export function frameName({ function: name, module, address }: ProfileFrame): string {
  if (name !== null) return clean(name)
  return module === null ? address : clean(`${baseOf(module)}+${address}`)
}

/** Where a frame is: file and line, else the program or library; null where its name says it. */
export function framePlace(frame: ProfileFrame): string | null {
  if (frame.file !== null) return clean(frame.line === null ? frame.file : `${frame.file}:${frame.line}`)
  return frame.function === null || frame.module === null ? null : clean(baseOf(frame.module))
}

/** Sums over the stacks of one way. */
export interface Sums {
  allocatedBytes: number
  allocatedVariance: number
  allocatedBlocks: number
  liveBytes: number
  liveVariance: number
  liveBlocks: number
  samples: number
  liveSamples: number
}

/** Nothing yet. */
export const noSums = (): Sums => ({
  allocatedBytes: 0,
  allocatedVariance: 0,
  allocatedBlocks: 0,
  liveBytes: 0,
  liveVariance: 0,
  liveBlocks: 0,
  samples: 0,
  liveSamples: 0,
})

/** Adds a stack's numbers to sums. */
export function addStack(sums: Sums, stack: Profile['stacks'][number]): void {
  sums.allocatedBytes += stack.allocatedBytes.value
  sums.allocatedVariance += stack.allocatedBytes.variance
  sums.allocatedBlocks += stack.allocatedBlocks
  sums.liveBytes += stack.liveBytes.value
  sums.liveVariance += stack.liveBytes.variance
  sums.liveBlocks += stack.liveBlocks
  sums.samples += stack.samples
  sums.liveSamples += stack.liveSamples
}

/** Stacks of all threads and processes by the frames they go through, the allocation's caller first. */
export function waysOf(profile: Profile): { frames: readonly number[]; sums: Sums }[] {
  const ways = new Map<string, { frames: readonly number[]; sums: Sums }>()
  for (const stack of profile.stacks) {
    const key = stack.frames.join(' ')
    const way = ways.get(key) ?? { frames: stack.frames, sums: noSums() }
    ways.set(key, way)
    addStack(way.sums, stack)
  }
  return [...ways.values()]
}

/** What one sample stands for where none was taken: nothing, where every allocation is one. */
export const noneOf = ({ sampleBytes }: Profile) => (sampleBytes <= 1 ? 0 : sampleBytes)
