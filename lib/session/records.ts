/**
 * What a session folder holds: the records of every witnessed process image, of what it bound its allocation entry
 * points to, and their journals. The files were written by targets, so one that does not parse is reported and left
 * out, never trusted.
 */

import { lstatSync } from 'node:fs'
import path from 'node:path'
import { addon, type Journal, type WitnessRecord } from '../binding/native.ts'
import { listFolder } from './files.ts'
import { readJournal } from './journals.ts'

/** The records of a session, oldest first, their journals, and what was wrong with those that could not be read. */
export interface SessionRecords {
  records: WitnessRecord[]
  journals: Journal[]
  unreadable: string[]
}

/** More files than this are not read: a target could fill its folder with them. */
const maxFiles = 200_000

/**
 * Nor more than this in all: in memory they are several times as large. Twenty thousand compilers write half
 * of it.
 */
const maxBytes = 256 << 20

/**
 * Reads every record and journal in `folder`. A folder that is gone has none. Errors call the folder `shownAs`, for one
 * that is reached through a descriptor.
 */
export function readRecords(folder: string, shownAs: string = folder): SessionRecords {
  const found: SessionRecords = { records: [], journals: [], unreadable: [] }
  const names = listFolder(folder).filter((name) => /\.(witness|journal)$/.test(name))
  let bytes = 0
  let read = 0
  for (const name of names) {
    const file = path.join(folder, name)
    const isJournal = name.endsWith('.journal')
    // Journals are long and mostly empty.
    if (!isJournal) bytes += lstatSync(file, { throwIfNoEntry: false })?.size ?? 0
    if (read === maxFiles || bytes > maxBytes) break
    read++
    try {
      if (isJournal) bytes += addJournal(found, file)
      else found.records.push(addon().readWitness(file))
    } catch (error) {
      const message = (error instanceof Error ? error.message : String(error)).replaceAll(file, '').replace(/^: /, '')
      found.unreadable.push(`${path.join(shownAs, name)}: ${message}`)
    }
  }
  const left = names.length - read
  const limit = `${maxFiles} files, ${maxBytes} bytes`
  if (left > 0) found.unreadable.push(`${shownAs}: ${left} more records than can be read (${limit})`)
  found.records.sort((a, b) => (a.sequenceNs < b.sequenceNs ? -1 : a.sequenceNs > b.sequenceNs ? 1 : 0))
  return found
}

/** Reads a journal; the bytes that were read. */
function addJournal(found: SessionRecords, file: string): number {
  const { journal, bytes } = readJournal(file)
  found.journals.push(journal)
  return bytes
}
