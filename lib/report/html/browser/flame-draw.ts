/** In the reader's browser: the picture of a flame graph, of which only what can be seen is drawn. */

/// <reference lib="dom" />

import type { FlameTree } from './flame-tree.ts'

/** What is drawn of a tree. */
export interface FlameView {
  /** The node that fills the width. */
  zoom: number
  /** In CSS pixels. */
  width: number
  height: number
  /** How far the picture was scrolled. */
  top: number
  /** The height of all rows. */
  total: number
  row: number
  /** The root stands at the bottom. */
  upwards: boolean
  /** The node with the mark of the keyboard, and the one under the pointer; -1: none. */
  selected: number
  hovered: number
  /** Whether a function was searched for and found. */
  found: (name: number) => boolean
  searching: boolean
  labels: (node: number) => string
  hues: (name: number) => number
  colours: { paper: string; ink: string; mark: string; markInk: string; dark: boolean }
}

/** A box that was drawn. */
export interface FlameBox {
  node: number
  x: number
  y: number
  width: number
}

/** Draws and returns the boxes, for the pointer to find. */
export function drawFlame(canvas: CanvasRenderingContext2D, tree: FlameTree, view: FlameView): FlameBox[] {
  const { width, height, row, colours } = view
  const boxes: FlameBox[] = []
  canvas.fillStyle = colours.paper
  canvas.fillRect(0, 0, width, height)
  canvas.font = '12px system-ui, sans-serif'
  canvas.textBaseline = 'middle'
  const left = tree.starts[view.zoom] ?? 0
  const scale = width / Math.max(tree.values[view.zoom] ?? 0, 1e-9)
  const depthOf = (node: number) => tree.depths[node] ?? 0
  const yOf = (node: number) => (view.upwards ? view.total - (depthOf(node) + 1) * row : depthOf(node) * row) - view.top
  const box = (node: number, x: number, wide: number, isAbove: boolean) => {
    const y = yOf(node)
    if (y + row < 0 || y > height) return
    boxes.push({ node, x, y, width: wide })
    const name = tree.names[node] ?? 0
    const isFound = view.searching && view.found(name)
    const lightness = colours.dark ? 27 : 84
    const faded = isAbove || (view.searching && !isFound)
    const colour = `hsl(${view.hues(name)} ${faded || node === 0 ? 6 : 50}% ${lightness}%)`
    canvas.fillStyle = isFound ? colours.mark : colour
    canvas.fillRect(x, y, Math.max(wide - 1, Math.min(wide, 0.6)), row - 1)
    if (wide >= 26) {
      canvas.fillStyle = isFound ? colours.markInk : colours.ink
      canvas.fillText(clipped(canvas, view.labels(node), wide - 9), x + 4, y + row / 2)
    }
    if (node === view.selected || node === view.hovered) {
      canvas.strokeStyle = colours.ink
      canvas.lineWidth = node === view.selected ? 3 : 1.5
      canvas.strokeRect(x + 1, y + 1, Math.max(1, wide - 3), row - 3)
    }
  }
  for (let node = tree.parents[view.zoom] ?? -1; node >= 0; node = tree.parents[node] ?? -1) box(node, 0, width, true)
  const waiting = (tree.values[view.zoom] ?? 0) > 0 ? [view.zoom] : []
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const wide = (tree.values[node] ?? 0) * scale
    box(node, ((tree.starts[node] ?? 0) - left) * scale, wide, false)
    // Children stand by their size: behind the first that is too thin all are.
    for (const child of tree.children[node] ?? []) {
      if ((tree.values[child] ?? 0) * scale < 0.4) break
      waiting.push(child)
    }
  }

  /** As much of a text as fits. Letters are at least 3 pixels wide, which saves measuring long names. */
  function clipped(on: CanvasRenderingContext2D, text: string, room: number): string {
    let shown = text.slice(0, Math.ceil(room / 3))
    if (shown.length === text.length && on.measureText(shown).width <= room) return shown
    let low = 0
    let high = shown.length
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (on.measureText(`${shown.slice(0, middle)}…`).width <= room) low = middle
      else high = middle - 1
    }
    shown = shown.slice(0, low)
    return low < 2 ? '' : `${shown}…`
  }
  return boxes
}
