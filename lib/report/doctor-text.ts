/**
 * What the doctor found: of a machine each check with its meaning and advice, and each heap with whether it loads; of a
 * process its allocator, how sure that is, and why.
 */

import type { CheckState, DoctorCheck, DoctorHeap, DoctorResult, OtherAllocator, ProcessAllocator } from '../types.ts'
import { clean, wrapHanging } from './layout.ts'
import { type Paint, signsOf, type TextStyle } from './style.ts'
import { countOf } from './units.ts'

/** The widest check's name and a space. */
const LABEL = 16

/** Reasons and other allocators beyond these are counted, not listed; the JSON has them all. */
const MOST_LISTED = 6

/** A labelled text, broken to the width; only the label is painted. */
function line(label: string, text: string, style: TextStyle, paint: Paint): string[] {
  const lines = wrapHanging(`  ${label.padEnd(LABEL)}`, clean(text), style.width)
  return lines.map((each, index) => (index === 0 && label !== '' ? each.replace(label, () => paint(label)) : each))
}

function paintOf(state: CheckState | 'active' | 'partial' | 'inactive', { palette }: TextStyle): Paint {
  if (state === 'good' || state === 'active') return palette.green
  return state === 'limited' || state === 'partial' ? palette.yellow : palette.red
}

function checkLines({ id, state, found, meaning, advice }: DoctorCheck, style: TextStyle): string[] {
  const text = [state === 'good' ? found : `${state}: ${found}`, ...(meaning === null ? [] : [meaning])].join('; ')
  return [
    ...line(id, text, style, paintOf(state, style)),
    ...(advice === null ? [] : line('', `to do: ${advice}`, style, style.palette.dim)),
  ]
}

function heapLines(heap: DoctorHeap, style: TextStyle): string[] {
  const state = heap.state === null ? 'not tried' : heap.state === 'active' ? 'loads' : heap.state
  const facts = [heap.version, heap.path].filter((each) => each !== null).join(', ')
  const paint = heap.state === null ? style.palette.dim : paintOf(heap.state, style)
  return [
    ...line(heap.name, facts === '' ? state : `${state}: ${facts}`, style, paint),
    ...heap.reasons.slice(0, MOST_LISTED).flatMap((reason) => line('', reason, style, style.palette.dim)),
  ]
}

/** The machine's report, ending with a line break. */
export function doctorText(result: DoctorResult, style: TextStyle): string {
  const { bold, red } = style.palette
  const bad = result.checks.filter(({ state }) => state === 'bad')
  const limited = result.checks.filter(({ state }) => state === 'limited').length
  const idle = result.heaps.filter(({ state }) => state !== 'active' && state !== null)
  const troubles = [
    ...bad.map(({ id }) => id),
    ...idle.map(({ name, state }) => `${name} ${state === 'partial' ? 'is only partly' : 'is not'} in effect`),
  ]
  const restrictions = limited === 0 ? '' : `, with ${countOf(limited, 'limitation')}`
  const head = result.holds
    ? `alloc8 works here${restrictions}`
    : `alloc8 does not work fully here: ${troubles.join(', ')}`
  const lines = [
    ...wrapHanging('', head, style.width).map((each) => bold(result.holds ? each : red(each))),
    '',
    ...result.checks.flatMap((check) => checkLines(check, style)),
    '',
    bold('heaps, each tried under a program'),
    ...result.heaps.flatMap((heap) => heapLines(heap, style)),
  ]
  return `${lines.join('\n')}\n`
}

/** `jemalloc 5.3.0`, or in words what is not known. */
function allocatorName({ allocator, version }: Pick<ProcessAllocator, 'allocator' | 'version'>): string {
  if (allocator === null) return 'no allocator'
  if (allocator === 'unknown') return 'an allocator that alloc8 does not know'
  return version === null ? allocator : `${allocator} ${version}`
}

const roles: Record<OtherAllocator['role'], string> = {
  behind: 'also there',
  apart: 'also there',
  carried: 'carried inside',
}

function otherLines(result: ProcessAllocator, style: TextStyle): string[] {
  const listed = result.others.slice(0, MOST_LISTED).flatMap((other) => {
    const sure = other.certainty === 'certain' ? '' : 'perhaps '
    return line(
      roles[other.role],
      `${sure}${allocatorName(other)} in ${other.library}: ${other.evidence}`,
      style,
      style.palette.dim,
    )
  })
  const more = result.others.length - MOST_LISTED
  return more > 0
    ? [...listed, ...line('', `and ${countOf(more, 'other')}: see --json`, style, (text) => text)]
    : listed
}

/** The report on a process, ending with a line break. */
export function processText(result: ProcessAllocator, style: TextStyle): string {
  const { bold, dim, yellow, green } = style.palette
  const { pid, name, executable, certainty, evidence, library, heap, linkage, libc, bits } = result
  const sure = certainty === 'certain' ? '' : ', as it seems'
  const kind = [bits === null ? [] : `${bits}-bit`, linkage ?? [], libc ?? []].flat().join(', ')
  const head = `${clean(name)} (process ${pid}): ${allocatorName(result)}${sure}`
  const lines = [
    ...wrapHanging('', head, style.width).map(bold),
    ...(executable === null ? [] : line('program', `${executable}${kind === '' ? '' : ` (${kind})`}`, style, dim)),
    ...(library === null || library === executable ? [] : line('library', library, style, dim)),
    ...(heap === null ? [] : line('as a heap', `alloc8 run --heap ${heap} -- ${signsOf(style).ellipsis}`, style, dim)),
    ...line(certainty, evidence.join('; '), style, certainty === 'certain' ? green : yellow),
    ...otherLines(result, style),
    ...result.warnings.flatMap(({ message }) => line('warning', message, style, yellow)),
  ]
  return `${lines.join('\n')}\n`
}
