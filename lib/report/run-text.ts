/**
 * What one run gave, in a few lines, to stand under the target's own output: how it ended, what it used, and whether
 * the heap was really in effect.
 */

import type { ProcessVerdict, Reason, RunResult, VerdictState } from '../types.ts'
import { clean, wrap, wrapHanging } from './layout.ts'
import { probeLines } from './probe-text.ts'
import { profileLines } from './profile-text.ts'
import { type Paint, signsOf, type TextStyle } from './style.ts'
import { countOf, formatBytes, formatDuration, grouped } from './units.ts'

/** Reasons and leftovers beyond these are counted, not listed; the JSON has them all. */
const MOST_LISTED = 3

const LABEL = 15

function line(label: string, text: string, style: TextStyle, paint?: Paint): string[] {
  const lines = wrapHanging(`  ${label.padEnd(LABEL)}`, clean(text), style.width)
  const painted = (paint ?? style.palette.dim)(label)
  return lines.map((each, index) => (index === 0 ? each.replace(label, () => painted) : each))
}

/** How the target ended: exit status 0, killed by SIGSEGV, timed out. */
function ending(result: RunResult): string {
  if (result.timedOut) return 'timed out'
  return result.signal === null ? `exit status ${result.exitCode}` : `killed by ${result.signal}`
}

function statePaint(state: VerdictState, { palette }: TextStyle): Paint {
  return { active: palette.green, partial: palette.yellow, inactive: palette.red }[state]
}

/**
 * `active in 3 processes`, or `inactive in 1, active in 2 of 3 processes`. The whole is worse than every process of it
 * where some are not known: `partial: active in all that is known (3 processes)`.
 */
function stateText(result: RunResult): string {
  const { state, processes } = result.verdict
  const counts = (['inactive', 'partial', 'active'] as const)
    .map((each) => ({ each, count: processes.filter((process) => process.state === each).length }))
    .filter(({ count }) => count > 0)
  if (processes.length === 0) return state
  const total = countOf(processes.length, 'process', 'processes')
  if (counts.length === 1 && counts[0]?.each === state) return `${state} in ${total}`
  if (counts.length === 1) return `${state}: ${counts[0]?.each} in all that is known (${total})`
  return `${counts.map(({ each, count }) => `${each} in ${count}`).join(', ')} of ${total}`
}

/** Where a reason holds, when not everywhere: the programs whose processes give it. */
function whereOf(reason: Reason, processes: readonly ProcessVerdict[]): string {
  const having = processes.filter(({ reasons }) => reasons.some(({ message }) => message === reason.message))
  if (having.length === 0 || having.length === processes.length) return ''
  const programs = [...new Set(having.map(({ executable }) => executable))]
  if (programs.every((program) => reason.message.includes(program))) return ''
  return ` (${programs.slice(0, 2).join(', ')}${programs.length > 2 ? ' and others' : ''})`
}

function reasonLines(result: RunResult, style: TextStyle): string[] {
  const { reasons, processes, state } = result.verdict
  const paint = statePaint(state, style)
  const listed = reasons.slice(0, MOST_LISTED)
  const lines = listed.flatMap((reason, index) =>
    line(
      index === 0 ? 'because' : '',
      `${reason.message + whereOf(reason, processes)}; ${reason.advice}`,
      style,
      paint,
    ),
  )
  const more = reasons.length - listed.length
  return more === 0 ? lines : [...lines, ...line('', `and ${countOf(more, 'more reason')}: see --json`, style)]
}

/** What orphans added to the run, or nothing when the target's own numbers are the whole. */
function treeLines(result: RunResult, style: TextStyle): string[] {
  const { tree, userNs, sysNs, peakRssBytes } = result
  const cpu = tree.userNs + tree.sysNs
  if (cpu <= userNs + sysNs && tree.peakRssBytes <= peakRssBytes) return []
  const signs = signsOf(style)
  return line('with orphans', `CPU time ${formatDuration(cpu, signs)}, peak ${formatBytes(tree.peakRssBytes)}`, style)
}

/** What the heap's thread hooks have seen, or nothing where it has none. */
function threadLines({ threads }: RunResult, style: TextStyle): string[] {
  if (threads === null) return []
  return line('thread hooks', `${grouped(threads.begun)} begun, ${grouped(threads.ended)} ended`, style)
}

function leftoverLines(result: RunResult, style: TextStyle): string[] {
  const { leftovers } = result
  if (leftovers.length === 0) return []
  const listed = leftovers.slice(0, MOST_LISTED).map(({ pid, command }) => `${pid} ${command}`)
  const more = leftovers.length - listed.length
  const rest = more > 0 ? [`and ${countOf(more, 'other')}`] : []
  return line('still running', [...listed, ...rest].join('; '), style, style.palette.yellow)
}

/** The summary of a run, ending with a line break. */
export function runText(result: RunResult, style: TextStyle): string {
  const signs = signsOf(style)
  const { bold, red, yellow } = style.palette
  const well = result.exitCode === 0 && !result.timedOut
  const end = ending(result)
  const head = `alloc8: ${end} after ${formatDuration(result.wallNs, signs)} under ${clean(result.heap)}`
  const times = `${formatDuration(result.userNs, signs)} user, ${formatDuration(result.sysNs, signs)} system`
  const faults = `${grouped(result.minorFaults)} minor, ${grouped(result.majorFaults)} major`
  const lines = [
    ...wrap(head, style.width).map((each) => bold(well ? each : each.replace(end, (text) => red(text)))),
    ...line('heap', stateText(result), style).map((text) =>
      text.replace(result.verdict.state, statePaint(result.verdict.state, style)),
    ),
    ...reasonLines(result, style),
    ...line('CPU time', times, style),
    ...line('peak memory', formatBytes(result.peakRssBytes), style),
    ...line('page faults', faults, style),
    ...treeLines(result, style),
    ...threadLines(result, style),
    ...(result.probe === null ? [] : probeLines(result.probe, result, style)),
    ...(result.profile === null ? [] : profileLines(result.profile, style)),
    ...leftoverLines(result, style),
    ...(result.session === null ? [] : line('session', result.session, style)),
    ...[...result.warnings, ...(result.profile?.warnings ?? [])].flatMap(({ message }) =>
      line('warning', message, style, yellow),
    ),
  ]
  return `${lines.join('\n')}\n`
}
