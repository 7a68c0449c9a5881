/**
 * A map of blocks as a picture: address space as rows, blocks filled by who allocated them, freed ones hollow, pages as a
 * strip under each row. Shapes of one look are one path, so that ten thousand blocks are no large file.
 */

import type { LabMap } from '../../types.ts'
import { html, type Markup } from '../html/markup.ts'
import { cutStart } from '../layout.ts'
import { signsOf } from '../style.ts'
import { countOf, formatBytes, grouped } from '../units.ts'
import { fitted, widthOf } from './letters.ts'
import { colouringOf, type MapColour, type MapColouring, threadsOf } from './map-colours.ts'
import { layOut, type MapPlace, type PlacedBlock, processesOf, type Stretch } from './map-places.ts'
import { box, lineFrom, MARGIN, px, Sheet, textAt } from './sheet.ts'

const ROW = 16
const STRIP = 3
const PITCH = ROW + STRIP + 3
const GUTTER = 62
/** So many letters of an offset have room there. */
const MOST_OFFSET = 8
/** Narrower blocks are drawn by pixel and not by block. */
const LEAST_BLOCK = 1.5
const CELL = 2
const MARK_LETTER = 6.2

const bytesText = (bytes: number) =>
  formatBytes(bytes)
    .replace(/(\.\d*?)0+(?= )/, '$1')
    .replace(/\.(?= )/, '')
const hexText = (address: number) => `0x${address.toString(16)}`

/** Rectangles by their class. */
class Shapes {
  readonly #paths = new Map<string, string[]>()
  readonly #texts: Markup[] = []
  readonly #marked = new Map<number, number[]>()

  rect(kind: string, x: number, y: number, width: number, height: number): void {
    const path = this.#paths.get(kind) ?? []
    this.#paths.set(kind, path)
    path.push(`M${px(x)} ${px(y)}h${px(width)}v${px(height)}h${px(-width)}z`)
  }

  /** A mark on a block; not where one is already, on a block that lies over this one. */
  mark(text: string, x: number, y: number, kind: string): void {
    const beside = this.#marked.get(y) ?? []
    if (beside.some((other) => Math.abs(other - x) < MARK_LETTER * text.length + 1)) return
    this.#marked.set(y, [...beside, x])
    this.#texts.push(textAt(text, { x, y, kind }))
  }

  /** What is freed below what lives, in the order in which it came. */
  markup(): Markup {
    const paths = [...this.#paths].map(
      ([kind, parts]) =>
        html`<path class="${kind}"${kind.startsWith('freed') && html` fill="url(#hatch)"`} d="${parts.join('')}"/>`,
    )
    return html`${paths}${this.#texts}`
  }
}

/** The picture of a map. */
export function mapSvg(map: LabMap, width: number, by: MapColour): string {
  const sheet = new Sheet(map.title, width)
  const colouring = colouringOf(map, by)
  const { places, leftOut, placesLeftOut } = layOut(map)
  const live = map.blocks.filter((block) => block.live).length
  const counts =
    map.blocks.length === 0
      ? `${countOf(map.mappings.length, 'mapping')}; whose blocks lie where is not known`
      : `${countOf(map.blocks.length, 'block')}, ${grouped(live)} live, of ${countOf(threadsOf(map).length, 'thread')} in ${countOf(processesOf(map).length, 'process', 'processes')}`
  sheet.paragraph(counts)
  sheet.legend(legendOf(map, colouring))
  let before: MapPlace | null = null
  for (const place of places) {
    drawPlace(sheet, place, before, colouring)
    before = place
  }
  if (leftOut > 0) {
    sheet.y += 6
    sheet.paragraph(`${countOf(leftOut, 'block')} in ${countOf(placesLeftOut, 'further mapping')} are not drawn.`)
  }
  if (places.length === 0) sheet.paragraph('There is nothing to show.')
  return sheet.toSvg(`${counts}. ${places.map(describe).join(' ')}`)
}

