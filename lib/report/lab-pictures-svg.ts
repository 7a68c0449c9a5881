/** Several pictures of a lab as one SVG, one below the other, each under the name of its heap. */

import type { LabPicture } from '../types.ts'
import { pictureSvg } from './lab-svg.ts'

const GAP = 24
/** Room for the heap's name, in pixels. */
const HEAD = 26

/** The document. A lab without pictures gives one that is empty. */
export function picturesSvg(pictures: readonly { heap: string; picture: LabPicture }[]): string {
  let top = 0
  let widest = 0
  const parts = pictures.map(({ heap, picture }) => {
    const svg = pictureSvg(picture)
    const [width, height] = sizeOf(svg)
    const name = `<text x="8" y="${top + HEAD - 8}" font-family="sans-serif" font-size="14">${escaped(heap)}</text>`
    const placed = svg.replace(/^(?:<\?xml[^>]*\?>\s*)?<svg\b/, `<svg x="0" y="${top + HEAD}"`)
    top += HEAD + height + GAP
    widest = Math.max(widest, width)
    return `${name}\n${placed}`
  })
  const [width, height] = [Math.max(widest, 1), Math.max(top - GAP, 1)]
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">\n` +
    `${parts.join('\n')}\n</svg>\n`
  )
}

/** A heap may be a path with any character. */
function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** A drawing's width and height, from its viewBox. */
function sizeOf(svg: string): [width: number, height: number] {
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? []
  return [Number(width ?? 0), Number(height ?? 0)]
}
