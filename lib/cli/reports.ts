/** Reports in files, all opened before anything runs, so that a path that cannot be written is found before the work. */

import { realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Alloc8Error, usageError } from '../errors.ts'
import { openReport, type ReportFile } from './output.ts'

/** The reports that were asked for, open. */
export interface Reports<Result> {
  /** One of them goes to stdout, so that what is for people goes to stderr. */
  onStdout: boolean
  write(result: Result): void
  abandon(): void
}

/** Where a report goes and what makes it. */
export interface WantedReport<Result> {
  path: string
  format: (result: Result) => string | Uint8Array
}

/**
 * Opens all reports.
 * @throws Alloc8Error OUTPUT_PATH; USAGE where two would go to one place
 */
export function openAll<Result>(wanted: readonly WantedReport<Result>[]): Reports<Result> {
  const onStdout = wanted.filter(({ path }) => path === '-').length
  if (onStdout > 1) throw usageError('-', 'stdout for one report', `${onStdout} reports`)
  checkDistinct(wanted.map(({ path }) => path))
  const open: { file: ReportFile; format: WantedReport<Result>['format'] }[] = []
  const abandon = () => {
    for (const { file } of open) file.abandon()
  }
  try {
    for (const { path, format } of wanted) open.push({ file: openReport(path), format })
  } catch (error) {
    abandon()
    throw error
  }
  return {
    onStdout: onStdout > 0,
    write: (result) => {
      for (const [at, { file, format }] of open.entries()) {
        try {
          file.write(format(result))
        } catch (error) {
          // Those that were written stay; an empty file would be taken for a report.
          for (const rest of open.slice(at)) rest.file.abandon()
          throw error
        }
      }
    },
    abandon,
  }
}

/** Throws where two reports would go to one file, of which the first would be lost. */
function checkDistinct(paths: readonly string[]): void {
  const files = new Set<string>()
  for (const path of paths) {
    const stat = path === '-' ? undefined : statSync(path, { throwIfNoEntry: false })
    // A device or a FIFO takes one after the other.
    if (path === '-' || (stat !== undefined && !stat.isFile())) continue
    const file = stat === undefined ? resolve(path) : realpathSync(path)
    if (files.has(file))
      throw new Alloc8Error('USAGE', `${path}: expected a file for each report, got two reports for it`)
    files.add(file)
  }
}
