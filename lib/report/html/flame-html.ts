/**
 * A profile as a flame graph: one HTML file that needs nothing else, under the same content security policy as a
 * comparison's page. What the picture shows can also be read: the largest functions stand in a table.
 */

import { createHash } from 'node:crypto'
import type { Profile } from '../../types.ts'
import { clean, cutMiddle } from '../layout.ts'
import { frameName, framePlace, noneOf } from '../profile-view.ts'
import { signsOf } from '../style.ts'
import { countOf, formatBytes, formatPercent } from '../units.ts'
import { amountText } from './browser/flame-numbers.ts'
import { flameCss } from './flame-css.ts'
import { flameData } from './flame-data.ts'
import { flameScript } from './flame-script.ts'
import { html, jsonIsland, type Markup, trusted } from './markup.ts'

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

function policy(): string {
  const own = `script-src ${hashOf(flameScript)}; style-src ${hashOf(flameCss)}`
  return `default-src 'none'; ${own}; base-uri 'none'; form-action 'none'`
}

/** The whole page. `name` is what was run. */
export function flameHtml(profile: Profile, name: string): string {
  const title = cutMiddle(clean(name), 80, signsOf({ unicode: true }))
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy()}"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>${title} – alloc8 profile</title><style>${trusted(flameCss)}</style></head>
<body><a class="skip" href="#main">To the profile</a>
<header class="wrap wide top"><span class="brand">alloc8 <small>where memory is allocated</small></span><div class="tools"><button type="button" id="theme" hidden>Theme</button></div></header>
<main class="wrap wide" id="main" tabindex="-1">${summary(profile, name)}${graph(profile)}${largest(profile)}</main>
<script type="application/json" id="stacks">${jsonIsland(flameData(profile))}</script>
<script>${trusted(flameScript)}</script></body></html>
`
  return page.toString()
}

function summary(profile: Profile, name: string): Markup {
  const none = noneOf(profile)
  const { liveBytes, allocatedBytes, processes, sampleBytes, completeShare, warnings, unreadable } = profile
  const samples = profile.stacks.reduce((sum, stack) => sum + stack.samples, 0)
  const live = amountText(liveBytes.value, liveBytes.variance, none)
  const allocated = amountText(allocatedBytes.value, allocatedBytes.variance, none)
  const more = [
    ...warnings.map(({ message }) => clean(message)),
    ...unreadable.map((file) => `${clean(file)} (not read)`),
  ]
  return html`<div class="verdict-box"><h1>${clean(name)}</h1><p class="answer">${allocated} allocated, ${live} of it live at the end.</p>
<p>Estimates with 95 % intervals by ${countOf(samples, 'sample')}, one in ${formatBytes(sampleBytes)}, in ${countOf(processes.length, 'process', 'processes')}; ${formatPercent(completeShare)} of them reach the start of their program or thread.</p>
${more.length > 0 && html`<ul class="warnings">${more.map((message) => html`<li>${message}</li>`)}</ul>`}</div>`
}

function graph(profile: Profile): Markup {
  const option = (value: string, text: string) => html`<option value="${value}">${text}</option>`
  const used = new Set(profile.stacks.map(({ thread }) => thread))
  const whoOptions = profile.processes.flatMap(({ pid, executable }) => [
    option(`pid:${pid}`, `process ${pid}${executable === null ? '' : ` ${clean(executable)}`}`),
    ...profile.threads.flatMap((thread, at) => {
      if (thread.pid !== pid || !used.has(at)) return []
      const text = thread.thread === 0 ? 'other threads' : `${clean(thread.name) || 'thread'} ${thread.thread}`
      return [option(`thread:${at}`, `\u00a0\u00a0${text}`)]
    }),
  ])
  return html`<section aria-labelledby="graph-title"><h2 id="graph-title">By stack</h2>
<noscript><p>The picture is drawn by the page’s own script; the largest functions stand in the table below.</p></noscript>
<form id="choice" class="filters" hidden><label>Show <select name="number">${option('liveBytes', 'bytes live at the end')}${option('allocatedBytes', 'bytes allocated')}${option('liveBlocks', 'blocks live at the end')}${option('allocatedBlocks', 'blocks allocated')}</select></label>
<label>Of <select name="who">${option('', 'all processes and threads')}${whoOptions}</select></label>
<label>Search <input type="search" name="search" placeholder="function or file" autocomplete="off" spellcheck="false"></label>
<label class="tick"><input type="checkbox" name="inverted"> Allocating functions first</label>
<label class="tick"><input type="checkbox" name="upwards"> Upwards</label>
<button type="button" id="whole">Whole picture</button></form>
<p id="found" role="status"></p>
<div id="detail" hidden tabindex="0" role="region" aria-label="What is pointed at" aria-live="polite"><p class="name"></p><p class="place"></p><p class="numbers-text"></p></div>
<div id="flame" hidden tabindex="0" role="application" aria-label="Flame graph" aria-describedby="flame-help"><canvas aria-hidden="true"></canvas><div class="spacer"></div></div>
<details class="howto"><summary>How to read this</summary><p id="flame-help">Each box is a function, and on it stand those that it called; its width is what was allocated in it and in them. The order from left to right is by size and is no order in time. Colours tell libraries apart and mean nothing else. Click a box to let it fill the width; with the keyboard, the arrows go from box to box, Enter lets one fill the width, Escape goes back, Home goes to the whole.</p></details></section>`
}

interface Total {
  name: string
  place: string | null
  live: [number, number]
  allocated: [number, number]
}

/** The functions that allocate most by themselves, for reading and for finding by the browser's own search. */
function largest(profile: Profile): Markup | null {
  const totals = new Map<string, Total>()
  for (const stack of profile.stacks) {
    const frame = profile.frames[stack.frames[0] ?? -1]
    if (frame === undefined) continue
    const [name, place] = [frameName(frame), framePlace(frame)]
    const key = `${name}\0${place}`
    const total = totals.get(key) ?? { name, place, live: [0, 0], allocated: [0, 0] }
    totals.set(key, total)
    total.live[0] += stack.liveBytes.value
    total.live[1] += stack.liveBytes.variance
    total.allocated[0] += stack.allocatedBytes.value
    total.allocated[1] += stack.allocatedBytes.variance
  }
  const rows = [...totals.values()]
    .sort((a, b) => b.live[0] - a.live[0] || b.allocated[0] - a.allocated[0])
    .slice(0, 25)
  if (rows.length === 0) return null
  const none = noneOf(profile)
  return html`<section aria-labelledby="largest-title"><h2 id="largest-title">Functions that allocate most</h2>
<table class="top-list"><caption>The callers of the heap, by what of theirs is live at the end. Shown with 95 % intervals.</caption>
<thead><tr><th scope="col">function</th><th scope="col" class="amount">live at the end</th><th scope="col" class="amount rest">allocated</th></tr></thead>
<tbody>${rows.map(
    ({ name, place, live, allocated }) =>
      html`<tr><th scope="row"><span class="name">${name.slice(0, 300)}</span>${place !== null && html`<span class="note">${place}</span>`}</th><td class="amount">${amountText(...live, none)}</td><td class="amount rest">${amountText(...allocated, none)}</td></tr>`,
  )}</tbody></table></section>`
}
