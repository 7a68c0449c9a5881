/** The CPUs that this process, and so what it starts, may run on: `taskset` and a container's cpuset restrict them. */

import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** The numbers of a list such as `0-2,5`; empty for what is none. */
export function parseCpuList(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const match = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part)
    if (match === null) return []
    const first = Number(match[1])
    const last = Number(match[2] ?? first)
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
  })
}

/** CPU numbers, ascending, never empty; the first so many of the machine where the system does not tell. */
export function allowedCpus(): number[] {
  let listed: number[] = []
  try {
    listed = parseCpuList(/^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '')
  } catch {
    // No /proc: what Node knows has to do.
  }
  return listed.length > 0 ? listed : Array.from({ length: availableParallelism() }, (_, cpu) => cpu)
}
