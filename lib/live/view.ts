/** Shows a session on a terminal until it ends, the user has seen enough or the terminal is gone. */

import type { LiveSession, SessionSnapshot } from '../types.ts'
import { History } from './history.ts'
import { layout } from './layout.ts'
import { FullScreen, type ScreenOptions } from './screen.ts'
import { type Action, initialState, type Key, onKey, type ViewState } from './state.ts'

/** What a view needs. */
export interface ViewOptions extends Pick<ScreenOptions, 'input' | 'output' | 'paints'> {
  session: LiveSession
  /** What is watched, in a few words. */
  title: string
  intervalMs: number
  /** Whether letters outside ASCII may be used. */
  unicode: boolean
  /** The last lines that the target has written; null where its output is not ours. */
  recentOutput: (() => readonly string[]) | null
  /** Ctrl-C and Ctrl-\: what they mean is for the caller to say. */
  onInterrupt(signal: 'SIGINT' | 'SIGQUIT'): void
  /** Ends the view. */
  signal?: AbortSignal | undefined
}

/** Why a view has ended. */
export type ViewEnd = 'quit' | 'ended' | 'lost' | 'stopped'

/**
 * Shows a session. The terminal is as it was when this resolves or throws, and also where the process ends before.
 * @throws whatever goes wrong in the view; the session goes on
 */
export async function showView(options: ViewOptions): Promise<ViewEnd> {
  const view = new View(options)
  return view.show()
}

class View {
  readonly #options: ViewOptions
  readonly #screen: FullScreen
  readonly #history = new History()
  readonly #stop = new AbortController()
  #state: ViewState = initialState
  #snapshot: SessionSnapshot | null = null
  #page = 10
  #end: ViewEnd = 'ended'
  #failure: { error: unknown } | null = null

  constructor(options: ViewOptions) {
    this.#options = options
    const { input, output, paints } = options
    this.#screen = new FullScreen({
      input,
      output,
      paints,
      onKey: (key) => this.#guarded(() => this.#onKey(key)),
      onChange: () => this.#guarded(() => this.#draw()),
      onLost: () => this.#finish('lost'),
    })
  }

  async show(): Promise<ViewEnd> {
    const { session, intervalMs, signal } = this.#options
    const stopped = () => this.#finish('stopped')
    signal?.addEventListener('abort', stopped, { once: true })
    try {
      if (signal?.aborted) return 'stopped'
      this.#screen.open()
      this.#draw()
      for await (const snapshot of session.watch({ intervalMs, signal: this.#stop.signal })) {
        this.#history.add(snapshot)
        if (!this.#state.paused) this.#snapshot = snapshot
        this.#draw()
        // Keys and signals have their turn however short the interval is.
        await new Promise((resolve) => setImmediate(resolve))
      }
    } finally {
      signal?.removeEventListener('abort', stopped)
      this.#screen.close()
    }
    if (this.#failure !== null) throw this.#failure.error
    return this.#end
  }

  #onKey(key: Key): void {
    const { state, action } = onKey(this.#state, key, this.#page)
    this.#state = state
    this.#act(action)
    this.#draw()
  }

  #act(action: Action): void {
    if (action === 'quit') this.#finish('quit')
    if (action === 'interrupt') this.#options.onInterrupt('SIGINT')
    if (action === 'terminate') this.#options.onInterrupt('SIGQUIT')
    if (action === 'redraw') this.#screen.forget()
    // The whole foreground group, as the terminal would do it.
    if (action === 'suspend') process.kill(0, 'SIGTSTP')
  }

  #draw(): void {
    const { title, unicode, recentOutput } = this.#options
    const model = {
      title,
      snapshot: this.#snapshot,
      history: this.#history,
      output: recentOutput === null ? null : recentOutput(),
    }
    const { lines, state, page } = layout(model, this.#state, { ...this.#screen.size, unicode })
    this.#state = state
    this.#page = page
    this.#screen.draw(lines)
  }

  /** What goes wrong in an event ends the view and not the process. */
  #guarded(work: () => void): void {
    if (this.#stop.signal.aborted) return
    try {
      work()
    } catch (error) {
      this.#failure ??= { error }
      this.#finish('stopped')
    }
  }

  #finish(end: ViewEnd): void {
    if (this.#stop.signal.aborted) return
    this.#end = end
    this.#stop.abort()
  }
}
