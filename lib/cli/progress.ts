/** The progress bar of a comparison, drawn on a terminal only. */

import cliProgress from 'cli-progress'
import type { Progress } from '../compare/index.ts'

/** A progress display; `end` takes it off the screen. */
export interface ProgressLine {
  update(progress: Progress): void
  end(): void
}

/** A bar with the heap in hand and the time left; nothing where the stream is no terminal. */
export function progressLine(stream: NodeJS.WriteStream): ProgressLine {
  if (!stream.isTTY) return { update: () => {}, end: () => {} }
  const bar = new cliProgress.SingleBar(
    {
      stream,
      format: '{bar} {value}/{total}  {block}  {heap}  {left}',
      barsize: 24,
      clearOnComplete: true,
      hideCursor: true,
      linewrap: false,
      gracefulExit: false,
      fps: 10,
    },
    cliProgress.Presets.rect,
  )
  let started = false
  return {
    update({ done, total, block, heap, remainingMs }) {
      const shown = {
        block: block < 0 ? 'warm-up' : `block ${block + 1}`,
        heap,
        left: remainingMs === null ? '' : `${timeLeft(remainingMs)} left`,
      }
      if (started) bar.update(done, shown)
      else bar.start(total, done, shown)
      started = true
    },
    end: () => bar.stop(),
  }
}

function timeLeft(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
