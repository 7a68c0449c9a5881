/** A session as text, once: the view's lines without the screen around them. */

import type { SessionSnapshot } from '../types.ts'
import { History } from './history.ts'
import { layout } from './layout.ts'
import { initialState } from './state.ts'

/** Higher than any: no row is left out. */
const roomForAll = 6000

/** A snapshot as lines of text, ending with a line break. */
export function onceText(snapshot: SessionSnapshot, title: string, width: number, unicode: boolean): string {
  const style = { width, height: Math.min(roomForAll, snapshot.processes.length + 40), unicode }
  const { lines } = layout({ title, snapshot, history: new History(), output: null }, initialState, style)
  // The last line is the one with the keys.
  const texts = lines.slice(0, -1).map((line) =>
    line
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  )
  return `${texts.filter((text) => text !== '').join('\n')}\n`
}
