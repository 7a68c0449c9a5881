/** The progress bars of comparisons, checks and labs, drawn on a terminal only. */

import cliProgress from 'cli-progress'
import type { Progress } from '../compare/index.ts'
import type { LabProgress } from '../lab/run.ts'
import type { CheckProgress } from '../types.ts'

/** A progress display; `end` takes it off the screen. */
export interface ProgressLine {
  update(progress: Progress): void
  /** Writes what a target printed, above the bar: whole lines as they come, the rest at the end. */
  print(chunk: Buffer): void
  end(): void
}

/** Terminal control (ECMA-48, DEC): to the first column and the line cleared; the cursor's place remembered. */
const clearLine = '\r\x1b[K'
const saveCursor = '\x1b7'
const wrapOn = '\x1b[?7h'
const wrapOff = '\x1b[?7l'

/** A bar with the heap in hand and the time left; nothing where the stream is no terminal. */
export function progressLine(stream: NodeJS.WriteStream): ProgressLine {
  if (!stream.isTTY) return { update: () => {}, print: (chunk) => void stream.write(chunk), end: () => {} }
  const bar = newBar(stream, '{bar} {value}/{total}  {block}  {heap}  {left}')
  let started = false
  let rest = Buffer.alloc(0)
  const write = (lines: Buffer) => {
    if (lines.length === 0) return
    stream.write(clearLine + (started ? wrapOn : ''))
    stream.write(lines)
    if (started) stream.write(wrapOff)
  }
  return {
    update({ done, total, block, heap, remainingMs, workload, workloadsDone = 0, workloads = 1 }) {
      const shown = {
        block: block < 0 ? 'warm-up' : `block ${block + 1}`,
        heap: workload === undefined ? heap : `${workload} (${workloadsDone + 1}/${workloads})  ${heap}`,
        left: remainingMs === null ? '' : `${timeLeft(remainingMs)} left`,
      }
      // Each workload of a suite has a number of runs of its own.
      if (started) bar.setTotal(total)
      if (started) bar.update(done, shown)
      else bar.start(total, done, shown)
      started = true
    },
    print(chunk) {
      const all = Buffer.concat([rest, chunk])
      const end = all.lastIndexOf(0x0a) + 1
      rest = all.subarray(end)
      write(all.subarray(0, end))
    },
    end() {
      if (rest.length > 0) write(Buffer.concat([rest, Buffer.from('\n')]))
      rest = Buffer.alloc(0)
      // The bar goes back to where it was begun, which has scrolled away when something was printed since.
      if (started) stream.write(saveCursor)
      started = false
      bar.stop()
    },
  }
}

/** A bar with the heap and the case in hand and the failures so far; nothing where the stream is no terminal. */
export function checkProgress(stream: NodeJS.WriteStream): { update(progress: CheckProgress): void; end(): void } {
  if (!stream.isTTY) return { update: () => {}, end: () => {} }
  const bar = newBar(stream, '{bar} {value}/{total}  {failures}  {heap}  {id}')
  let started = false
  return {
    update({ done, total, failed, heap, id }) {
      const shown = { failures: `${failed} failed`, heap, id }
      if (started) bar.update(done, shown)
      else bar.start(total, done, shown)
      started = true
    },
    end() {
      started = false
      bar.stop()
    },
  }
}

/** A bar with the experiment and the heap in hand; nothing where the stream is no terminal. */
export function labProgress(stream: NodeJS.WriteStream): { update(progress: LabProgress): void; end(): void } {
  if (!stream.isTTY) return { update: () => {}, end: () => {} }
  const bar = newBar(stream, '{bar} {value}/{total}  {experiment}  {heap}')
  let started = false
  return {
    update({ done, of, experiment, heap }) {
      if (started) bar.update(done, { experiment, heap })
      else bar.start(of, done, { experiment, heap })
      started = true
    },
    end() {
      started = false
      bar.stop()
    },
  }
}

function newBar(stream: NodeJS.WriteStream, format: string): cliProgress.SingleBar {
  return new cliProgress.SingleBar(
    {
      stream,
      format,
      barsize: 24,
      clearOnComplete: true,
      hideCursor: true,
      linewrap: false,
      gracefulExit: false,
      fps: 10,
    },
    cliProgress.Presets.rect,
  )
}

function timeLeft(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
