/** An experiment as Markdown: the question, what was done, the facts of all heaps side by side, meaning, pictures. */

import type { LabFact, LabHeap, LabResult } from '../types.ts'
import { factRows, factText } from './lab-view.ts'
import { mdCode, mdTable, mdText } from './markdown.ts'

type PictureFile = (heap: string, index: number) => string | null

/**
 * The report, ending with a line break. `pictureFile` names the file of a picture of a heap (counted from 0), relative to
 * where the report will stand; null where none is written. A map's picture has its page beside it.
 */
export function labMarkdown(result: LabResult, pictureFile: PictureFile): string {
  const parts = [
    `# ${mdText(result.name)}`,
    `**${mdText(result.question)}**`,
    `What was done: ${mdText(result.did)}`,
    factsTable(result),
    ...meanings(result),
    ...result.heaps.flatMap((heap) => pictures(heap, pictureFile)),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function factsTable(result: LabResult): string {
  const rows = factRows(result)
  if (rows.length === 0) return ''
  const titles = ['seen', ...result.heaps.map(({ heap }) => mdText(heap))]
  // Numbers are compared by their ends; a column of texts is read from its start.
  const right = result.heaps.flatMap(({ facts }, at) => (isNumeric(facts) ? [at + 1] : []))
  const table = mdTable(
    titles,
    rows.map(({ name, values }) => [mdText(name), ...values.map(fieldOf)]),
    right,
  )
  return `## What was seen\n\n${table}`
}

function isNumeric(facts: readonly LabFact[]): boolean {
  return facts.filter(({ value }) => typeof value === 'number').length * 2 > facts.length
}

function fieldOf(fact: LabFact | undefined): string {
  if (fact === undefined) return '–'
  return typeof fact.value === 'string' && /^0x[0-9a-f]+$/i.test(fact.value)
    ? mdCode(fact.value)
    : mdText(factText(fact))
}

function meanings({ heaps }: LabResult): string[] {
  if (heaps.length === 0) return []
  const list = heaps.map(({ heap, meaning, error }) => {
    const code = error === null ? '' : ` (${mdCode(error.code)})`
    return `- **${mdText(heap)}**: ${mdText(meaning)}${code}`
  })
  return ['## What that means', list.join('\n')]
}

function pictures({ heap, pictures: all }: LabHeap, pictureFile: PictureFile): string[] {
  if (all.length === 0) return []
  const images = all.map(({ kind, title }, at) => {
    const file = pictureFile(heap, at)
    if (file === null) return `- ${mdText(title)}`
    const image = `![${mdText(title)}](<${address(file)}>)`
    if (kind !== 'map') return image
    return `${image}\n\n[${mdText(title)}, with zoom, hover and time](<${address(mapPageOf(file))}>)`
  })
  return [`## Pictures: ${mdText(heap)}`, ...images]
}

/** The file of a map's HTML page, beside that of its picture: `heap-map-hoard-1.html` for `heap-map-hoard-1.svg`. */
export function mapPageOf(pictureFile: string): string {
  return pictureFile.replace(/(\.svg)?$/, '.html')
}

/** A file's name as a link's address between angle brackets. */
function address(file: string): string {
  return file.replace(
    /[<>\\\r\n%]/g,
    (sign) => `%${(sign.codePointAt(0) ?? 0).toString(16).padStart(2, '0').toUpperCase()}`,
  )
}
