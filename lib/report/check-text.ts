/**
 * A check for people: of each heap what failed, each finding with what was expected and by which standard, what
 * happened, the command that shows it and the program's source; then the heaps side by side.
 */

import type { CaseDescription, CaseResult, CheckedHeap, CheckResult, MisuseOutcome } from '../types.ts'
import { caseCounts, groupsOf, hasMisuse, heapTitle, misuseCounts, skipReasons } from './check-view.ts'
import { type ColumnShape, clean, type Field, row, widest, wrapHanging } from './layout.ts'
import type { Paint, TextStyle } from './style.ts'
import { countOf, formatDuration } from './units.ts'

/** Reasons of skipped cases name so many of them. */
const MOST_NAMED = 4

/** The report, ending with a line break. */
export function checkText(result: CheckResult, style: TextStyle): string {
  const { bold, dim } = style.palette
  const took = formatDuration(result.wallMs * 1e6)
  const ended = result.interrupted ? `stopped after ${took}: what had not run was skipped` : `checked in ${took}`
  const lines = [
    ...result.heaps.flatMap((heap) => [...heapLines(heap, result, style), '']),
    ...(result.heaps.length > 1 ? [bold('side by side'), ...sideBySide(result, style), ''] : []),
    dim(ended),
  ]
  return `${lines.join('\n')}\n`
}

/** The cases of the kit, as they are described. */
export function casesText(cases: readonly CaseDescription[], style: TextStyle): string {
  const { bold, dim } = style.palette
  const lines = cases.flatMap(({ id, explanation, standard }) => [
    bold(id),
    ...wrapHanging('  ', explanation, style.width),
    ...wrapHanging('  ', standard, style.width).map(dim),
  ])
  return `${lines.join('\n')}\n${countOf(cases.length, 'case')}\n`
}

function heapLines(heap: CheckedHeap, result: CheckResult, style: TextStyle): string[] {
  const { bold, dim, red, yellow } = style.palette
  const head = [
    bold(clean(heapTitle(heap))),
    ...(heap.path === null ? [] : [`  ${dim(clean(heap.path))}`]),
    ...heap.notes.flatMap((note) => wrapHanging('  note: ', clean(note), style.width).map(yellow)),
  ]
  if (heap.problem !== null) {
    const reproduce = heap.cases[0]?.reproduce ?? ''
    return [
      ...head,
      ...wrapHanging('  ', `nothing runs under it: ${clean(heap.problem.message)}`, style.width).map(red),
      `  ${dim('reproduce')}  ${clean(reproduce)}`,
    ]
  }
  const failures = heap.cases.filter(({ outcome }) => outcome === 'fail')
  return [
    ...head,
    ...groupLines(heap, groupsOf({ ...result, heaps: [heap] }), style),
    ...misuseLines(heap, style),
    ...skipLines(heap, style),
    ...failures.flatMap((failure) => ['', ...failureLines(failure, style)]),
  ]
}

function verdictLine(heap: CheckedHeap): string {
  const { pass, fail, skip } = caseCounts(heap)
  const skipped = skip === 0 ? '' : `, ${skip} skipped`
  return fail === 0
    ? `${countOf(pass, 'case')} passed${skipped}`
    : `${countOf(fail, 'case')} of ${pass + fail} failed${skipped}`
}

function groupLines(heap: CheckedHeap, groups: readonly string[], { palette, width }: TextStyle): string[] {
  const { green, red } = palette
  const failed = groups.flatMap((group) => {
    const { fail } = caseCounts(heap, group)
    return fail === 0 ? [] : [`${group} ${fail}`]
  })
  if (failed.length === 0) {
    const paint = caseCounts(heap).pass > 0 ? green : palette.dim
    return wrapHanging('  ', verdictLine(heap), width).map(paint)
  }
  return wrapHanging('  ', `${verdictLine(heap)}: ${failed.join(', ')}`, width).map(red)
}

