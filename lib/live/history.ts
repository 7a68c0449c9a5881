/** What the small pictures show: the last values of a session and of each of its processes. */

import type { SessionSnapshot } from '../types.ts'

/** As many as the widest screen shows. */
const longest = 240

/** Values over time, the oldest first. */
export interface Series {
  live: number[]
  rss: number[]
  rate: number[]
}

const nothing = (): Series => ({ live: [], rss: [], rate: [] })

/** The last values, snapshot by snapshot. */
export class History {
  readonly totals: Series = nothing()
  readonly #processes = new Map<string, number[]>()

  /** Takes note of a snapshot. */
  add({ totals, processes, intervalNs }: SessionSnapshot): void {
    push(this.totals.live, totals.liveBytes ?? 0)
    push(this.totals.rss, totals.rssBytes ?? 0)
    // The first snapshot has no rate.
    if (intervalNs !== null) push(this.totals.rate, totals.rates?.callsPerSecond ?? 0)
    const present = new Set(processes.map(({ id }) => id))
    for (const id of this.#processes.keys()) if (!present.has(id)) this.#processes.delete(id)
    for (const { id, liveBytes, state } of processes) {
      if (state === 'ended') continue
      const values = this.#processes.get(id) ?? []
      this.#processes.set(id, values)
      push(values, liveBytes ?? 0)
    }
  }

  /** Live bytes of one process. */
  liveOf(id: string): readonly number[] {
    return this.#processes.get(id) ?? []
  }
}

function push(values: number[], value: number): void {
  values.push(value)
  if (values.length > longest) values.shift()
}
