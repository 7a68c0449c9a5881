/**
 * How a report may look: its width, its letters and its colours. They are passed in, so that a report is a function
 * of its arguments alone: whether stdout is a terminal and what NO_COLOR says is the command line's business.
 */

/** Colours text; in a report without colours, gives it back unchanged. */
export type Paint = (text: string) => string

/** The colours of reports. Picocolors' object fits. */
export interface Palette {
  bold: Paint
  dim: Paint
  red: Paint
  green: Paint
  yellow: Paint
  cyan: Paint
}

/** How to draw a report. */
export interface TextStyle {
  /** Columns that may be filled; below 50, lines may be longer than that. */
  width: number
  /** Whether letters outside ASCII may be used to draw. */
  unicode: boolean
  palette: Palette
}

const plain: Paint = (text) => text

/** No colours at all. */
export const plainPalette: Palette = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain }

/** The signs that reports are drawn with. All are one column wide. */
export interface Signs {
  times: string
  micro: string
  ellipsis: string
  /** A number that is not there. */
  none: string
  mark: string
  line: string
  left: string
  right: string
  cross: string
  reference: string
  beyondLeft: string
  beyondRight: string
}

const unicodeSigns: Signs = {
  times: '×',
  micro: 'µ',
  ellipsis: '…',
  none: '–',
  mark: '●',
  line: '─',
  left: '├',
  right: '┤',
  cross: '┼',
  reference: '┊',
  beyondLeft: '◂',
  beyondRight: '▸',
}

const asciiSigns: Signs = {
  times: 'x',
  micro: 'u',
  ellipsis: '~',
  none: '-',
  mark: 'o',
  line: '-',
  left: '|',
  right: '|',
  cross: '+',
  reference: ':',
  beyondLeft: '<',
  beyondRight: '>',
}

/** The signs of a style. */
export function signsOf(style: Pick<TextStyle, 'unicode'>): Signs {
  return style.unicode ? unicodeSigns : asciiSigns
}
