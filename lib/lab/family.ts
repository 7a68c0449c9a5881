/** What the processes of one puppet, the first and its forks, have in common. */

import type { Channel } from './channel.ts'
import type { ProcessEnd } from './kernel-words.ts'
import type { PuppetProcess } from './process.ts'
import type { MeetingPlaces } from './together.ts'

/** What all processes of a puppet share. */
export interface Family {
  heap: string
  channel: Channel
  timeoutMs: number
  processes: PuppetProcess[]
  /** The end of the first process, as its launcher tells it. */
  rootEnd: Promise<ProcessEnd>
  /** What it has written so far. */
  output(): string
  /** Where threads meet. */
  places: MeetingPlaces
}
