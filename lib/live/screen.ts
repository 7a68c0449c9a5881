/**
 * A whole terminal screen of our own, and the terminal as it was before however that ends: the alternate screen, raw keys,
 * no cursor. Lines are put at their places one by one, those alone that have changed, so that nothing flickers and nothing
 * has to be known of what a resize did to the rest.
 */

import { emitKeypressEvents } from 'node:readline'
import type { ReadStream, WriteStream } from 'node:tty'
import ansi from 'ansi-escapes'
import type { Line, Tone } from './layout.ts'
import type { Key } from './state.ts'

/** Colours text; in a view without colours only `inverse` does anything. */
export type Paints = Readonly<Record<Tone, (text: string) => string>>

/** Where a view is drawn and what it hears of. */
export interface ScreenOptions {
  input: ReadStream
  output: WriteStream
  paints: Paints
  onKey(key: Key): void
  /** The size has changed, or the process was stopped and goes on. */
  onChange(): void
  /** The terminal is gone. */
  onLost(): void
}

/** DEC: whether text that reaches the edge goes on in the next line. Names may be wider than they look. */
const wrapOff = '\x1b[?7l'
const wrapOn = '\x1b[?7h'

/** One screen, from `open` to `close`. */
export class FullScreen {
  readonly #options: ScreenOptions
  #open = false
  #hidden = false
  #drawn: string[] = []
  #size = ''
  readonly #onKeypress = (text: string | undefined, key: { name?: string; ctrl?: boolean; meta?: boolean }): void => {
    this.#options.onKey({ name: key?.name, ctrl: key?.ctrl, meta: key?.meta, text })
  }
  readonly #onResize = (): void => this.#options.onChange()
  readonly #onLost = (): void => this.#options.onLost()
  readonly #onExit = (): void => this.close()
  readonly #onStop = (): void => {
    this.#leave()
    // The one stop that nobody can refuse: the handler that runs now has taken the place of the usual one.
    process.kill(process.pid, 'SIGSTOP')
  }
  readonly #onContinue = (): void => {
    if (!this.#open) return
    this.#enter()
    this.#options.onChange()
  }

  constructor(options: ScreenOptions) {
    this.#options = options
  }

  /** Cells in a line, and lines. */
  get size(): { width: number; height: number } {
    const { columns, rows } = this.#options.output
    return { width: columns > 0 ? columns : 80, height: rows > 0 ? rows : 24 }
  }

  /** Takes the terminal. */
  open(): void {
    const { input, output } = this.#options
    this.#open = true
    process.on('exit', this.#onExit)
    process.on('uncaughtExceptionMonitor', this.#onExit)
    process.on('SIGTSTP', this.#onStop)
    process.on('SIGCONT', this.#onContinue)
    emitKeypressEvents(input)
    input.on('keypress', this.#onKeypress)
    for (const event of ['end', 'close', 'error'] as const) input.on(event, this.#onLost)
    output.on('resize', this.#onResize)
    output.on('error', this.#onLost)
    this.#enter()
  }

  /** Shows lines, as many as the screen has. */
  draw(lines: readonly Line[]): void {
    if (!this.#hidden) return
    const { width, height } = this.size
    const size = `${width} ${height}`
    let text = ''
    if (size !== this.#size) {
      text += ansi.eraseScreen
      this.#drawn = []
      this.#size = size
    }
    const painted = lines.slice(0, height).map((line) => this.#paint(line))
    painted.forEach((line, row) => {
      if (line !== this.#drawn[row]) text += ansi.cursorTo(0, row) + ansi.eraseLine + line
    })
    this.#drawn = painted
    if (text !== '') this.#write(text)
  }

  /** Draws everything the next time: somebody else may have written. */
  forget(): void {
    this.#size = ''
  }

  /** Gives the terminal back; once, and again does nothing. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    const { input, output } = this.#options
    process.off('exit', this.#onExit)
    process.off('uncaughtExceptionMonitor', this.#onExit)
    process.off('SIGTSTP', this.#onStop)
    process.off('SIGCONT', this.#onContinue)
    input.off('keypress', this.#onKeypress)
    for (const event of ['end', 'close', 'error'] as const) input.off(event, this.#onLost)
    output.off('resize', this.#onResize)
    this.#leave()
    output.off('error', this.#onLost)
    input.pause()
  }

  #enter(): void {
    if (this.#hidden) return
    this.#hidden = true
    this.#size = ''
    this.#raw(true)
    this.#options.input.resume()
    this.#write(ansi.enterAlternativeScreen + ansi.cursorHide + wrapOff)
  }

  #leave(): void {
    if (!this.#hidden) return
    this.#hidden = false
    this.#raw(false)
    this.#write(wrapOn + ansi.cursorShow + ansi.exitAlternativeScreen)
  }

  #raw(on: boolean): void {
    const { input } = this.#options
    try {
      if (!input.destroyed) input.setRawMode(on)
    } catch {
      // The terminal is gone, and its mode with it.
    }
  }

  #write(text: string): void {
    try {
      this.#options.output.write(text)
    } catch {
      // As above.
    }
  }

  #paint(line: Line): string {
    const { paints } = this.#options
    return line.map(({ text, tone }) => (tone === undefined ? text : paints[tone](text))).join('')
  }
}
