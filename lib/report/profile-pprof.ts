/**
 * A profile for pprof: the protobuf of github.com/google/pprof's profile.proto, with objects and bytes, allocated
 * and in use, so that its own tools, Go's, and whatever else reads it show it as they show a heap profile.
 */

import * as pprof from 'pprof-format'
import type { Profile, ProfileFrame, ProfileStack } from '../types.ts'
import { clean } from './layout.ts'
import { frameName } from './profile-view.ts'

/**
 * pprof wants addresses of one address space, and ours are those in files: each file gets a range of its own, and code of
 * no file keeps the addresses that it had in memory, which lie below them.
 */
const rangeBits = 48n

/** The bytes of the file before they are compressed, which is how they are kept; the same for the same profile. */
export function profilePprof(profile: Profile): Uint8Array {
  return new Writer(profile).encode()
}

class Writer {
  readonly #profile: Profile
  readonly #strings = new pprof.StringTable()
  readonly #mappings = new Map<string, pprof.Mapping>()
  readonly #functions = new Map<string, pprof.Function>()
  readonly #locations = new Map<string, number>()
  readonly #written: pprof.Location[] = []

  constructor(profile: Profile) {
    this.#profile = profile
  }

  encode(): Uint8Array {
    const { stacks, sampleBytes } = this.#profile
    const valueType = (type: string, unit: string) => {
      return new pprof.ValueType({ type: this.#text(type), unit: this.#text(unit) })
    }
    const sampleType = [
      valueType('alloc_objects', 'count'),
      valueType('alloc_space', 'bytes'),
      valueType('inuse_objects', 'count'),
      valueType('inuse_space', 'bytes'),
    ]
    const sample = stacks.map((stack) => this.#sample(stack))
    return new pprof.Profile({
      sampleType,
      sample,
      mapping: [...this.#mappings.values()],
      location: this.#written,
      function: [...this.#functions.values()],
      periodType: valueType('space', 'bytes'),
      period: Math.round(sampleBytes),
      defaultSampleType: this.#text('inuse_space'),
      stringTable: this.#strings,
    }).encode()
  }

  #text(text: string): number {
    return this.#strings.dedup(clean(text))
  }

  #sample(stack: ProfileStack): pprof.Sample {
    const { allocatedBlocks, allocatedBytes, liveBlocks, liveBytes } = stack
    const thread = this.#profile.threads[stack.thread]
    const label = thread === undefined ? [] : this.#labels(thread)
    return new pprof.Sample({
      locationId: this.#locationsOf(stack.frames),
      value: [allocatedBlocks, allocatedBytes.value, liveBlocks, liveBytes.value].map(Math.round),
      label,
    })
  }

  #labels({ pid, thread, name }: Profile['threads'][number]): pprof.Label[] {
    const words = name === '' ? `${thread}` : `${name} ${thread}`
    return [
      new pprof.Label({ key: this.#text('pid'), num: pid }),
      new pprof.Label({ key: this.#text('thread'), str: this.#text(words) }),
    ]
  }

  /** One location for a call, with the functions that were put into it as lines of its own. */
  #locationsOf(frames: readonly number[]): number[] {
    const ids: number[] = []
    let call: number[] = []
    for (const at of frames) {
      call.push(at)
      if (this.#profile.frames[at]?.inlined === true) continue
      ids.push(this.#location(call))
      call = []
    }
    return ids
  }

  #location(call: readonly number[]): number {
    const key = call.join(' ')
    const known = this.#locations.get(key)
    if (known !== undefined) return known
    const frames = call.flatMap((at) => this.#profile.frames[at] ?? [])
    const frame = frames.at(-1)
    const address = BigInt(frame?.address ?? 0)
    const mapping = frame?.module == null ? null : this.#mapping(frame, address, frames)
    const id = this.#written.length + 1
    this.#locations.set(key, id)
    this.#written.push(
      new pprof.Location({
        id,
        mappingId: mapping?.id ?? 0,
        address: address + (mapping === null ? 0n : BigInt(mapping.memoryStart)),
        line: frames
          .filter(({ function: name }) => name !== null)
          .map((each) => new pprof.Line({ functionId: this.#function(each).id, line: each.line ?? 0 })),
      }),
    )
    return id
  }

  #mapping({ module, buildId }: ProfileFrame, address: bigint, frames: readonly ProfileFrame[]): pprof.Mapping {
    const key = `${buildId ?? ''}\0${module ?? ''}`
    let mapping = this.#mappings.get(key)
    if (mapping === undefined) {
      const id = this.#mappings.size + 1
      const memoryStart = BigInt(id) << rangeBits
      const [filename, build] = [this.#text(module ?? ''), this.#text(buildId ?? '')]
      mapping = new pprof.Mapping({ id, memoryStart, memoryLimit: memoryStart, filename, buildId: build })
      this.#mappings.set(key, mapping)
    }
    const page = 4096n
    const limit = BigInt(mapping.memoryStart) + (address / page + 1n) * page
    if (limit > BigInt(mapping.memoryLimit)) mapping.memoryLimit = limit
    // What is named already is not looked up again.
    mapping.hasFunctions ||= frames.some((frame) => frame.function !== null)
    mapping.hasFilenames ||= frames.some((frame) => frame.file !== null)
    mapping.hasLineNumbers ||= frames.some((frame) => frame.line !== null)
    mapping.hasInlineFrames ||= frames.some((frame) => frame.inlined)
    return mapping
  }

  #function(frame: ProfileFrame): pprof.Function {
    const key = `${frame.function ?? ''}\0${frame.file ?? ''}`
    let found = this.#functions.get(key)
    if (found === undefined) {
      const [name, filename] = [this.#text(frameName(frame)), this.#text(frame.file ?? '')]
      found = new pprof.Function({ id: this.#functions.size + 1, name, systemName: name, filename })
      this.#functions.set(key, found)
    }
    return found
  }
}
