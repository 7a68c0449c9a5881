/**
 * The few pieces of Markdown that reports need, as GitHub reads it. Text of others is escaped in each, so that no
 * heap's name or output becomes a table, a link, an image, a mention or HTML.
 */

import { clean, cleanLines } from './layout.ts'

/** Markdown that may be joined as it stands. */
export type Markdown = string

/** An empty comment: it keeps GitHub from making a mention, a reference or a link of what it stands in. */
const APART = '<!-- -->'

/** What Markdown, HTML or GitHub would read as its own. */
const SPECIAL = /[&<>$]|[\\`*_{}[\]|~!]|[@#](?=\w)|:(?=\/\/)|www(?=\.)|^[-+=#]|^\d+(?=[.)](?:\s|$))/gi

function escaped(found: string, at: number): string {
  if (/^[&<>$]$/.test(found)) return `&#${found.codePointAt(0)};`
  if (/^[@#:w]/i.test(found) && !(found === '#' && at === 0)) return found + APART
  return /^\d/.test(found) ? `${found}\\` : `\\${found}`
}

/** Text as it stands, on one line. */
export function mdText(text: string): Markdown {
  return clean(text).replace(SPECIAL, escaped)
}

/** Words of our own with numbers in them: only what would break a table or become HTML is escaped. */
export function mdPlain(text: string): Markdown {
  return text.replace(/[\\`*_<>|&]/g, (sign) => `&#${sign.codePointAt(0)};`)
}

/** Text in the letters of code, on one line; an element, because backticks cannot hold every text. */
export function mdCode(text: string): Markdown {
  return `<code>${mdText(text)}</code>`
}

/** Lines of text in a block of code, fenced by more backticks than there are in it. */
export function mdBlock(text: string): Markdown {
  const lines = cleanLines(text)
  const longest = Math.max(2, ...[...lines.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${lines.replace(/\n+$/, '')}\n${fence}`
}

/** A table; the fields are Markdown. `right` are the columns whose fields stand to the right. */
export function mdTable(titles: readonly Markdown[], rows: readonly (readonly Markdown[])[], right: readonly number[]) {
  const line = (fields: readonly Markdown[]) => `| ${fields.join(' | ')} |`
  const rule = titles.map((_, column) => (right.includes(column) ? '---:' : '---'))
  return [line(titles), line(rule), ...rows.map(line)].join('\n')
}

/** What is folded until somebody opens it. The blank lines make GitHub read what is inside as Markdown. */
export function mdFold(summary: Markdown, body: Markdown): Markdown {
  return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`
}

/** The bytes that a text takes as UTF-8. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}

/** The longest beginning of a text that takes at most `bytes` as UTF-8, whole characters only. */
export function cutBytes(text: string, bytes: number): string {
  const into = new Uint8Array(Math.max(0, bytes))
  return text.slice(0, new TextEncoder().encodeInto(text, into).read)
}
