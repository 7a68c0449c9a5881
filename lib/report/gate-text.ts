/** The gate for a terminal or a log: the outcome in a word, then each cell that did not pass, and why. */

import type { CompareResult, GateResult } from '../types.ts'
import { clean, wrapHanging } from './layout.ts'
import type { TextStyle } from './style.ts'
import { countOf } from './units.ts'
import { heapLabels } from './view.ts'

const titles = { pass: 'passed', fail: 'failed', inconclusive: 'inconclusive' } as const

/** The gate's report, ending with a line break. */
export function gateText(gate: GateResult, result: CompareResult, style: TextStyle): string {
  const { bold, green, red, yellow } = style.palette
  const paints = { pass: green, fail: red, inconclusive: yellow }
  const labels = heapLabels(result)
  const count = (outcome: keyof typeof titles) => gate.cells.filter((cell) => cell.outcome === outcome).length
  const sums = (['pass', 'fail', 'inconclusive'] as const).map((outcome) => `${count(outcome)} ${titles[outcome]}`)
  const of =
    gate.cells.length === 0 ? 'there was nothing to judge' : `${countOf(gate.cells.length, 'cell')}: ${sums.join(', ')}`
  const lines = (['fail', 'inconclusive'] as const).flatMap((outcome) =>
    gate.cells
      .filter((cell) => cell.outcome === outcome)
      .flatMap(({ workload, heapIndex, metric, reason }) => {
        const text = `${titles[outcome]}: ${workload}, ${labels[heapIndex] ?? ''}, ${metric}: ${reason}`
        return wrapHanging('  ', clean(text), style.width).map(paints[outcome])
      }),
  )
  return `${[`${bold(paints[gate.outcome](`gate: ${titles[gate.outcome]}`))}, ${of}`, ...lines].join('\n')}\n`
}
