/**
 * Reports: one file per format, each a function from a result to text. Nothing here reads, writes or knows of a
 * terminal; how a report may look is passed in.
 */

export { type Adoption, type AdoptPlace, adoptions, adoptText, shellWord } from './adopt.ts'
export { checkJunit } from './check-junit.ts'
export { checkMarkdown } from './check-markdown.ts'
export { casesText, checkText } from './check-text.ts'
export { compareJunit } from './compare-junit.ts'
export { compareMarkdown, type MarkdownOptions } from './compare-markdown.ts'
export { compareText } from './compare-text.ts'
export { doctorText, processText } from './doctor-text.ts'
export { gateText } from './gate-text.ts'
export { type HeapsTextOptions, heapsText } from './heaps-text.ts'
export { compareHtml } from './html/compare-html.ts'
export { runText } from './run-text.ts'
export { type Paint, type Palette, plainPalette, type TextStyle } from './style.ts'
export { bestHeap, type Candidate, comparisonSummary } from './summary.ts'
export { countOf, formatBytes, formatDuration, formatNumber, formatPercent, formatRatio, formatValue } from './units.ts'
