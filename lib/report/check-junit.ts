/**
 * A check as JUnit XML: a suite per heap, a test case per case. Misuse is scored and not judged, so that it stands among
 * the suite's properties.
 */

import xmlbuilder from 'xmlbuilder'
import type { CaseResult, CheckedHeap, CheckResult } from '../types.ts'
import { caseCounts, heapTitle, misuseCounts } from './check-view.ts'
import { writable } from './junit.ts'
import { clean } from './layout.ts'

/** The report, ending with a line break. */
export function checkJunit(result: CheckResult): string {
  const total = result.heaps.map((heap) => caseCounts(heap))
  const sum = (key: 'pass' | 'fail' | 'skip') => total.reduce((all, counts) => all + counts[key], 0)
  const root = xmlbuilder.create('testsuites', { encoding: 'UTF-8' })
  root.att({
    name: 'alloc8 check',
    tests: sum('pass') + sum('fail') + sum('skip'),
    failures: sum('fail'),
    errors: 0,
    skipped: sum('skip'),
    time: seconds(result.wallMs),
  })
  for (const heap of result.heaps) addSuite(root, heap)
  return `${root.end({ pretty: true })}\n`
}

function addSuite(root: xmlbuilder.XMLElement, heap: CheckedHeap): void {
  const { pass, fail, skip } = caseCounts(heap)
  const time = heap.cases.reduce((all, { wallMs }) => all + wallMs, 0)
  const suite = root.ele('testsuite', {
    name: text(heapTitle(heap)),
    tests: pass + fail + skip,
    failures: fail,
    errors: 0,
    skipped: skip,
    time: seconds(time),
  })
  if (heap.misuse.length > 0) {
    const list = suite.ele('properties')
    for (const [outcome, count] of Object.entries(misuseCounts(heap))) {
      list.ele('property', { name: `misuse ${outcome}`, value: String(count) })
    }
    for (const { id, outcome } of heap.misuse) list.ele('property', { name: text(id), value: outcome })
  }
  for (const one of heap.cases) addCase(suite, one)
}

function addCase(suite: xmlbuilder.XMLElement, one: CaseResult): void {
  const { id, group, outcome, message, explanation, standard, reproduce, source, wallMs } = one
  const element = suite.ele('testcase', { name: text(id), classname: text(group), time: seconds(wallMs) })
  if (outcome === 'skip') element.ele('skipped', { message: text(message) })
  if (outcome !== 'fail') return
  const lines = [
    `expected: ${explanation}`,
    `standard: ${standard}`,
    `happened: ${message}`,
    `reproduce: ${reproduce}`,
    `source: ${source}`,
  ]
  element.ele('failure', { message: text(message) }, lines.map(text).join('\n'))
}

const text = (raw: string) => writable(clean(raw))

const seconds = (ms: number) => (ms / 1000).toFixed(3)
