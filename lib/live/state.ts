/** What the view is asked to show, and what keys do to that: pure, so that every key can be tried without a terminal. */

/** What siblings are ordered by. */
export const sortKeys = ['start', 'live', 'rss', 'peak', 'rate', 'bytes', 'calls', 'pid', 'name'] as const
export type SortKey = (typeof sortKeys)[number]

/** How the view stands. */
export interface ViewState {
  sort: SortKey
  /** Turns the order round. */
  reversed: boolean
  /** Children under their parents; else one list. */
  tree: boolean
  threads: boolean
  ended: boolean
  /** Size classes and latencies of the row that is chosen. */
  details: boolean
  /** The target's output in the place of the table. */
  output: boolean
  help: boolean
  paused: boolean
  filter: string
  /** The filter is being typed. */
  typing: boolean
  /** Which row is chosen, and which one is the first on the screen. */
  chosen: number
  top: number
}

/** How a view begins. */
export const initialState: ViewState = {
  sort: 'start',
  reversed: false,
  tree: true,
  threads: false,
  ended: true,
  details: true,
  output: false,
  help: false,
  paused: false,
  filter: '',
  typing: false,
  chosen: 0,
  top: 0,
}

/** A key as Node's readline tells it. */
export interface Key {
  /** `a`, `return`, `up`, `pagedown`, …; undefined for a letter that has no name. */
  name?: string | undefined
  /** What was typed. */
  text?: string | undefined
  ctrl?: boolean | undefined
  meta?: boolean | undefined
}

/** What a key asks of whoever shows the view. */
export type Action = 'quit' | 'interrupt' | 'terminate' | 'suspend' | 'redraw' | null

const controls: Readonly<Record<string, Action>> = { c: 'interrupt', '\\': 'terminate', z: 'suspend', l: 'redraw' }

/** The state after a key, and what else is to be done. `page` is how many rows there are on the screen. */
export function onKey(state: ViewState, key: Key, page = 10): { state: ViewState; action: Action } {
  if (key.ctrl) return { state, action: controls[key.name ?? ''] ?? null }
  if (state.typing) return { state: typed(state, key), action: null }
  if (state.help && key.name !== 'q') return { state: { ...state, help: false }, action: null }
  if (key.name === 'q') return { state, action: 'quit' }
  return { state: { ...state, ...moved(state, key, page), ...(key.meta ? {} : switched(state, key)) }, action: null }
}

/** A key while the filter is typed: return keeps it, escape takes it away. */
function typed(state: ViewState, { name, text = '' }: Key): ViewState {
  if (name === 'return' || name === 'enter') return { ...state, typing: false }
  if (name === 'escape') return { ...state, typing: false, filter: '' }
  if (name === 'backspace') return { ...state, filter: [...state.filter].slice(0, -1).join(''), chosen: 0, top: 0 }
  if (text === '' || /[\p{Cc}\p{Cf}]/u.test(text)) return state
  return { ...state, filter: state.filter + text, chosen: 0, top: 0 }
}

function moved({ chosen }: ViewState, { name }: Key, page: number): Partial<ViewState> {
  const to: Partial<Record<string, number>> = {
    up: chosen - 1,
    k: chosen - 1,
    down: chosen + 1,
    j: chosen + 1,
    pageup: chosen - page,
    pagedown: chosen + page,
    home: 0,
    end: Number.MAX_SAFE_INTEGER,
  }
  const place = to[name ?? '']
  return place === undefined ? {} : { chosen: Math.max(0, place) }
}

function switched(state: ViewState, { name, text = '' }: Key): Partial<ViewState> {
  if (name === 'escape') return { filter: '', output: false }
  if (name === 'left' || name === 'right') return { sort: neighbour(state.sort, name === 'left' ? -1 : 1) }
  const byText: Partial<Record<string, Partial<ViewState>>> = {
    ' ': { paused: !state.paused },
    p: { paused: !state.paused },
    s: { sort: neighbour(state.sort, 1) },
    S: { sort: neighbour(state.sort, -1) },
    r: { reversed: !state.reversed },
    t: { threads: !state.threads },
    f: { tree: !state.tree },
    e: { ended: !state.ended },
    d: { details: !state.details },
    o: { output: !state.output },
    '/': { typing: true, output: false },
    '?': { help: true },
    h: { help: true },
  }
  return byText[text] ?? {}
}

function neighbour(sort: SortKey, step: number): SortKey {
  const count = sortKeys.length
  return sortKeys[(sortKeys.indexOf(sort) + step + count) % count] ?? 'start'
}
