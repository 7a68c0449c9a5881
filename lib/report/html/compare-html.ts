/**
 * A comparison as one HTML file that needs nothing else: no network, no other file. Its content security policy allows
 * its own script and style by their hashes and nothing more, so that even text that got past the escaping could not run.
 */

import { createHash } from 'node:crypto'
import type { CompareResult } from '../../types.ts'
import { shellWord } from '../adopt.ts'
import { clean, cutMiddle } from '../layout.ts'
import { signsOf } from '../style.ts'
import { bestHeap, comparisonSummary, outcomeOf } from '../summary.ts'
import { countOf } from '../units.ts'
import { cellsOf, heapLabels, type Interval, isDecided, metricsOf, overallOf, workloadsOf } from '../view.ts'
import { metricNoun, ratioTexts } from '../words.ts'
import { css } from './css.ts'
import { detailsSection } from './details.ts'
import { filterForm } from './filters.ts'
import { html, jsonIsland, type Markup, trusted } from './markup.ts'
import { metricSections, overallSection } from './metric-sections.ts'
import { paretoSection } from './pareto.ts'
import { failureSection, warningSection } from './problems.ts'
import { provenance } from './provenance.ts'
import { script } from './script.ts'
import { sinceSection } from './since-section.ts'
import { timelineSection } from './timelines.ts'

const signs = signsOf({ unicode: true })

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** What the page may do: run its own script and use its own style. */
function policy(): string {
  return [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(css)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

/** What was compared, in a line. */
function subject(result: CompareResult): string {
  const names = workloadsOf(result)
  if (names.length > 1) return `${countOf(names.length, 'workload')}: ${names.map(clean).join(', ')}`
  return clean(result.command.map(shellWord).join(' '))
}

/** The best heap's ratios by all metrics, in large letters; nothing where no heap is best. */
function tiles(result: CompareResult): Markup | null {
  const best = bestHeap(result)
  if (best === null) return null
  const several = result.overall.length > 0
  const found = metricsOf(result).flatMap((metric) => {
    const all = several ? overallOf(result, metric) : cellsOf(result, metric)
    const one: Interval | undefined = [all[best.index]].find((each) => isDecided(each))
    if (one === undefined) return []
    const texts = ratioTexts(one, signs)
    return [
      html`<div><dt>${clean(metricNoun(metric))}</dt><dd>${texts.ratio}<span class="bounds">${texts.interval}</span></dd></div>`,
    ]
  })
  return html`<dl class="tiles" aria-label="${heapLabels(result)[best.index]} against ${heapLabels(result)[0]}">${found}</dl>`
}

function verdictBox(result: CompareResult): Markup {
  const text = comparisonSummary(result, signs)
  // The first sentence is the answer; what follows stands below it in smaller letters.
  const end = /[.:] (?=[A-Z])/.exec(text)
  const [first, rest] = end === null ? [text, ''] : [text.slice(0, end.index + 1), text.slice(end.index + 2)]
  const state = { winner: ' has-winner', undecided: ' is-undecided', baseline: '' }[outcomeOf(result)]
  return html`<div class="verdict-box${state}"><h1>${cutMiddle(subject(result), 300, signs)}</h1><p class="answer" id="answer">${first}</p>${rest !== '' && html`<p>${rest}</p>`}${tiles(result)}</div>`
}

function contents(places: readonly [id: string, title: string, section: Markup | null][]): Markup {
  const links = places.flatMap(([id, title, section]) =>
    section === null ? [] : [html`<li><a href="#${id}">${title}</a></li>`],
  )
  return html`<nav class="toc" aria-label="Contents"><ul>${links}</ul></nav>`
}

/** A pattern that all pictures share: the hatching of the noise floor. */
const definitions = trusted(
  '<svg width="0" height="0" aria-hidden="true" focusable="false" class="hidden"><defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M0 6L6 0" fill="none"/></pattern></defs></svg>',
)

function body(result: CompareResult): Markup {
  const overall = overallSection(result)
  const metrics = html`<section id="metrics" aria-labelledby="metrics-title"><h2 id="metrics-title">By metric</h2>${filterForm(result)}${metricSections(result)}</section>`
  const since = sinceSection(result)
  const pareto = paretoSection(result)
  const timelines = timelineSection(result)
  const failures = failureSection(result)
  const warnings = warningSection(result)
  const details = detailsSection(result)
  const footer = provenance(result)
  const places: [string, string, Markup | null][] = [
    ['overall', 'Over all workloads', overall],
    ['metrics', 'By metric', metrics],
    ['since', 'Since the stored result', since],
    ['pareto', 'Memory against speed', pareto],
    ['timelines', 'Memory over time', timelines],
    ['failures', 'Failed runs', failures],
    ['warnings', 'Warnings', warnings],
    ['details', 'All numbers', details],
    ['provenance', 'Where the numbers come from', footer],
  ]
  return html`<a class="skip" href="#main">To the answer</a>${definitions}
<header class="wrap top"><span class="brand">alloc8 <small>memory allocators compared</small></span><div class="tools"><button type="button" id="theme" hidden>Theme</button><button type="button" id="save" hidden>Save JSON</button></div></header>
<main class="wrap" id="main" tabindex="-1">${verdictBox(result)}
${contents(places)}
${places.slice(0, -1).map(([, , section]) => section)}</main>
<footer class="wrap">${footer}</footer>`
}

/** The whole page. */
export function compareHtml(result: CompareResult): string {
  const title = `${cutMiddle(subject(result), 80, signs)} – alloc8`
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy()}"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>${title}</title><style>${trusted(css)}</style></head>
<body>${body(result)}
<script type="application/json" id="result">${jsonIsland(result)}</script>
<script>${trusted(script)}</script></body></html>
`
  return page.toString()
}
