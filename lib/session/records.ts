/**
 * Witness records of a session folder: what every witnessed process image bound its allocation entry points to. The
 * files were written by targets, so a file that does not parse is reported and left out, never trusted.
 */

import { lstatSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { WitnessRecord } from '../binding/native.ts'
import { addon } from '../binding/native.ts'

/** The records of a session, oldest first, and what was wrong with those that could not be read. */
export interface SessionRecords {
  records: WitnessRecord[]
  unreadable: string[]
}

/** More records than this are not read: a target could fill its folder with files. */
const maxRecords = 100_000

/** Nor more than this in all: in memory they are several times as large. Twenty thousand compilers write half of it. */
const maxBytes = 256 << 20

/**
 * Reads every witness record in `folder`. A folder that is gone has none. Errors call the folder `shownAs`, for one
 * that is reached through a descriptor.
 */
export function readRecords(folder: string, shownAs: string = folder): SessionRecords {
  const names = listFolder(folder).filter((name) => name.endsWith('.witness'))
  const records: WitnessRecord[] = []
  const unreadable: string[] = []
  let bytes = 0
  let read = 0
  for (const name of names) {
    const file = path.join(folder, name)
    bytes += lstatSync(file, { throwIfNoEntry: false })?.size ?? 0
    if (read === maxRecords || bytes > maxBytes) break
    read++
    try {
      records.push(addon().readWitness(file))
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      unreadable.push(message.replace(file, path.join(shownAs, name)))
    }
  }
  const left = names.length - read
  if (left > 0) unreadable.push(`${shownAs}: ${left} more records than can be read (${maxRecords}, ${maxBytes} bytes)`)
  records.sort((a, b) => (a.sequenceNs < b.sequenceNs ? -1 : a.sequenceNs > b.sequenceNs ? 1 : 0))
  return { records, unreadable }
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
