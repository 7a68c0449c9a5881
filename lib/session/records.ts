/**
 * Witness records of a session folder: what every witnessed process image bound its allocation entry points to. The
 * files were written by targets, so a file that does not parse is reported and left out, never trusted.
 */

import { readdirSync } from 'node:fs'
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

/** Reads every witness record in `folder`. A folder that is gone has none. */
export function readRecords(folder: string): SessionRecords {
  const names = listFolder(folder).filter((name) => name.endsWith('.witness'))
  const records: WitnessRecord[] = []
  const unreadable: string[] = []
  for (const name of names.slice(0, maxRecords)) {
    try {
      records.push(addon().readWitness(path.join(folder, name)))
    } catch (error) {
      unreadable.push(error instanceof Error ? error.message : String(error))
    }
  }
  if (names.length > maxRecords) unreadable.push(`${names.length - maxRecords} more records than ${maxRecords}`)
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
