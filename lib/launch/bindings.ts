/**
 * One process image: from what its objects' references resolved to, to the state of the heap in it. DESIGN, "Binding
 * and verdict", has the rule: active when every allocating entry point lands in the heap, partial when some pair lands
 * in two.
 */

import type { JournalEntry, WitnessRecord } from '../binding/native.ts'
import type { Reason, ReasonCode, VerdictState } from '../types.ts'
import { withLate } from './late.ts'
import { reasonFor } from './reasons.ts'

/** What the bindings of one image say. `bindings` names the library of each entry point that something refers to. */
export interface ImageFinding {
  state: VerdictState
  reasons: Reason[]
  bindings: Record<string, string | null>
}

/** The entry points that every program reaches through libc, whether or not one of its objects refers to them. */
const always = ['malloc', 'calloc', 'realloc', 'free'] as const

/**
 * Judges one image by its record and by what was loaded later. `isHeap` says whether a library's path is the requested
 * heap; null means that none was requested (`default`), where whatever is bound is in effect. `preloadedByFile` are the
 * libraries that /etc/ld.so.preload names.
 */
export function judgeImage(
  record: WitnessRecord,
  isHeap: ((path: string) => boolean) | null,
  late: readonly JournalEntry[] = [],
  preloadedByFile: readonly string[] = [],
): ImageFinding {
  const { merged, deepBound, apart } = withLate(record, late)
  const image = new Image(merged, deepBound, preloadedByFile)
  const bindings = image.bindings()
  if (isHeap === null) return { state: 'active', reasons: [], bindings }
  const heapObjects = new Set(merged.objects.flatMap((path, index) => (path !== '' && isHeap(path) ? [index] : [])))
  if (heapObjects.size === 0) {
    const reason = reasonFor('library-not-loaded', "the loader did not load the heap's library")
    return { state: 'inactive', reasons: [reason], bindings }
  }
  const owners = image.coreOwners(heapObjects)
  const elsewhere = owners.filter((owner) => !heapObjects.has(owner.target))
  const reasons = [...explain(image, elsewhere, heapObjects), ...apart.flatMap(explainApart)]
  if (reasons.length === 0) return { state: 'active', reasons, bindings }
  // Without malloc a heap serves next to nothing, whatever else reaches it.
  const state = owners.some((owner) => owner.symbol === 'malloc' && heapObjects.has(owner.target))
    ? 'partial'
    : 'inactive'
  return { state, reasons, bindings }
}

/** What dlmopen loaded is bound among itself. */
function explainApart(record: WitnessRecord): Reason[] {
  const bound = record.references.filter(({ role, target }) => role !== 'report' && target !== null)
  const from = record.objects[bound[0]?.object ?? -1]
  const target = record.objects[bound.find(({ symbol }) => symbol === 'malloc')?.target ?? bound[0]?.target ?? -1]
  if (from === undefined || target === undefined) return []
  return [
    reasonFor('own-namespace', `${from} was loaded into a namespace of its own, where malloc is that of ${target}`),
  ]
}

/** An entry point that hands out, takes back or looks into blocks, and the object that it lands in. */
interface Owner {
  symbol: string
  version: string | null
  target: number
  /** The object that refers to it, where that was opened with RTLD_DEEPBIND. */
  deepBound: number | null
}

class Image {
  readonly record: WitnessRecord
  /** The object that is libc: the last with a malloc that carries a version, which preloaded ones should not. */
  readonly libc: number | null
  readonly preloadedByFile: readonly string[]
  readonly #deepBound: ReadonlySet<number>

  constructor(record: WitnessRecord, deepBound: ReadonlySet<number>, preloadedByFile: readonly string[]) {
    this.record = record
    this.preloadedByFile = preloadedByFile
    this.#deepBound = deepBound
    const mallocs = record.definitions.filter(({ symbol }) => symbol === 'malloc')
    this.libc = (mallocs.findLast(({ version }) => version !== null) ?? mallocs.at(-1))?.object ?? null
  }

  path(object: number): string {
    const path = this.record.objects[object] ?? ''
    return path === '' ? this.record.executable : path
  }

  /**
   * Where every reference to a core entry point ends, operators and the like followed to the malloc they call. What
   * allocators refer to is left out: whence a heap takes its memory is its own affair, and that of another allocator
   * matters only if it is reached, which shows elsewhere.
   */
  coreOwners(heapObjects: Set<number>): Owner[] {
    const allocators = new Set(heapObjects)
    for (const { symbol, object } of this.record.definitions) if (symbol === 'malloc') allocators.add(object)
    const owners = new Map<string, Owner>()
    const add = (owner: Owner) =>
      owners.set(`${owner.symbol}@${owner.version} ${owner.target} ${owner.deepBound}`, owner)
    for (const reference of this.record.references) {
      if (reference.target === null || reference.role === 'report' || allocators.has(reference.object)) continue
      // Whence a heap has the blocks that its own reallocarray gives is its own affair, too.
      const derived = reference.role === 'derived' && !heapObjects.has(reference.target)
      const target = derived ? this.behindDerived(reference.target) : reference.target
      const deepBound = this.#deepBound.has(reference.object) ? reference.object : null
      if (target !== null) add({ symbol: reference.symbol, version: reference.version, target, deepBound })
    }
    for (const symbol of always) {
      const { target, version } = this.callFromLibc(symbol)
      if (target !== null) add({ symbol, version, target, deepBound: null })
    }
    return [...owners.values()]
  }

