/**
 * A profile for the pprof of gperftools (Debian's google-pprof) and jemalloc's jeprof, which is made from it: a heap
 * profile as text. It is written with names in it, as `google-pprof --raw` does: those tools would look up addresses in
 * one program with their own symboliser, which knows neither of code made at run time nor of several programs.
 */

import type { Profile } from '../types.ts'
import { clean } from './layout.ts'
import { frameName, waysOf } from './profile-view.ts'

/**
 * The text. Numbers are estimates of what there was, not of what was sampled: `heapprofile` says that nothing is to be
 * scaled by the sampling's distance again, which is why that distance is not in it.
 */
export function profileGperftools(profile: Profile): string {
  const places = new Places()
  const totals = [0, 0, 0, 0]
  const lines = waysOf(profile).map(({ frames, sums }) => {
    const numbers = [sums.liveBlocks, sums.liveBytes, sums.allocatedBlocks, sums.allocatedBytes].map(Math.round)
    for (const [at, number] of numbers.entries()) totals[at] = (totals[at] ?? 0) + number
    const addresses = callsOf(profile, frames).map((names) => places.addressOf(names))
    return `${countsText(numbers)} @ ${addresses.join(' ')}\n`
  })
  const program = profile.processes.find(({ executable }) => executable !== null)?.executable
  return [
    '--- symbol\n',
    ...(program == null ? [] : [`binary=${clean(program)}\n`]),
    places.text(),
    '---\n',
    `heap profile: ${countsText(totals)} @ heapprofile\n`,
    ...lines,
  ].join('')
}

const countsText = ([liveBlocks, liveBytes, blocks, bytes]: readonly number[]) =>
  `${liveBlocks}: ${liveBytes} [${blocks}: ${bytes}]`

/** The calls of a stack, the innermost first; each with the names of its function and of those that were put into it. */
function callsOf({ frames }: Profile, stack: readonly number[]): string[][] {
  const calls: string[][] = []
  let names: string[] = []
  for (const at of stack) {
    const frame = frames[at]
    if (frame === undefined) continue
    names.push(frameName(frame))
    if (frame.inlined) continue
    calls.push(names)
    names = []
  }
  if (names.length > 0) calls.push(names)
  // A line without any address is not read, and its memory would be missing from the sums.
  return calls.length > 0 ? calls : [['(no frames)']]
}

/**
 * Addresses for the readers: each name, or chain of names, has one, and nothing is looked up by it but the name. jeprof
 * takes 1 from those of callers, google-pprof does not: each has its name at both.
 */
class Places {
  readonly #known = new Map<string, number>()

  addressOf(names: readonly string[]): string {
    // The readers want the outermost first and take -- for what separates them, though C++ has an operator of that name.
    const text = names
      .map((name) => name.replaceAll('--', '- -').trim() || '?')
      .reverse()
      .join('--')
    const address = this.#known.get(text) ?? 0x1001 + 2 * this.#known.size
    this.#known.set(text, address)
    return hex(address)
  }

  text(): string {
    const both = [...this.#known].flatMap(([names, address]) =>
      [address - 1, address].map((at) => `${hex(at)} ${names}\n`),
    )
    return both.join('')
  }
}

const hex = (address: number) => `0x${address.toString(16)}`