function legendOf(map: LabMap, { legend }: MapColouring): { sign: Markup; text: string }[] {
  const entries = legend.map(({ fill, text }) => ({ sign: fill === '' ? html`` : box(fill, 0, 0, 16, 10), text }))
  if (map.blocks.some(({ live }) => !live)) {
    entries.push({ sign: html`<rect class="freed edge" fill="url(#hatch)" width="16" height="10"/>`, text: 'freed' })
  }
  const states = new Set(map.pages?.map(({ state }) => state))
  for (const [state, text] of Object.entries(pageTexts)) {
    if (!states.has(state as keyof typeof pageTexts)) continue
    const strip = new Shapes()
    drawPages(strip, state, 0, 4, 16)
    entries.push({ sign: strip.markup(), text })
  }
  return entries
}

const pageTexts = { own: 'page there', shared: 'page shared', file: "file's page", swapped: 'page in swap' }

/** A page's state by its shape: full, two lines, one line, dots; nothing where there is no page. */
function drawPages(shapes: Shapes, state: string, x: number, y: number, width: number, height = STRIP): void {
  if (state === 'own') shapes.rect('page', x, y, width, height)
  else if (state === 'shared') {
    shapes.rect('page', x, y, width, height * 0.27)
    shapes.rect('page', x, y + height * 0.73, width, height * 0.27)
  } else if (state === 'file') shapes.rect('page', x, y + height / 3, width, height / 3)
  else if (state === 'swapped') {
    for (let at = 0; at < width - 1; at += 4) shapes.rect('page', x + at, y, 1.5, height)
  }
}

function describe({ process, label, start, stretches }: MapPlace): string {
  const blocks = stretches.flatMap((stretch) => stretch.blocks)
  const threads = [...new Set(blocks.map(({ block }) => block.thread))]
  const of = threads.length === 0 ? '' : ` of ${threads.slice(0, 8).join(', ')}`
  return `${process === '' ? '' : `${process}: `}${label} at ${hexText(start)}: ${countOf(blocks.length, 'block')}${of}.`
}

function drawPlace(sheet: Sheet, place: MapPlace, before: MapPlace | null, colouring: MapColouring): void {
  const { process, label, start, end, stretches } = place
  if (process !== '' && before?.process !== process) {
    sheet.y += 18
    sheet.add(textAt(fitted(processTitle(process), sheet.inside), { x: MARGIN, y: sheet.y, kind: 'strong' }))
    sheet.y += 4
  } else if (before !== null) gapLine(sheet, start - before.end, 'not shown')
  sheet.y += 14
  const name = hexText(start)
  sheet.add(textAt(name, { x: MARGIN, y: sheet.y, kind: 'code' }))
  const left = MARGIN + widthOf(name, 'code') + 8
  const what = `${label}, ${bytesText(end - start)}; ${rowText(stretches[0])}`
  sheet.add(textAt(fitted(what, sheet.width - MARGIN - left), { x: left, y: sheet.y, kind: 'soft' }))
  sheet.y += 5
  for (const [at, stretch] of stretches.entries()) {
    const last = stretches[at - 1]
    const gap = last === undefined ? 0 : stretch.start - last.end
    if (last !== undefined) gapLine(sheet, gap, `without blocks; ${rowText(stretch)}`)
    drawStretch(sheet, place, stretch, colouring)
  }
}

/** How many bytes a row of a stretch stands for. */
function rowText(stretch: Stretch | undefined): string {
  return `1 row: ${bytesText(stretch?.rowBytes ?? 0)}`
}

/** Some only have a number. */
function processTitle(name: string): string {
  return /^\d+$/.test(name) ? `process ${name}` : name
}

