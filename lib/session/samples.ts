/** The files of samples of a session folder: the stacks from which every process has allocated. */

import { readSync, statSync } from 'node:fs'
import path from 'node:path'
import { addon, type RawSamples } from '../binding/native.ts'
import { listFolder, readUpTo, withFile } from './files.ts'

const firstBytes = 4096

/** More than any probe writes. */
const largestBytes = 64 << 20

/** A target could fill its folder. */
const maxFiles = 100_000

/** The samples of a session's processes, in the order in which they began, and what could not be read. */
export interface SessionSamples {
  samples: RawSamples[]
  unreadable: string[]
  /** When the session began, in milliseconds since 1970; 0 where the file system does not know. */
  bornMs: number
}

/** Reads every file of samples in `folder`. A folder that is gone has none. */
export function readAllSamples(folder: string): SessionSamples {
  const samples: RawSamples[] = []
  const unreadable: string[] = []
  for (const name of listFolder(folder)
    .filter((each) => each.endsWith('.samples'))
    .slice(0, maxFiles)) {
    try {
      samples.push(readSamples(path.join(folder, name)))
    } catch (error) {
      unreadable.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  samples.sort((a, b) => (a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : 0))
  return { samples, unreadable, bornMs: bornMs(folder) }
}

function bornMs(folder: string): number {
  return statSync(folder, { throwIfNoEntry: false })?.birthtimeMs ?? 0
}

/**
 * Reads one process's file: of its many empty places only what is in use, as its header says when it is read first, so
 * that nothing is looked for that came meanwhile.
 * @throws an Error that says what is wrong with it, and at which offset
 */
export function readSamples(file: string): RawSamples {
  return withFile(file, largestBytes, (fd, bytes) => {
    const first = readUpTo(fd, firstBytes)
    const parts = addon().samplesParts(first)
    const end = Math.max(...parts.map(([offset, length]) => offset + length))
    const whole = Buffer.alloc(Math.min(end, bytes))
    for (const [offset, length] of parts.slice(1)) {
      if (offset + length > whole.length) continue
      for (let done = 0; done < length; ) {
        const count = readSync(fd, whole, offset + done, length - done, offset + done)
        if (count === 0) throw new Error(`truncated at offset ${offset + done}`)
        done += count
      }
    }
    first.copy(whole)
    return addon().parseSamples(whole)
  })
}
