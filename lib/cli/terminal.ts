/** What the terminal can do: colours, width, letters. NO_COLOR and FORCE_COLOR are obeyed (no-color.org). */

import type { WriteStream } from 'node:tty'
import picocolors from 'picocolors'
import type { Palette, TextStyle } from '../report/style.ts'

type Stream = NodeJS.WriteStream | WriteStream

/** Colours for a stream: none when it is no terminal or NO_COLOR is set, unless FORCE_COLOR asks for them. */
export function paletteFor(stream: Stream): Palette {
  return picocolors.createColors(wantsColour(stream))
}

/** How to draw reports on a stream: the terminal's width, or 80 columns where it has none. */
export function styleFor(stream: Stream): TextStyle {
  return { width: Math.min(stream.columns ?? 80, 120), unicode: knowsUnicode(), palette: paletteFor(stream) }
}

/** Whether a stream is to have colours. */
export function wantsColour(stream: Stream): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0') return true
  return stream.isTTY === true && TERM !== 'dumb'
}

/** The locale decides, as it does for every other program; the Linux console has no box drawing worth the name. */
export function knowsUnicode(): boolean {
  const locale = process.env['LC_ALL'] || process.env['LC_CTYPE'] || process.env['LANG'] || ''
  return /utf-?8/i.test(locale) && process.env['TERM'] !== 'linux'
}
