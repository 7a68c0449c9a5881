/**
 * Lines of text that fit: cutting, breaking and columns. All widths are those of plain text; colours are put on
 * last, when every space is in its place.
 */

import type { Paint, Signs } from './style.ts'

/** What terminals take for commands: ESC [ … letter, ESC ] … BEL or ESC \\, and ESC with one more character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)/g

/** Text from a target, a path or an option, made harmless: a control character could move the cursor or worse. */
export function clean(text: string): string {
  return text.replace(ESCAPES, '').replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
}

/** As `clean`, for a text of several lines: its line breaks and tabs stay. */
export function cleanLines(text: string): string {
  return text
    .replace(ESCAPES, '')
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(/(?:(?![\n\t])[\p{Cc}\p{Cf}])+/gu, ' ')
}

/** A text cut in its middle to at most `width` columns: both ends of a name tell something. */
export function cutMiddle(text: string, width: number, signs: Signs): string {
  if (text.length <= width) return text
  if (width <= 1) return text.slice(0, width)
  const end = Math.floor((width - 1) / 2)
  return text.slice(0, width - 1 - end) + signs.ellipsis + text.slice(text.length - end)
}

/** A text cut at its start to at most `width` columns: the end of a path is what matters. */
export function cutStart(text: string, width: number, signs: Signs): string {
  return text.length <= width ? text : signs.ellipsis + text.slice(text.length - Math.max(0, width - 1))
}

/** Spaces at which no line is broken: between a number and its unit, and within an interval. */
const FIRM_SPACES = /(?<=\d) (?=%|(?:s|ms|ns|µs|us|B|[KMGT]iB)\b)|(?<=\[[\d.,]+,) (?=[\d.,]+\])/g
const FIRM = '\u00a0'

/** A text broken at spaces into lines of at most `width`; a word that is longer stands alone and stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.replace(FIRM_SPACES, FIRM).split(' ')) {
    if (line === '') line = word
    else if (line.length + 1 + word.length <= width) line += ` ${word}`
    else {
      lines.push(line)
      line = word
    }
  }
  lines.push(line)
  return lines.map((each) => each.replaceAll(FIRM, ' '))
}

/** `wrap` with `first` before the first line and as much space before the others. */
export function wrapHanging(first: string, text: string, width: number): string[] {
  const space = ' '.repeat(first.length)
  return wrap(text, width - first.length).map((line, index) => (index === 0 ? first : space) + line)
}

/** One field of a row. */
export interface Field {
  text: string
  paint?: Paint | undefined
}

/** How a column stands: its width and the side to which its fields go. */
export interface ColumnShape {
  width: number
  align: 'left' | 'right'
}

/** The width that fields need. */
export function widest(fields: readonly Field[]): number {
  return Math.max(0, ...fields.map(({ text }) => text.length))
}

/** A row of fields, `gap` columns apart, without spaces at its end. */
export function row(fields: readonly Field[], columns: readonly ColumnShape[], gap = 2): string {
  let last = fields.length - 1
  while (last > 0 && fields[last]?.text.trim() === '') last--
  return fields
    .slice(0, last + 1)
    .map((field, index) => {
      const { paint } = field
      const text = index === last ? field.text.trimEnd() : field.text
      const { width, align } = columns[index] ?? { width: 0, align: 'left' }
      const space = ' '.repeat(Math.max(0, width - text.length))
      const painted = paint === undefined || text === '' ? text : paint(text)
      if (align === 'right') return space + painted
      return index === last ? painted : painted + space
    })
    .join(' '.repeat(gap))
}
