/** Heaps as they are listed and chosen. */

/** Where a heap comes from. `default` is the program untouched, `system` is libc's malloc, enforced. */
export type HeapKind = 'default' | 'system' | 'builtin' | 'found' | 'file'

/** One tunable of a heap: `name:key=value` sets it. */
export interface Tunable {
  key: string
  kind: 'integer' | 'boolean' | 'string' | 'size'
  /** The heap's own default as it documents it, or null where it depends on the machine. */
  default: string | null
  /** One line: what it does. */
  description: string
}

/** A heap as `alloc8 heaps` lists it. `path` and `version` are null for `default`. */
export interface HeapInfo {
  name: string
  kind: HeapKind
  path: string | null
  version: string | null
  tunables: Tunable[]
}

/** What `heaps()` returns. */
export interface HeapsResult {
  schema: 1
  heaps: HeapInfo[]
}

/** A heap chosen for a run: a name with its tunables applied, ready to be put into an environment. */
export interface ResolvedHeap extends HeapInfo {
  /** The whole text that was asked for: `jemalloc:narenas=2`. Two with the same spec behave alike. */
  spec: string
  /** Libraries to preload, in order. Empty for `default`. */
  preload: string[]
  /** Environment variables that carry the tunables. A list-like variable is joined to the user's own value. */
  env: { name: string; value: string; join: string | null }[]
}