const misuseWords: Record<MisuseOutcome, string> = {
  stopped: 'stopped',
  masked: 'masked, no harm done',
  silent: 'silent, harm done',
}

function misuseLines(heap: CheckedHeap, style: TextStyle): string[] {
  if (heap.misuse.length === 0) return []
  const paints: Record<MisuseOutcome, Paint> = {
    stopped: style.palette.green,
    masked: style.palette.cyan,
    silent: style.palette.yellow,
  }
  const outcomes = ['stopped', 'masked', 'silent'] as const
  return outcomes.flatMap((outcome) => {
    const names = heap.misuse.filter((each) => each.outcome === outcome).map(({ id }) => id.replace('misuse/', ''))
    if (names.length === 0) return []
    const label = `  misuse ${misuseWords[outcome]}: `
    const [first = '', ...others] = wrapHanging('  ', `${label.trim()} ${names.join(', ')}`, style.width)
    return [first.replace(label.trim(), () => paints[outcome](label.trim())), ...others]
  })
}

function skipLines(heap: CheckedHeap, { palette, width }: TextStyle): string[] {
  return skipReasons(heap).flatMap(({ reason, ids }) => {
    const named = ids.slice(0, MOST_NAMED).join(', ')
    const more = ids.length > MOST_NAMED ? ` and ${ids.length - MOST_NAMED} more` : ''
    return wrapHanging('  skipped: ', `${named}${more}: ${clean(reason)}`, width).map(palette.dim)
  })
}

/** The label of a line of a finding; the command and the path stay whole, because they are there to be copied. */
const LABEL = 11

function failureLines(
  { id, explanation, standard, message, reproduce, source }: CaseResult,
  style: TextStyle,
): string[] {
  const { bold, dim, red } = style.palette
  const line = (label: string, text: string) => {
    const [first = '', ...others] = wrapHanging(`    ${label.padEnd(LABEL)}`, clean(text), style.width)
    return [first.replace(label, () => dim(label)), ...others]
  }
  const whole = (label: string, text: string) => `    ${dim(label.padEnd(LABEL))}${clean(text)}`
  return [
    `  ${red('FAIL')} ${bold(id)}`,
    ...line('expected', explanation),
    ...line('standard', standard),
    ...line('happened', message),
    whole('reproduce', reproduce),
    whole('source', source),
  ]
}

function sideBySide(result: CheckResult, style: TextStyle): string[] {
  const { dim, red } = style.palette
  const withMisuse = hasMisuse(result)
  const titles = ['heap', 'passed', 'failed', 'skipped', ...(withMisuse ? ['misuse stopped', 'masked', 'silent'] : [])]
  const rows = result.heaps.map((heap): Field[] => {
    const cases = caseCounts(heap)
    const misuse = misuseCounts(heap)
    const label = { text: clean(heapTitle(heap)) }
    if (heap.problem !== null) return [label, { text: 'nothing runs under it', paint: red }]
    const scores = withMisuse ? [misuse.stopped, misuse.masked, misuse.silent] : []
    const numbers = [cases.pass, cases.fail, cases.skip, ...scores]
    return [
      label,
      ...numbers.map((each, at) => ({ text: String(each), paint: at === 1 && each > 0 ? red : undefined })),
    ]
  })
  const columns = titles.map((title, at): ColumnShape => {
    const fields = rows.filter((fields) => fields.length > 2).map((fields) => fields[at] ?? { text: '' })
    const labels = at === 0 ? rows.map(([label]) => label ?? { text: '' }) : []
    return { width: widest([{ text: title }, ...fields, ...labels]), align: at === 0 ? 'left' : 'right' }
  })
  const plain = rows.map((fields) =>
    fields.length > 2 ? row(fields, columns) : row(fields, [columns[0] as ColumnShape]),
  )
  return [
    row(
      titles.map((text) => ({ text, paint: dim })),
      columns,
    ),
    ...plain,
  ]
}
