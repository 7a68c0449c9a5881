/**
 * The sheet that a picture is drawn on: from top to bottom, with a title, in pixels of its own width. What it gives is
 * one SVG that stands by itself: it takes light or dark from its reader and shrinks with its letters.
 */

import { html, type Markup, type Part, trusted } from '../html/markup.ts'
import { fitted, linesOf, widthOf, words } from './letters.ts'
import { pictureStyle } from './picture-css.ts'

/** The least and the most that a picture may be wide. */
export const NARROWEST = 320
const WIDEST = 4000

/** What stays free at both sides. */
export const MARGIN = 12

/** A coordinate: two digits after the point are more than any screen shows. */
export function px(value: number): string {
  return String(Number(value.toFixed(2)))
}

/** How a text stands. */
export interface TextShape {
  x: number
  y: number
  kind?: string | undefined
  anchor?: 'start' | 'middle' | 'end' | undefined
}

/** A text at a place. */
export function textAt(text: string, { x, y, kind, anchor = 'start' }: TextShape): Markup {
  return html`<text${kind !== undefined && html` class="${kind}"`} x="${px(x)}" y="${px(y)}"${anchor !== 'start' && html` text-anchor="${anchor}"`}>${words(text)}</text>`
}

/** A rectangle. */
export function box(kind: string, x: number, y: number, width: number, height: number): Markup {
  return html`<rect class="${kind}" x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}"/>`
}

/** A straight line. */
export function lineFrom(kind: string, x1: number, y1: number, x2: number, y2: number): Markup {
  return html`<line class="${kind}" x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}"/>`
}

/** One entry of a legend: a sign 16 pixels wide and 10 high, and what it means. */
export interface LegendEntry {
  sign: Part
  text: string
}

/** A picture that is being drawn. */
export class Sheet {
  readonly width: number
  /** The first free pixel from the top. */
  y = MARGIN
  readonly #title: string
  readonly #parts: Part[] = []

  constructor(title: string, width: number) {
    this.width = Math.round(Math.min(WIDEST, Math.max(NARROWEST, Number.isFinite(width) ? width : NARROWEST)))
    this.#title = words(title)
    for (const line of linesOf(this.#title, this.inside, 'bold')) {
      this.y += 14
      this.add(textAt(line, { x: MARGIN, y: this.y, kind: 'title' }))
      this.y += 4
    }
    this.y += 4
  }

  /** What is left between the margins. */
  get inside(): number {
    return this.width - 2 * MARGIN
  }

  add(...parts: Part[]): void {
    this.#parts.push(...parts)
  }

  /** A text over the whole width, in as many lines as it needs. */
  paragraph(text: string, kind = 'soft'): void {
    for (const line of linesOf(text, this.inside)) {
      this.y += 12
      this.add(textAt(line, { x: MARGIN, y: this.y, kind }))
      this.y += 4
    }
  }

  /** What the signs mean, as many entries beside each other as there is room for. */
  legend(entries: readonly LegendEntry[]): void {
    if (entries.length === 0) return
    let x = MARGIN
    this.y += 4
    for (const { sign, text } of entries) {
      const shown = fitted(text, this.inside - 22)
      const wide = 22 + widthOf(shown) + 10
      if (x > MARGIN && x + wide > this.width - MARGIN + 10) {
        x = MARGIN
        this.y += 18
      }
      this.add(html`<g transform="translate(${px(x)} ${px(this.y)})">${sign}</g>`)
      this.add(textAt(shown, { x: x + 22, y: this.y + 9 }))
      x += wide
    }
    this.y += 22
  }

  /** The whole picture. `description` says in words what it shows. */
  toSvg(description: string): string {
    const height = Math.ceil(this.y + MARGIN)
    const [w, h] = [px(this.width), px(height)]
    const svg = html`<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" role="img" aria-label="${this.#title}">
<title>${this.#title}</title>
<desc>${words(description)}</desc>
<style>${trusted(pictureStyle)}</style>
<defs><pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V4"/></pattern></defs>
<rect class="paper" width="${w}" height="${h}" rx="6"/>
${this.#parts.map((part) => html`${part}\n`)}</svg>
`
    return svg.toString()
  }
}
