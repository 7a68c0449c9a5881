/**
 * The heaps that can be chosen here, as a list: what to write, what it is, and with `verbose` what can be tuned.
 */

import type { HeapInfo, HeapsResult, Tunable } from '../types.ts'
import { type ColumnShape, clean, type Field, row, widest, wrapHanging } from './layout.ts'
import { signsOf, type TextStyle } from './style.ts'

/** Options of the list. */
export interface HeapsTextOptions {
  /** Whether to list each heap's tunables. */
  verbose: boolean
}

/** The first line of a heap, and a second for a path too long for it: a path is there to be copied, so never cut. */
function heapLines(heap: HeapInfo, fields: readonly Field[], columns: readonly ColumnShape[], style: TextStyle) {
  const { dim } = style.palette
  const library = heap.path === null ? 'the program untouched' : clean(heap.path)
  const used = columns.reduce((sum, { width }) => sum + width + 2, 0)
  if (used + library.length <= style.width) return [row([...fields, { text: library, paint: dim }], columns)]
  return [row(fields, columns), `    ${dim(library)}`]
}

/** One tunable: `name:key=kind`, its default, and what it does, broken to the width. */
function tunableLines(heap: HeapInfo, tunable: Tunable, style: TextStyle): string[] {
  const { cyan } = style.palette
  const name = `${tunable.key}=${tunable.kind.toUpperCase()}`
  const standard = tunable.default === null ? '' : ` (default ${tunable.default})`
  const first = `    ${heap.name}:${name}`
  const text = clean(`${tunable.description}${standard}`)
  const column = 44
  if (style.width < 70 || first.length > column - 2) {
    return [`    ${cyan(first.trim())}`, ...wrapHanging(' '.repeat(8), text, style.width)]
  }
  const lines = wrapHanging(first.padEnd(column), text, style.width)
  return lines.map((line, index) => (index === 0 ? line.replace(first.trim(), cyan) : line))
}

/** The list, ending with a line break. */
export function heapsText(result: HeapsResult, style: TextStyle, options: HeapsTextOptions): string {
  const signs = signsOf(style)
  const { bold, dim } = style.palette
  const fields = result.heaps.map((heap): Field[] => [
    { text: clean(heap.name), paint: bold },
    { text: heap.kind },
    { text: clean(heap.version ?? signs.none) },
  ])
  const titles = ['heap', 'kind', 'version'].map((text): Field => ({ text, paint: dim }))
  const columns = titles.map((title, column) => ({
    width: widest([title, ...fields.flatMap((each) => each[column] ?? [])]),
    align: 'left' as const,
  }))
  const lines = [row([...titles, { text: 'library', paint: dim }], columns)]
  for (const [index, heap] of result.heaps.entries()) {
    lines.push(...heapLines(heap, fields[index] ?? [], columns, style))
    if (options.verbose) lines.push(...heap.tunables.flatMap((tunable) => tunableLines(heap, tunable, style)))
  }
  const tunable = result.heaps.find(({ tunables }) => tunables.length > 0)
  const example = tunable === undefined ? '' : `${tunable.name}:${tunable.tunables[0]?.key}=VALUE`
  const tune =
    example === ''
      ? ''
      : options.verbose
        ? `Tune a heap in its name: ${example}. `
        : `Tune a heap in its name: ${example} (all keys: --verbose). `
  lines.push('', ...wrapHanging('', `${tune}Any library file is a heap too: --heap ./libmine.so`, style.width).map(dim))
  return `${lines.join('\n')}\n`
}
