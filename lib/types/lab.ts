/** The lab's results: what an experiment asked, did, saw and makes of it, by heap, and the data of its pictures. */

/** Something that was seen. */
export interface LabFact {
  /** In words, and the same for every heap. */
  name: string
  /** Addresses as hex text. */
  value: number | string | boolean | null
  /** `B`, `ns`, `pages` and so on; null where there is none. */
  unit: string | null
}

/** What a picture shows; `report/` draws it. Addresses are hex text. */
export type LabPicture = LabMap | LabMatrix | LabBars | LabLines | LabBytes

/** Blocks by address, in the mappings that they lie in. */
export interface LabMap {
  kind: 'map'
  title: string
  mappings: LabMapping[]
  blocks: LabMapBlock[]
  /** Which pages of the mappings are there, in runs of one state, where it was looked at. */
  pages?: LabMapPages[] | undefined
  /** The processes in the order in which they began, each with its place in the order of allocation. */
  processes?: { name: string; from: number }[] | undefined
}

/** A mapping of a map. */
export interface LabMapping {
  start: string
  end: string
  label: string
  process?: string | undefined
}

/**
 * What is known of a page: the process's own, one that it shares with another process (after fork, until one writes), one
 * of a file or of shared memory, one in swap, or none that is there.
 */
export type LabPageState = 'own' | 'shared' | 'file' | 'swapped' | 'absent'

/** Pages in a row that are in one state. */
export interface LabMapPages {
  process: string
  start: string
  end: string
  state: LabPageState
}

/** One block of a map. */
export interface LabMapBlock {
  address: string
  /** In bytes. */
  size: number
  process: string
  thread: string
  /** Its size class in bytes, where it is known. */
  sizeClass: number | null
  /** A place in the order of allocation. */
  age: number
  live: boolean
  /** The place in the order of allocation before which it was freed; null: it was not. */
  freedAt?: number | null | undefined
  /** Which thread freed it. */
  freedBy?: string | null | undefined
  /** What the heap says may be used of it, in bytes. */
  usable?: number | null | undefined
}

/** A number for each pair of a row and a column: who freed whose, a grid of settings. */
export interface LabMatrix {
  kind: 'matrix'
  title: string
  rowTitle: string
  columnTitle: string
  rows: string[]
  columns: string[]
  /** null: not measured. */
  values: (number | null)[][]
  unit: string
}

/** A number for each of some things: a histogram, heaps side by side. */
export interface LabBars {
  kind: 'bars'
  title: string
  xTitle: string
  yTitle: string
  unit: string
  bars: { label: string; value: number }[]
}

/** Numbers over time or over something else. */
export interface LabLines {
  kind: 'lines'
  title: string
  xTitle: string
  xUnit: string
  yTitle: string
  yUnit: string
  /** Holds each value until the next one. */
  steps?: boolean | undefined
  logX?: boolean | undefined
  logY?: boolean | undefined
  series: { name: string; points: [x: number, y: number][] }[]
  events?: { x: number; label: string }[] | undefined
}

/** Memory byte by byte, before and after. */
export interface LabBytes {
  kind: 'bytes'
  title: string
  rows: {
    address: string
    label: string
    /** Hex, two digits a byte. */
    before: string
    after: string
  }[]
}

/** What one heap has shown. */
export interface LabHeap {
  heap: string
  facts: LabFact[]
  /** What the facts mean for this heap; derived from them alone. */
  meaning: string
  /** For a mental model of the heap: by topic what the facts say, in a few words. */
  model: Record<string, string>
  pictures: LabPicture[]
  /** Why the experiment could not be carried through with this heap. */
  error: { code: string; message: string } | null
}

/** The result of one experiment. */
export interface LabResult {
  schema: 1
  name: string
  question: string
  /** What was done, for somebody who wants to do it again. */
  did: string
  heaps: LabHeap[]
}
