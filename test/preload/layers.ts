/** What layered heaps cannot pass of native/conformance by what they are, and the programs that CI runs under them. */

/** Why a program fails under a layer, or takes minutes: by its nature, not by a fault. */
export interface LayerGap {
  kind: 'fails' | 'slow'
  reason: string
}

const gap = (reason: string): LayerGap => ({ kind: 'fails', reason })

const keeps = 'memory of one size serves no other, or a page and more is taken for each block'
const counts = 'there is no account of what the program holds: put Stats over it'
const mappings = 'each block splits a mapping, and a process may have only so many'
const waits = 'what waits in the quarantine counts as held'
const slow: LayerGap = {
  kind: 'slow',
  reason: 'half a minute of the kernel: each fork copies tens of thousands of mappings',
}

const noAccount = { 'statistics/in-use': gap(counts), 'statistics/mallinfo-32': gap(counts) }
const otherSizes = { 'memory/limit-small': gap(keeps) }
const manyPages = { ...otherSizes, 'memory/many-large': gap(mappings) }

/** By layered heap and program. */
export const layerGaps: Readonly<Record<string, Readonly<Record<string, LayerGap>>>> = {
  'mmap-source': { ...noAccount, ...otherSizes },
  'size-classes': { ...noAccount, ...otherSizes },
  canary: { ...noAccount, ...otherSizes },
  quarantine: { 'statistics/in-use': gap(waits) },
  guard: { ...noAccount, ...manyPages },
  all: {
    ...manyPages,
    'fork/atfork-linked': slow,
    'fork/busy-threads': slow,
    'memory/reuse': slow,
  },
}

/** A few that tell much: threads, forks, alignment, realloc, errno, early calls. All of them are in test/long. */
export const telling = [
  'align/memalign',
  'align/realloc-aligned',
  'early/dlsym',
  'errno/free-small',
  'fork/from-thread',
  'operators/sized-aligned-delete',
  'overflow/calloc',
  'overflow/memalign',
]
