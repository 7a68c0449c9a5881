/**
 * In the reader's browser: the part of a heap map that can be seen. Blocks that are wide enough are drawn one by one;
 * of narrower ones each pixel shows whose most of its bytes are, found by a vote while passing over them once (Boyer and
 * Moore, "MJRTY", 1991).
 */

/// <reference lib="dom" />

import type { firstAbove, HeapModel } from './heap-model.ts'
import type { HeapRows } from './heap-rows.ts'

/** How it is drawn. */
export interface HeapView {
  /** In CSS pixels. */
  width: number
  height: number
  density: number
  /** How far the rows were scrolled. */
  top: number
  rowHeight: number
  /** What stands left of the rows. */
  gutter: number
  /** The place in the order of allocation that is shown. */
  time: number
  /** The colour of each block, as an index into `palette`. */
  colours: Uint8Array
  palette: readonly string[]
  /** What is written on a block; empty for nothing. */
  mark: (block: number) => string
  /** What is written on a heading. */
  heading: (place: number) => string
  showFreed: boolean
  /** -1: none. */
  selected: number
  paper: string
  ink: string
  soft: string
  rule: string
  faint: string
}

/** Draws. Its helper is passed in, because the text of a function keeps no imports. */
export function drawHeap(
  canvas: CanvasRenderingContext2D,
  model: HeapModel,
  rows: HeapRows,
  view: HeapView,
  above: typeof firstAbove,
): void {
  const { width, height, density, rowHeight, gutter, time, palette } = view
  const { start, end, reach, age, freed, process } = model
  const area = Math.max(1, width - gutter - 8)
  const columns = Math.max(1, Math.round(area * density))
  const blockHeight = rowHeight - 6
  const total = new Float64Array(columns)
  const votes = new Float64Array(columns)
  const winner = new Uint8Array(columns)
  const numbers = palette.map((colour) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)))
  const ground = [1, 3, 5].map((at) => Number.parseInt(view.faint.slice(at, at + 2), 16))
  const image = canvas.createImageData(columns, 1)
  const line = document.createElement('canvas')
  line.width = columns
  line.height = 1
  const lineContext = line.getContext('2d')
  canvas.setTransform(density, 0, 0, density, 0, 0)
  canvas.fillStyle = view.paper
  canvas.fillRect(0, 0, width, height)
  canvas.textBaseline = 'middle'
  canvas.imageSmoothingEnabled = false
  const first = Math.max(0, Math.floor(view.top / rowHeight))
  const last = Math.min(rows.count, Math.ceil((view.top + height) / rowHeight))
  for (let row = first; row < last; ++row) {
    const y = row * rowHeight - view.top
    const length = rows.bytes[row] ?? 0
    if (length === 0) drawHeading(row, y)
    else drawRow(row, y, length)
  }

  function drawHeading(row: number, y: number): void {
    const place = rows.place[row] ?? 0
    const isProcess = place < 0
    canvas.font = `${isProcess ? '700 14' : '12'}px system-ui, sans-serif`
    canvas.fillStyle = isProcess ? view.ink : view.soft
    canvas.textAlign = 'left'
    canvas.fillText(view.heading(place), 8, y + rowHeight / 2 + 2)
  }

  function drawRow(row: number, y: number, length: number): void {
    const from = rows.start[row] ?? 0
    const place = model.places[rows.place[row] ?? 0]
    if (place === undefined) return
    const isGap = rows.isGap[row] === 1
    const scale = area / length
    canvas.font = '11px ui-monospace, monospace'
    canvas.textAlign = 'right'
    canvas.fillStyle = view.soft
    if (!isGap) canvas.fillText(`+${Math.max(0, from - place.start).toString(16)}`, gutter - 6, y + rowHeight / 2)
    canvas.fillStyle = view.faint
    canvas.fillRect(gutter, y + 1, area, blockHeight)
    const begin = above(reach, place.from, place.to, from)
    if (view.showFreed) drawBlocks(begin, place.to, from, from + length, scale, y, false)
    drawBlocks(begin, place.to, from, from + length, scale, y, true)
    drawPages(place.pagesFrom, place.pagesTo, from, from + length, scale, y + rowHeight - 4)
    if (isGap) drawGap(y, length)
  }

  /** A row that stands for many has torn sides and says how much it is. */
  function drawGap(y: number, length: number): void {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
    let unit = 0
    let value = length
    while (value >= 1023.5 && unit < 5) {
      value /= 1024
      unit++
    }
    const text = `${Number(value.toPrecision(3))} ${units[unit]} in this row`
    canvas.font = '11px system-ui, sans-serif'
    canvas.textAlign = 'center'
    const wide = canvas.measureText(text).width + 12
    canvas.fillStyle = view.paper
    canvas.fillRect(gutter + area / 2 - wide / 2, y + 2, wide, blockHeight - 2)
    canvas.fillStyle = view.soft
    canvas.fillText(text, gutter + area / 2, y + blockHeight / 2 + 1.5)
    canvas.strokeStyle = view.soft
    canvas.lineWidth = 1
    canvas.setLineDash([2, 3])
    canvas.strokeRect(gutter + 0.5, y + 1.5, area - 1, blockHeight - 1)
    canvas.setLineDash([])
  }

  /** Either what lives at the time that is shown, or what has been freed by then. */
  function drawBlocks(
    begin: number,
    to: number,
    from: number,
    upTo: number,
    scale: number,
    y: number,
    living: boolean,
  ): void {
    let binned = false
    let marked = -1
    for (let block = begin; block < to; ++block) {
      const low = start[block] ?? 0
      if (low >= upTo) break
      const high = end[block] ?? 0
      if (high <= from || (age[block] ?? 0) > time) continue
      if ((freed[block] ?? 0) > time !== living) continue
      if ((model.data.processes[process[block] ?? 0]?.[1] ?? 0) > time) continue
      const x = Math.max(0, low - from) * scale
      const wide = Math.min(upTo, high) * scale - from * scale - x
      if (wide >= 3) {
        drawBlock(block, gutter + x, y + 1, wide, living, low >= from)
        continue
      }
      binned = true
      if (block === view.selected) marked = gutter + x
      const column = Math.min(columns - 1, Math.floor(x * density))
      const colour = view.colours[block] ?? 0
      total[column] = (total[column] ?? 0) + wide
      const vote = votes[column] ?? 0
      if (winner[column] === colour) votes[column] = vote + wide
      else if (vote >= wide) votes[column] = vote - wide
      else {
        winner[column] = colour
        votes[column] = wide - vote
      }
    }
    if (binned) drawBins(y, living)
    if (marked < 0) return
    canvas.strokeStyle = view.ink
    canvas.lineWidth = 2
    canvas.strokeRect(marked - 3, y, 7, blockHeight + 2)
  }

  function drawBlock(block: number, x: number, y: number, wide: number, living: boolean, begins: boolean): void {
    const colour = view.colours[block] ?? 0
    const air = Math.min(1, wide / 5)
    if (living) {
      canvas.fillStyle = palette[colour] ?? view.soft
      canvas.fillRect(x, y, wide - air, blockHeight)
    } else {
      canvas.strokeStyle = palette[colour] ?? view.soft
      canvas.lineWidth = 1
      canvas.strokeRect(x + 0.5, y + 0.5, Math.max(0.5, wide - air - 1), blockHeight - 1)
      canvas.beginPath()
      for (let at = 4; at < Math.min(wide - 2, 4000); at += 6) {
        canvas.moveTo(x + at, y + blockHeight - 2)
        canvas.lineTo(Math.min(x + at + 5, x + wide - air), y + 2)
      }
      canvas.lineWidth = 0.5
      canvas.stroke()
    }
    const mark = living && begins ? view.mark(block) : ''
    if (mark !== '' && wide >= mark.length * 7 + 5) {
      const [red = 0, green = 0, blue = 0] = (numbers[colour] ?? []).map((part) => (part / 255) ** 2.2)
      // Whichever has the greater contrast, as WCAG 2 defines it.
      canvas.fillStyle = red * 0.2126 + green * 0.7152 + blue * 0.0722 > 0.179 ? '#000' : '#fff'
      canvas.font = '10px system-ui, sans-serif'
      canvas.textAlign = 'center'
      canvas.fillText(mark, x + (wide - air) / 2, y + blockHeight / 2 + 0.5)
    }
    if (block === view.selected) {
      canvas.strokeStyle = view.ink
      canvas.lineWidth = 3
      canvas.strokeRect(x + 0.5, y, Math.max(1, wide - 1), blockHeight)
    }
  }

  /** One line of pixels, stretched to the height of the row; fuller pixels have more of their colour. */
  function drawBins(y: number, living: boolean): void {
    for (let column = 0; column < columns; ++column) {
      const filled = (total[column] ?? 0) * density
      const at = 4 * column
      image.data[at + 3] = filled === 0 ? 0 : 255
      if (filled === 0) continue
      const share = Math.min(1, living ? 0.3 + 0.7 * filled : 0.25 * filled + 0.1)
      const colour = numbers[winner[column] ?? 0] ?? ground
      for (let part = 0; part < 3; ++part) {
        image.data[at + part] = (colour[part] ?? 0) * share + (ground[part] ?? 0) * (1 - share)
      }
    }
    total.fill(0)
    votes.fill(0)
    lineContext?.putImageData(image, 0, 0)
    canvas.drawImage(line, 0, 0, columns, 1, gutter, y + 1, area, blockHeight)
  }

  /** The pages under a row: a full line for its own, two for shared, a thin one for a file's, dots for those in swap. */
  function drawPages(begin: number, to: number, from: number, upTo: number, scale: number, y: number): void {
    canvas.fillStyle = view.ink
    for (let run = above(model.pageEnd, begin, to, from); run < to; ++run) {
      const low = model.pageStart[run] ?? 0
      if (low >= upTo) break
      const x = gutter + Math.max(0, low - from) * scale
      const wide = Math.max(0.5, gutter + (Math.min(upTo, model.pageEnd[run] ?? 0) - from) * scale - x)
      const state = model.pageState[run] ?? 4
      if (state === 0) canvas.fillRect(x, y, wide, 3)
      else if (state === 1) {
        canvas.fillRect(x, y - 0.5, wide, 1)
        canvas.fillRect(x, y + 2, wide, 1)
      } else if (state === 2) canvas.fillRect(x, y + 1, wide, 1)
      else if (state === 3) for (let at = 0; at < wide; at += 4) canvas.fillRect(x + at, y, 1.5, 3)
    }
  }
}
