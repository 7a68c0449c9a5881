/** What every source file keeps to: it fits a few screens, says first why it exists, and leaves no loose end. Pure. */

/** The most lines that a file may have. */
export const mostLines = 400

/** Lines of a text; a last one without a line break counts. */
export function lineCount(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') || text === '' ? 1 : 0)
}

/** The comment that a file opens with, behind a `#!` line, without its marks; null where it opens with code. */
export function openingComment(text: string): string | null {
  const body = text.replace(/^#![^\n]*\n/, '').trimStart()
  const block = /^\/\*([\s\S]*?)\*\//.exec(body)?.[1]
  if (block !== undefined) return words(block.replace(/^\s*\*+ ?/gm, ' '))
  const lines = /^(?:(?:\/\/|#(?!\s*(?:include|if|ifdef|ifndef|pragma|define|error)\b))[^\n]*(?:\n|$))+/.exec(body)?.[0]
  return lines === undefined ? null : words(lines.replace(/^(?:\/\/|#)/gm, ' '))
}

/** Whether a file says why it exists: a sentence in front, not a name or a licence's first line. */
export function opensWithParagraph(text: string): boolean {
  const comment = openingComment(text)
  return comment !== null && comment.split(' ').length >= 4
}

/** Marks of unfinished work, each as `line: word`. */
export function looseEnds(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, at) => [...line.matchAll(/\b(?:TODO|FIXME|XXX)\b/g)].map(([word]) => `${at + 1}: ${word}`))
}

function words(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
