/**
 * Frames of a session, each once: the same place in the same file is one frame whichever process or thread was there,
 * and functions that were put into others by the compiler are frames of their own.
 */

import type { RawSamples } from '../binding/native.ts'
import type { ProfileFrame, Warning } from '../types.ts'
import { type AskedModule, nameModules } from './modules.ts'
import type { Place, Symboliser } from './tool.ts'

/** Bits of a raw frame: the address, above them the module's number plus 1. */
const moduleShift = 48n
const addressMask = (1n << moduleShift) - 1n

/** A raw frame, taken apart. Frames are return addresses: the call ends one byte before. */
export function splitFrame(frame: bigint): { module: number; address: number } {
  return { module: Number(frame >> moduleShift) - 1, address: Math.max(0, Number(frame & addressMask) - 1) }
}

/** Names of code made at run time in one process, by address. */
export type JitNames = ReadonlyMap<number, Place>

/** What makes frames out of raw ones; built once over all processes, so that each module is asked once. */
export class FrameTable {
  readonly frames: ProfileFrame[] = []
  readonly warnings: Warning[] = []
  readonly #known = new Map<string, number[]>()
  readonly #modules = new Map<string, { asked: AskedModule; addresses: Set<number>; places: Map<number, Place[]> }>()

  /** Asks for the names of all frames of these processes that lie in files. */
  async nameAll(processes: readonly RawSamples[], tool: Symboliser | null | undefined): Promise<void> {
    for (const { modules, sites } of processes) {
      const sets = modules.map((module) => this.#moduleOf(module).addresses)
      const seen = new Set<bigint>()
      for (const { frames } of sites) for (const frame of frames) seen.add(frame)
      for (const frame of seen) {
        const { module, address } = splitFrame(frame)
        sets[module]?.add(address)
      }
    }
    const all = [...this.#modules.values()]
    const named = await nameModules(
      all.map(({ asked }) => asked),
      tool,
    )
    for (const [at, module] of all.entries()) module.places = named.places[at] ?? new Map()
    this.warnings.push(...named.warnings)
  }

  /** The frames of one raw frame of a process, the innermost first. */
  framesOf({ modules }: RawSamples, frame: bigint, jit: JitNames): number[] {
    const { module: index, address } = splitFrame(frame)
    const module = modules[index]
    const hex = `0x${address.toString(16)}`
    if (module === undefined) {
      const place = jit.get(address)
      const kind = place === undefined ? 'unknown' : 'jit'
      return this.#add({ module: null, address: hex, buildId: null, kind }, place === undefined ? [] : [place])
    }
    const places = this.#moduleOf(module).places.get(address) ?? []
    return this.#add({ module: module.path, address: hex, buildId: module.buildId || null, kind: 'native' }, places)
  }

  #moduleOf({ path, buildId }: { path: string; buildId: string }) {
    const key = `${buildId}\0${path}`
    let found = this.#modules.get(key)
    if (found === undefined) {
      const addresses = new Set<number>()
      found = { asked: { path, buildId, addresses }, addresses, places: new Map() }
      this.#modules.set(key, found)
    }
    return found
  }

  #add(at: Pick<ProfileFrame, 'module' | 'address' | 'buildId' | 'kind'>, places: readonly Place[]): number[] {
    // Two processes may have made different code at one address.
    const name = at.kind === 'jit' ? JSON.stringify(places) : ''
    const key = `${at.module ?? ''}\0${at.buildId ?? ''}\0${at.address}\0${name}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const some = places.length === 0 ? [{ function: null, file: null, line: null }] : places
    const added = some.map(({ function: of, file, line }, index) => {
      const { module, address, buildId, kind } = at
      const inlined = index < some.length - 1
      return this.frames.push({ function: of, module, file, line, address, buildId, kind, inlined }) - 1
    })
    this.#known.set(key, added)
    return added
  }
}
