/**
 * A lab book: a page for each experiment, and an index with a mental model of each heap, several side by side. What the
 * model says comes from the facts of the experiments (`LabHeap.model`), topic by topic.
 */

import { createHash } from 'node:crypto'
import type { LabResult } from '../types.ts'
import { labMarkdown } from './lab-markdown.ts'
import { mdTable, mdText } from './markdown.ts'

/** A page of a book. */
export interface BookPage {
  /** In the book's folder. */
  file: string
  text: string
}

/** `layout-map-hoard-1.svg`; whatever a heap is called, a name for a file, and for no two heaps the same. */
export function pictureFileName(experiment: string, heap: string, at: number): string {
  const word = heap.replace(/[^A-Za-z0-9.=-]+/g, '_').slice(-100)
  const sum = word === heap ? '' : `-${createHash('sha256').update(heap).digest('hex').slice(0, 8)}`
  return `${experiment}-${word}${sum}-${at + 1}.svg`
}

/** All pages, the index first. */
export function labBook(results: readonly LabResult[]): BookPage[] {
  const pages = results.map((result) => ({
    file: `${result.name}.md`,
    text: `${labMarkdown(result, (heap, at) => pictureFileName(result.name, heap, at))}\n[All experiments](index.md)\n`,
  }))
  return [{ file: 'index.md', text: indexText(results) }, ...pages]
}

function indexText(results: readonly LabResult[]): string {
  const heaps = [...new Set(results.flatMap((result) => result.heaps.map(({ heap }) => heap)))]
  const experiments = results.map(({ name, question, heaps: seen }) => {
    const failed = seen.filter(({ error }) => error !== null).map(({ heap }) => heap)
    return [
      `[${mdText(name)}](${name}.md)`,
      mdText(question),
      mdText(failed.length === 0 ? 'all' : `not ${failed.join(', ')}`),
    ]
  })
  const parts = [
    '# Lab book',
    `${results.length} experiments with ${heaps.map(mdText).join(', ')}.`,
    mdTable(['experiment', 'question', 'carried through with'], experiments, []),
    '## A mental model of each heap',
    'From the facts on the pages; a cell is empty where an experiment could not tell.',
    mdTable(['', ...heaps.map(mdText)], modelRows(results, heaps), []),
    ...heaps.flatMap((heap) => [`## ${mdText(heap)}`, ...meanings(results, heap)]),
  ]
  return `${parts.join('\n\n')}\n`
}

function modelRows(results: readonly LabResult[], heaps: readonly string[]): string[][] {
  return results.flatMap((result) => {
    const topics = [...new Set(result.heaps.flatMap(({ model }) => Object.keys(model)))]
    return topics.map((topic) => [
      mdText(topic),
      ...heaps.map((heap) => mdText(result.heaps.find((each) => each.heap === heap)?.model[topic] ?? '')),
    ])
  })
}

/** What each experiment has said of a heap. */
function meanings(results: readonly LabResult[], heap: string): string[] {
  return results.flatMap(({ name, heaps }) => {
    const found = heaps.find((each) => each.heap === heap)
    return found === undefined ? [] : [`**${mdText(name)}**: ${mdText(found.meaning)}`]
  })
}
