/**
 * What a heap had better not say: calls that allocate, because the heap would be called by itself, for ever or while it
 * holds its lock. A search for words in the code, not a proof.
 */

/** One finding. */
export interface BuildWarning {
  file: string
  /** Counted from 1. */
  line: number
  message: string
}

const standard =
  'string|vector|map|set|unordered_map|unordered_set|list|deque|function|shared_ptr|make_unique|make_shared'

/** What to look for in code without comments and strings, and what it does. */
const findings: readonly { pattern: RegExp; what: string }[] = [
  { pattern: /\b(?:std::)?(?:f|v|vf|d)?printf\s*\(/g, what: 'may allocate a buffer' },
  { pattern: /\b(?:std::)?f?puts\s*\(/g, what: 'may allocate a buffer' },
  { pattern: /\bstd::(?:cout|cerr|clog|endl)\b/g, what: 'may allocate a buffer' },
  // Neither placement new nor the operator's name.
  { pattern: /(?<!\boperator\s*)(?<![\w:])new\s+(?:\(\s*(?:std::)?nothrow\s*\)\s*)?(?!\()[\w:]+/g, what: 'allocates' },
  { pattern: /(?<![\w>])(?:std)?::(?:malloc|calloc|realloc)\s*\(/g, what: 'allocates' },
  { pattern: new RegExp(`\\bstd::(?:${standard})\\b`, 'g'), what: 'allocates' },
  { pattern: /\b(?:std::)?(?:strdup|fopen|getline|dlopen)\s*\(/g, what: 'allocates' },
]

/** What is found in one file, in the order of its lines. */
export function warningsIn(file: string, text: string): BuildWarning[] {
  const code = codeOf(text)
  const found = findings.flatMap(({ pattern, what }) =>
    [...code.matchAll(pattern)].map((match) => ({
      at: match.index,
      word: match[0].replace(/\s*\($/, '').trim(),
      what,
    })),
  )
  return found
    .sort((a, b) => a.at - b.at)
    .map(({ at, word, what }) => ({
      file,
      line: code.slice(0, at).split('\n').length,
      message: `${word} ${what}: inside a heap it calls the heap again`,
    }))
}

/**
 * The text with comments and the insides of strings blanked out, each character but line breaks by a space, so that
 * places stay. Names in `#include` lines stay.
 */
export function codeOf(text: string): string {
  const token =
    /\/\/(?:\\\n|[^\n])*|\/\*[\s\S]*?(?:\*\/|$)|R"([^\s()\\]{0,16})\([\s\S]*?\)\1"|"(?:\\[\s\S]|[^"\\\n])*"|(?<!\w)'(?:\\[\s\S]|[^'\\\n])+'/g
  return text.replace(token, (match, _delimiter, offset: number) => {
    const line = text.slice(text.lastIndexOf('\n', offset) + 1, offset)
    return match.startsWith('"') && /^\s*#\s*include\s*$/.test(line) ? match : match.replace(/[^\n]/g, ' ')
  })
}