  /** The library of each entry point that is referred to, the executable's own reference first. */
  bindings(): Record<string, string | null> {
    const found: Record<string, string | null> = {}
    for (const symbol of always) {
      const { target } = this.callFromLibc(symbol)
      found[symbol] = target === null ? null : this.path(target)
    }
    // Backwards, so that the first object in search order has the last word.
    for (const reference of [...this.record.references].reverse()) {
      if (this.#deepBound.has(reference.object)) continue
      found[reference.symbol] = reference.target === null ? null : this.path(reference.target)
    }
    return found
  }

  definition(object: number, symbol: string): { version: string | null } | undefined {
    return this.record.definitions.find((entry) => entry.object === object && entry.symbol === symbol)
  }

  /** libc calls its own entry points by the version that it exports them with, so that a heap can come before it. */
  private callFromLibc(symbol: string): { target: number | null; version: string | null } {
    const version = this.libc === null ? null : (this.definition(this.libc, symbol)?.version ?? null)
    const target = this.record.definitions.find(
      (entry) => entry.symbol === symbol && (entry.version === null || version === null || entry.version === version),
    )
    return { target: target?.object ?? null, version }
  }

  /**
   * libc's reallocarray and the C++ runtime's operators get their blocks through a reference of their own: where that
   * one lands is what counts. Others without such a reference keep what they were asked for.
   */
  private behindDerived(object: number, seen: readonly number[] = []): number | null {
    if (object === this.libc) return this.callFromLibc('malloc').target
    const own = this.record.references.filter((entry) => entry.object === object && entry.target !== null)
    const allocating = own.filter((entry) => entry.role === 'allocate')
    const direct = allocating.find((entry) => entry.symbol === 'malloc') ?? allocating[0]
    if (direct !== undefined) return direct.target
    const next = own.find((entry) => entry.role === 'derived' && !seen.includes(entry.target ?? object))?.target
    return next == null ? object : this.behindDerived(next, [...seen, object])
  }
}

/** One reason per kind of gap, each naming the entry points and the library that has them. */
function explain(image: Image, elsewhere: Owner[], heapObjects: Set<number>): Reason[] {
  const groups = new Map<string, { code: ReasonCode; text: string; symbols: Set<string> }>()
  for (const owner of elsewhere) {
    const library = image.path(owner.target)
    const kind = gapOf(image, owner, heapObjects)
    const key = `${kind.code} ${kind.text} ${library}`
    const group = groups.get(key) ?? { code: kind.code, text: `${kind.text} ${library}`, symbols: new Set() }
    group.symbols.add(owner.version === null ? owner.symbol : `${owner.symbol}@${owner.version}`)
    groups.set(key, group)
  }
  return [...groups.values()].map(({ code, text, symbols }) => reasonFor(code, `${[...symbols].join(', ')}: ${text}`))
}

function gapOf(image: Image, owner: Owner, heapObjects: Set<number>): { code: ReasonCode; text: string } {
  if (owner.deepBound !== null) {
    return { code: 'deep-bind', text: `${image.path(owner.deepBound)} was opened with RTLD_DEEPBIND and uses those of` }
  }
  if (owner.target === 0) {
    return { code: 'own-malloc', text: 'the executable has its own, which comes before any preloaded one:' }
  }
  for (const heap of heapObjects) {
    const definition = image.definition(heap, owner.symbol)
    if (definition?.version != null && definition.version !== owner.version) {
      const text = `the heap's library exports it as version ${definition.version}, so this reference is bound to`
      return { code: 'mis-versioned-exports', text }
    }
    if (definition !== undefined) return inFront(image, owner, heap)
  }
  return { code: 'missing-entry-points', text: "the heap's library does not export it, so it is bound to" }
}

/** The loader puts the executable first, then what is preloaded, then what they need. */
function inFront(image: Image, owner: Owner, heap: number): { code: ReasonCode; text: string } {
  if (owner.target > heap) return { code: 'bound-elsewhere', text: 'bound, past the heap, to' }
  const byFile = image.preloadedByFile.includes(image.path(owner.target))
  const how = byFile ? '/etc/ld.so.preload names another library, which comes first:' : 'another is preloaded in front:'
  return { code: 'preload-in-front', text: how }
}
