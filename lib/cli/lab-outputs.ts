/**
 * The files that a lab writes: JSON, Markdown with its pictures and the pages of its maps, one SVG, or a whole lab book.
 * All paths that are named are tried before the work; those of pictures have names of their own, and are written last.
 */

import { existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { Alloc8Error } from '../errors.ts'
import {
  heapMapHtml,
  labBook,
  labMarkdown,
  mapPageOf,
  pictureFileName,
  pictureSvg,
  picturesSvg,
} from '../report/index.ts'
import type { LabResult } from '../types.ts'
import { openReport, toJson } from './output.ts'
import { openAll, type Reports } from './reports.ts'

interface Paths {
  json?: string
  markdown?: string
  svg?: string
}

/**
 * Opens what was asked for. With `all`, `markdown` is a folder.
 * @throws Alloc8Error OUTPUT_PATH, USAGE
 */
export function openLabOutputs(paths: Paths, all: boolean): Reports<LabResult[]> {
  const { json, markdown, svg } = paths
  const single = openAll<LabResult[]>([
    // Whoever asks for one experiment gets its result, and no list of one.
    ...(json === undefined
      ? []
      : [{ path: json, format: (results: LabResult[]) => toJson(all || results.length > 1 ? results : results[0]) }]),
    ...(svg === undefined ? [] : [{ path: svg, format: (results: LabResult[]) => picturesSvg(allPictures(results)) }]),
    // Last, as it is of many files: where one of them cannot be written, the others are there already.
    ...(markdown === undefined || all
      ? []
      : [{ path: markdown, format: (results: LabResult[]) => pagesWithPictures(results, markdown) }]),
  ])
  const book = markdown !== undefined && all ? openBook(markdown) : null
  return {
    onStdout: single.onStdout,
    write(results) {
      single.write(results)
      book?.write(results)
    },
    abandon() {
      single.abandon()
      book?.abandon()
    },
  }
}

/** Writes the pictures first: a page that names a picture has it. */
function pagesWithPictures(results: LabResult[], path: string): string {
  const onStdout = path === '-'
  if (!onStdout) writePictures(results, (result, heap, at) => beside(path, result, heap, at))
  return results
    .map((result) => labMarkdown(result, (heap, at) => (onStdout ? null : basename(beside(path, result, heap, at)))))
    .join('\n')
}

/** `fork.md` has its pictures in `fork-hoard-1.svg` and so on. */
function beside(path: string, result: LabResult, heap: string, at: number): string {
  const stem = basename(path, extname(path))
  const own = stem === result.name ? '' : `${stem}-`
  return join(dirname(path), `${own}${pictureFileName(result.name, heap, at)}`)
}

function allPictures(results: readonly LabResult[]) {
  return results.flatMap(({ heaps }) =>
    heaps.flatMap(({ heap, pictures }) => pictures.map((picture) => ({ heap, picture }))),
  )
}

function writePictures(
  results: readonly LabResult[],
  place: (result: LabResult, heap: string, at: number) => string,
): void {
  for (const result of results) {
    for (const { heap, pictures } of result.heaps) {
      for (const [at, picture] of pictures.entries()) {
        const file = place(result, heap, at)
        openReport(file).write(pictureSvg(picture))
        if (picture.kind === 'map') openReport(mapPageOf(file)).write(heapMapHtml(picture))
      }
    }
  }
}

/** A lab book: a folder of its own making, or one that is there already, whose pages are then written anew. */
function openBook(folder: string): Pick<Reports<LabResult[]>, 'write' | 'abandon'> {
  const existed = existsSync(folder)
  if (existed && !statSync(folder).isDirectory()) {
    throw new Alloc8Error('OUTPUT_PATH', `${folder}: expected a folder for a lab book, got a file`, {
      hint: 'with --all, --markdown names a folder',
    })
  }
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new Alloc8Error('OUTPUT_PATH', `${folder}: cannot be made (${why})`, {
      cause,
      hint: 'name a folder that you may write to',
    })
  }
  const index = openReport(join(folder, 'index.md'))
  return {
    write(results) {
      try {
        writePictures(results, (result, heap, at) => join(folder, pictureFileName(result.name, heap, at)))
        for (const { file, text } of labBook(results)) {
          if (file === 'index.md') index.write(text)
          else openReport(join(folder, file)).write(text)
        }
      } catch (error) {
        // An index of what is not there would be taken for the whole.
        index.abandon()
        throw error
      }
    },
    abandon() {
      index.abandon()
      if (!existed) attempt(() => rmdirSync(folder))
    },
  }
}

/** A folder that somebody has put something into meanwhile stays. */
function attempt(work: () => void): void {
  try {
    work()
  } catch {}
}