/** A dashed line where something was left out, and how much. */
function gapLine(sheet: Sheet, bytes: number, what: string): void {
  if (bytes <= 0) return
  const text = `${bytesText(bytes)} ${what}`
  const half = widthOf(text) / 2 + 6
  const middle = sheet.width / 2
  sheet.y += 4
  sheet.add(lineFrom('gap', MARGIN, sheet.y + 6, middle - half, sheet.y + 6))
  sheet.add(lineFrom('gap', middle + half, sheet.y + 6, sheet.width - MARGIN, sheet.y + 6))
  sheet.add(textAt(text, { x: middle, y: sheet.y + 10, kind: 'soft small', anchor: 'middle' }))
  sheet.y += 16
}

function drawStretch(sheet: Sheet, place: MapPlace, stretch: Stretch, colouring: MapColouring): void {
  const left = MARGIN + GUTTER
  const width = sheet.width - MARGIN - left
  const { start, rowBytes, rows, blocks, pages } = stretch
  const top = sheet.y
  const scale = width / rowBytes
  const shapes = new Shapes()
  for (let row = 0; row < rows; ++row) {
    const y = top + row * PITCH
    sheet.add(box('faint', left, y, width, ROW))
    const offset = start + row * rowBytes - place.start
    const text = offset < 0 ? '' : cutStart(`+${offset.toString(16)}`, MOST_OFFSET, signsOf({ unicode: true }))
    sheet.add(textAt(text, { x: left - 6, y: y + 12, kind: 'soft code', anchor: 'end' }))
  }
  const pieces = (from: number, to: number, draw: (x: number, y: number, wide: number) => void) => {
    const begin = Math.max(from, start)
    const finish = Math.min(to, start + rows * rowBytes)
    for (let at = begin; at < finish; ) {
      const row = Math.floor((at - start) / rowBytes)
      const upTo = Math.min(finish, start + (row + 1) * rowBytes)
      draw(left + (at - start - row * rowBytes) * scale, top + row * PITCH, (upTo - at) * scale)
      at = upTo
    }
  }
  for (const { start: from, end, state } of pages) {
    pieces(from, end, (x, y, wide) => {
      if (blocks.length > 0) drawPages(shapes, state, x, y + ROW, wide)
      // Where nothing is known of blocks the pages are all that there is to see.
      else drawPages(shapes, state, x, y + 3, wide, ROW - 6)
    })
  }
  drawBlocks(shapes, blocks, colouring, pieces, scale)
  sheet.add(shapes.markup())
  sheet.y = top + rows * PITCH
  sheet.y += 2
}

type Pieces = (from: number, to: number, draw: (x: number, y: number, wide: number) => void) => void

function drawBlocks(
  shapes: Shapes,
  blocks: readonly PlacedBlock[],
  colouring: MapColouring,
  pieces: Pieces,
  scale: number,
): void {
  const cells = new Map<string, { fill: string; x: number; y: number }>()
  const inOrder = [...blocks.filter(({ block }) => !block.live), ...blocks.filter(({ block }) => block.live)]
  for (const { block, start, end } of inOrder) {
    const fill = colouring.fill(block)
    const kind = block.live ? fill : `freed o${fill.startsWith('q') ? `-${fill}` : fill.slice(1)}`
    const mark = colouring.mark(block)
    if ((end - start) * scale < LEAST_BLOCK) {
      pieces(start, end, (x, y) => {
        const cell = Math.floor(x / CELL) * CELL
        cells.set(`${cell} ${y}`, { fill: kind, x: cell, y })
      })
      continue
    }
    let isMarked = !block.live || mark === ''
    pieces(start, end, (x, y, wide) => {
      // Air keeps neighbours apart; small ones keep most of what they are.
      const air = Math.min(1, wide / 4)
      if (block.live) shapes.rect(kind, x, y + 1, wide - air, ROW - 2)
      else shapes.rect(kind, x + air / 2, y + 1.5, wide - 2 * air, ROW - 3)
      if (!isMarked && wide >= mark.length * MARK_LETTER + 4) {
        isMarked = true
        shapes.mark(mark, x + (wide - 1) / 2, y + 11.5, `in t${fill.slice(1)}`)
      }
    })
  }
  for (const { fill, x, y } of cells.values()) shapes.rect(fill, x, y + 1, CELL, ROW - 2)
}
