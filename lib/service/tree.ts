/**
 * The processes of a server: everything that descends from its launcher, which is a subreaper, so that no daemon leaves
 * the tree. A look at it is cheap, because many are taken each second beside the server that is measured: only processes
 * that were not there the last time are asked for their parents.
 */

import { type CpuUsage, processIds, ResidentMemory, readStat } from './proc.ts'

/** Looking for new processes takes ten times as long as reading the memory of those that are known. */
const staleMs = 200

/** The descendants of one process, without itself. */
export class ProcessTree {
  readonly #launcher: number
  readonly #members = new Map<number, ResidentMemory>()
  /** Seen, and not ours: only a descendant ever becomes one, so that they stay that. */
  readonly #strangers = new Set<number>()
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(launcher: number) {
    this.#launcher = launcher
    this.#strangers.add(launcher)
  }

  /** The ids of the processes that are alive now. */
  members(): number[] {
    this.#refresh()
    return [...this.#members.keys()]
  }

  /**
   * Resident memory of all together; null when there is no process. What is a process's own is added up; files and
   * shared memory, which a server's workers have in common, count once, by the process that has most of it. Reading
   * the exact share of each page (smaps_rollup) would hold up the server's own mmap and munmap. Pages that a fork
   * shares until somebody writes to them count in each. A process younger than 200 ms may be missing.
   */
  residentBytes(): number | null {
    if (performance.now() - this.#lookedAt >= staleMs) this.#refresh()
    let anonymous = 0
    let shared = 0
    let processes = 0
    for (const memory of this.#members.values()) {
      const read = memory.read()
      if (read === null) continue
      processes++
      anonymous += read.anonymous
      shared = Math.max(shared, read.shared)
    }
    return processes === 0 ? null : anonymous + shared
  }

  /**
   * What all processes have taken up to now, those that have ended included: they are in what their parents, or the
   * launcher, waited for. Not those whose parent ignores SIGCHLD: the kernel accounts them to nobody. null where /proc
   * shows no process of the tree.
   */
  usage(): CpuUsage | null {
    const members = this.members()
    const stats = members.map((pid) => readStat(pid)).filter((stat) => stat !== null)
    if (stats.length === 0) return null
    const launcher = readStat(this.#launcher)
    const parts = [
      ...stats.flatMap(({ own, waitedFor }) => [own, waitedFor]),
      ...(launcher ? [launcher.waitedFor] : []),
    ]
    return {
      userNs: parts.reduce((sum, { userNs }) => sum + userNs, 0),
      sysNs: parts.reduce((sum, { sysNs }) => sum + sysNs, 0),
      faults: parts.reduce((sum, { faults }) => sum + faults, 0),
    }
  }

  close(): void {
    for (const memory of this.#members.values()) memory.close()
    this.#members.clear()
  }

  #refresh(): void {
    this.#lookedAt = performance.now()
    const now = new Set(processIds())
    for (const pid of this.#strangers) if (!now.has(pid)) this.#strangers.delete(pid)
    for (const [pid, memory] of this.#members) {
      if (now.has(pid)) continue
      memory.close()
      this.#members.delete(pid)
    }
    const parents = new Map<number, number>()
    for (const pid of now) {
      if (this.#members.has(pid) || this.#strangers.has(pid)) continue
      const stat = readStat(pid)
      if (stat !== null) parents.set(pid, stat.parent)
    }
    // Numbers may have wrapped round, so that a child's is below its parent's: until nothing is found any more.
    for (let found = true; found; ) {
      found = false
      for (const [pid, parent] of parents) {
        if (parent !== this.#launcher && !this.#members.has(parent)) continue
        parents.delete(pid)
        found = this.#join(pid) || found
      }
    }
    for (const pid of parents.keys()) this.#strangers.add(pid)
  }

  #join(pid: number): boolean {
    try {
      this.#members.set(pid, new ResidentMemory(pid))
      return true
    } catch {
      return false
    }
  }
}
