/**
 * How wide texts are. Who reads has a font that we do not know, so letters count as in a wide one (DejaVu Sans): a text
 * has some room to spare and never lies on its neighbour.
 */

import { clean, cutMiddle, wrap } from '../layout.ts'
import { signsOf } from '../style.ts'

/** How a text is set: 12 pixels, 14 pixels and bold, 11 pixels of one width. */
export type Face = 'plain' | 'bold' | 'code'

const FACTORS: Record<Face, number> = { plain: 1, bold: 1.31, code: 1 }
const CODE = 6.8

/** Text as a picture may hold it: on one line, and with nothing that XML has no way to write. */
export function words(text: string): string {
  return clean(text).replace(/[\ufffe\uffff]/g, '\ufffd')
}

function widthOfLetter(letter: string): number {
  if (/[ijl|'.,:;!]/.test(letter)) return 4
  if (/[ frt()[\]/\\I"-]/.test(letter)) return 4.9
  if (/[mMWw@%—…]/.test(letter)) return 11.4
  if (/[A-Z+=<>~_]/.test(letter)) return 8.9
  // Chinese, Japanese, Korean and pictures are squares.
  return (letter.codePointAt(0) ?? 0) >= 0x1100 ? 13 : 7.5
}

/** How wide a text is, in pixels, in most fonts somewhat less. */
export function widthOf(text: string, face: Face = 'plain'): number {
  if (face === 'code') return [...text].length * CODE
  let sum = 0
  for (const letter of text) sum += widthOfLetter(letter)
  return sum * FACTORS[face]
}

/** A text that fits into so many pixels, cut in its middle. */
export function fitted(text: string, width: number, face: Face = 'plain'): string {
  const whole = words(text)
  if (widthOf(whole, face) <= width) return whole
  const signs = signsOf({ unicode: true })
  let [low, high] = [1, whole.length]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (widthOf(cutMiddle(whole, middle, signs), face) <= width) low = middle
    else high = middle - 1
  }
  return cutMiddle(whole, low, signs)
}

/** A text in lines that fit into so many pixels each. */
export function linesOf(text: string, width: number, face: Face = 'plain'): string[] {
  const whole = words(text)
  // The greatest count of letters a line with which every line fits.
  const most = Math.ceil(width / (4 * FACTORS[face]))
  for (let count = Math.min(most, whole.length + 1); count > 8; --count) {
    const lines = wrap(whole, count)
    if (lines.every((line) => widthOf(line, face) <= width)) return lines
  }
  return wrap(whole, 8).map((line) => fitted(line, width, face))
}
