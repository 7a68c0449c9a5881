/**
 * The colours of the lab's pictures, for light and dark. Things that lie side by side (blocks of threads) differ in
 * lightness and not in hue alone, so that they can be told apart in grey: the eight fills are equal steps of contrast,
 * in an order in which neighbours are at least two steps apart.
 */

import { darkColours, lightColours } from '../html/css.ts'

/** One set of colours. */
export interface Colours {
  paper: string
  ink: string
  soft: string
  rule: string
  faint: string
  accent: string
  /** For lines, which patterns tell apart as well. */
  lines: readonly string[]
  /** For areas. */
  fills: readonly string[]
  /** From little to much. */
  ramp: readonly string[]
}

function pageColours(text: string): (name: string) => string {
  const all = new Map([...text.matchAll(/--(\w+):(#\w+)/g)].map(([, name = '', value = '']) => [name, longForm(value)]))
  return (name) => all.get(name) ?? '#000000'
}

/** `#fff` as `#ffffff`. */
function longForm(colour: string): string {
  return colour.length === 4 ? colour.replace(/[^#]/g, '$&$&') : colour
}

function colours(text: string, fills: readonly string[], ramp: readonly string[]): Colours {
  const of = pageColours(text)
  return {
    ...{ paper: of('card'), ink: of('ink'), soft: of('soft'), rule: of('rule'), faint: of('faint'), accent: of('h1') },
    // The page's grey is its baseline's; here nothing is one, so it comes last.
    lines: [1, 2, 3, 4, 5, 6, 7, 0].map((heap) => of(`h${heap}`)),
    ...{ fills, ramp },
  }
}

const lightFills = ['#0b4686', '#f2925b', '#1f7a40', '#4a167c', '#21a0ba', '#a32263', '#efbc3c', '#6d7f99']
const darkFills = ['#1068c7', '#f8c2a4', '#28a054', '#7c24cd', '#48c5df', '#d63e8a', '#f9e5b4', '#94a1b5']
const lightRamp = [
  ...['#e7eff8', '#bdd4ee', '#93bce7', '#6ba4e2', '#438edf'],
  ...['#1f77d6', '#1a65b6', '#155496', '#114377', '#0d3158'],
]
const darkRamp = [
  ...['#11283a', '#173c58', '#1a4e74', '#1d6091', '#1e73af'],
  ...['#1e86d1', '#3a9ce3', '#68b4e9', '#98cbf0', '#cae4f7'],
]

/** Both sets. */
export const light: Colours = colours(lightColours, lightFills, lightRamp)
export const dark: Colours = colours(darkColours, darkFills, darkRamp)

/** How many fills and lines there are, and how many steps a ramp has. */
export const SERIES = 8
export const STEPS = 10

/** Relative luminance, as WCAG 2 defines it. */
export function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** The contrast of two colours, from 1 to 21. */
export function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((first, second) => first - second)
  return (high + 0.05) / (low + 0.05)
}

/** Black or white, whichever is easier to read on a colour. */
export function inkOn(colour: string): string {
  return contrast(colour, '#ffffff') >= contrast(colour, '#000000') ? '#ffffff' : '#000000'
}
