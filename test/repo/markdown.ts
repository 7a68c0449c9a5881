/** Reads what the checks need of a Markdown file: blocks of code, tables, links, headings. No more of Markdown than our own use. */

/** A fenced block: the words behind its fence (`sh norun`), its text, and the line of its fence, from 1. */
export interface CodeBlock {
  info: string[]
  text: string
  line: number
}

/** The fenced blocks of a text, in order. One that is never closed reaches to the end. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  let open: { fence: string; indent: number; block: CodeBlock; lines: string[] } | null = null
  markdown.split('\n').forEach((line, at) => {
    const [, spaces = '', fence = '', info = ''] = /^(\s*)(`{3,}|~{3,})(.*)$/.exec(line) ?? []
    if (open === null) {
      if (fence === '') return
      const block = { info: info.trim().split(/\s+/).filter(Boolean), text: '', line: at + 1 }
      open = { fence, indent: spaces.length, block, lines: [] }
      blocks.push(block)
    } else if (fence.startsWith(open.fence) && info.trim() === '') {
      open.block.text = open.lines.join('\n')
      open = null
    } else {
      open.lines.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)))
      open.block.text = open.lines.join('\n')
    }
  })
  return blocks
}

/** The text with its fenced blocks made blank, lines kept. */
function prose(markdown: string): string {
  let fence: string | null = null
  const keep = (line: string) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1]
    if (fence !== null) {
      if (mark?.startsWith(fence)) fence = null
      return ''
    }
    fence = mark ?? null
    return mark === undefined ? line : ''
  }
  return markdown.split('\n').map(keep).join('\n')
}

/** The cells of each row of each table, without headings and rules. */
export function tableRows(markdown: string): string[][] {
  const lines = prose(markdown)
    .split('\n')
    .map((line) => line.trim())
  const isRule = (line: string | undefined) => /^\|[\s:|-]+\|$/.test(line ?? '')
  return lines
    .filter((line, at) => /^\|.*\|$/.test(line) && !isRule(line) && !isRule(lines[at + 1]))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    )
}

/** The targets of the links and pictures in a text. */
export function linkTargets(markdown: string): string[] {
  const text = prose(markdown).replace(/`[^`\n]*`/g, '')
  const inline = [...text.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)]
  const defined = [...text.matchAll(/^\s*\[[^\]]+\]:\s*(\S+)/gm)]
  return [...inline, ...defined].map((found) => found[1] ?? '')
}

/** The names by which links reach the headings of a text, as GitHub makes them. */
export function headingAnchors(markdown: string): string[] {
  const seen = new Map<string, number>()
  return [...prose(markdown).matchAll(/^#{1,6}\s+(.*?)\s*#*\s*$/gm)].map(([, heading = '']) => {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const name = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-')
    const count = seen.get(name) ?? 0
    seen.set(name, count + 1)
    return count === 0 ? name : `${name}-${count}`
  })
}

/** The pieces of code in running text. */
export function inlineCode(markdown: string): string[] {
  return [...prose(markdown).matchAll(/(?<!`)`([^`\n]+)`(?!`)/g)].map((found) => found[1] ?? '')
}
