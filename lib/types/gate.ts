/** What the gate of `alloc8 ci` says. */

/** What the gate says of one cell. */
export interface GateCell {
  workload: string
  heap: string
  metric: string
  /** The heap's position in `heaps`. */
  heapIndex: number
  outcome: 'pass' | 'fail' | 'inconclusive'
  /** In words, with the numbers. */
  reason: string
}

/** What the gate says of a result. */
export interface GateResult {
  /** `fail` where a cell fails; else `inconclusive` where one is; else `pass`. */
  outcome: GateCell['outcome']
  /** Level of the intervals by which cells fail. */
  level: number
  cells: GateCell[]
}
