/** Memory byte by byte, before and after: what has changed stands out by its ground and not by its colour. */

import type { LabBytes } from '../../types.ts'
import { countOf } from '../units.ts'
import { fitted, widthOf } from './letters.ts'
import { box, MARGIN, Sheet, textAt } from './sheet.ts'

const BYTE = 19
const LINE = 17
const GUTTER = 100
/** More lines of one row say nothing that its first ones do not. */
const MOST_LINES = 16

/** The bytes of a text of hex digits. */
function bytesOf(text: string): string[] {
  return (text.match(/[0-9a-f]{1,2}/gi) ?? []).map((byte) => byte.toLowerCase())
}

/** The picture. */
export function bytesSvg(bytes: LabBytes, width: number): string {
  const sheet = new Sheet(bytes.title, width)
  const room = Math.floor((sheet.inside - GUTTER) / BYTE)
  const perLine = room >= 16 ? 16 : 8
  sheet.legend([{ sign: box('changed', 0, 0, 16, 12), text: 'changed' }])
  for (const row of joined(bytes.rows)) drawRow(sheet, row, perLine)
  if (bytes.rows.length === 0) sheet.paragraph('There is nothing to show.')
  return sheet.toSvg(joined(bytes.rows).map(describe).join(' '))
}

type Row = LabBytes['rows'][number]

/** Rows that follow each other in memory under one name are one. */
function joined(rows: readonly Row[]): Row[] {
  const all: Row[] = []
  let end = -1
  for (const row of rows) {
    const start = Number(row.address)
    const length = Math.max(bytesOf(row.before).length, bytesOf(row.after).length)
    const last = all.at(-1)
    // What is known of one side only cannot be put behind what is known of both.
    const whole = last !== undefined && bytesOf(last.before).length === bytesOf(last.after).length
    if (last !== undefined && whole && last.label === row.label && start === end) {
      all[all.length - 1] = { ...last, before: last.before + row.before, after: last.after + row.after }
    } else all.push(row)
    end = start + length
  }
  return all
}

function changedAt(row: Row): number[] {
  const [before, after] = [bytesOf(row.before), bytesOf(row.after)]
  const length = Math.max(before.length, after.length)
  return Array.from({ length }, (_, at) => at).filter((at) => before[at] !== after[at])
}

function describe(row: Row): string {
  const changed = changedAt(row)
  const first = changed[0]
  const how = first === undefined ? 'unchanged' : `${countOf(changed.length, 'byte')} changed, the first at +${first}`
  return `${row.label} at ${row.address}: ${how}.`
}

function drawRow(sheet: Sheet, row: Row, perLine: number): void {
  const [before, after] = [bytesOf(row.before), bytesOf(row.after)]
  const changed = new Set(changedAt(row))
  const length = Math.max(before.length, after.length)
  sheet.y += 14
  const address = fitted(row.address, 150, 'code')
  sheet.add(textAt(address, { x: MARGIN, y: sheet.y, kind: 'code' }))
  const left = MARGIN + widthOf(address, 'code') + 8
  sheet.add(textAt(fitted(row.label, sheet.width - MARGIN - left), { x: left, y: sheet.y }))
  sheet.y += 6
  const lines = Math.ceil(length / perLine)
  const shown = shownLines(lines, changed, perLine)
  let last = -1
  for (const line of shown) {
    if (line > last + 1) sheet.paragraph(`${countOf((line - last - 1) * perLine, 'byte')} left out`, 'soft small')
    const from = line * perLine
    const isChanged = after.slice(from, from + perLine).some((_, at) => changed.has(from + at))
    drawLine(sheet, isChanged ? 'before' : 'unchanged', before, from, perLine, new Set())
    if (isChanged) drawLine(sheet, 'after', after, from, perLine, changed)
    last = line
  }
  if (last >= 0 && last < lines - 1) {
    sheet.paragraph(`${countOf(length - (last + 1) * perLine, 'byte')} left out`, 'soft small')
  }
  sheet.y += 4
}

/** All lines, or the first, and those that have changed. */
function shownLines(lines: number, changed: ReadonlySet<number>, perLine: number): number[] {
  const all = Array.from({ length: lines }, (_, line) => line)
  if (lines <= MOST_LINES) return all
  const touched = new Set([...changed].map((at) => Math.floor(at / perLine)))
  return all.filter((line) => line === 0 || touched.has(line)).slice(0, MOST_LINES)
}

function drawLine(
  sheet: Sheet,
  name: string,
  bytes: readonly string[],
  from: number,
  perLine: number,
  changed: ReadonlySet<number>,
): void {
  const y = sheet.y
  const left = MARGIN + GUTTER
  sheet.add(textAt(name === 'after' ? '' : `+${from}`, { x: MARGIN, y: y + 12, kind: 'soft code' }))
  sheet.add(textAt(name, { x: left - 8, y: y + 12, kind: 'soft small', anchor: 'end' }))
  for (const [at, byte] of bytes.slice(from, from + perLine).entries()) {
    const x = left + at * BYTE
    const isChanged = changed.has(from + at)
    if (isChanged) sheet.add(box('changed', x, y + 1, BYTE - 1, LINE - 2))
    const kind = isChanged ? 'code strong on-changed' : byte === '00' ? 'code soft' : 'code'
    sheet.add(textAt(byte, { x: x + (BYTE - 1) / 2, y: y + 12.5, kind, anchor: 'middle' }))
  }
  sheet.y += LINE
}
