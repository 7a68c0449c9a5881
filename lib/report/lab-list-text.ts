/** The experiments that ship, for people: each with its question and what it does. */

import { clean, wrapHanging } from './layout.ts'
import type { TextStyle } from './style.ts'
import { countOf } from './units.ts'

/** The list, ending with a line break. */
export function labListText(
  experiments: readonly { name: string; question: string; did: string }[],
  style: TextStyle,
): string {
  const { bold, dim } = style.palette
  const lines = experiments.flatMap(({ name, question, did }) => [
    bold(clean(name)),
    ...wrapHanging('  ', clean(question), style.width),
    ...wrapHanging('  ', clean(did), style.width).map(dim),
  ])
  return `${lines.join('\n')}\n${countOf(experiments.length, 'experiment')}\n`
}
