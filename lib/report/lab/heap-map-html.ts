/**
 * A map of blocks as a page to look around in: one HTML file that needs nothing else, under the same content security
 * policy as the other pages. What the picture shows of mappings can also be read: they stand in a table.
 */

import { createHash } from 'node:crypto'
import type { LabMap } from '../../types.ts'
import { css } from '../html/css.ts'
import { html, jsonIsland, type Markup, trusted } from '../html/markup.ts'
import { countOf, formatBytes } from '../units.ts'
import { heapMapData } from './heap-map-data.ts'
import { heapMapScript } from './heap-map-script.ts'
import { words } from './letters.ts'
import { threadsOf } from './map-colours.ts'
import { type FullPlace, placesOf, processesOf, threadsIn } from './map-places.ts'

const own = `.wide{max-width:none}
#choice{align-items:end;gap:8px 12px}
#choice label{display:flex;flex-direction:column;gap:2px;align-items:stretch;font-size:.8125rem}
#choice label.tick{flex-direction:row;align-items:center;gap:6px;min-height:34px;font-size:.9375rem}
#choice input[type=checkbox]{width:18px;height:18px;margin:0;accent-color:var(--link)}
#choice .slide{flex:1 1 16rem}
#choice input[type=range]{width:100%;height:34px;margin:0;accent-color:var(--link)}
#state{font-size:.9375rem;min-height:1.5em;margin:4px 0;font-variant-numeric:tabular-nums}
#detail{border:1px solid var(--rule);border-radius:7px;background:var(--faint);padding:8px 12px;margin:8px 0;height:5.8rem;overflow:auto;font-size:.9375rem;font-variant-numeric:tabular-nums}
#detail p{margin:0;min-height:1.55em}
#detail .name{font-weight:650}
#detail .place{color:var(--soft)}
#map{position:relative;overflow-x:hidden;overflow-y:auto;border:1px solid var(--rule);border-radius:7px;background:var(--card)}
#map canvas{display:block;position:sticky;top:0;left:0;cursor:crosshair;float:left}
#map .spacer{width:1px;margin-left:-1px;float:right}
#legend{display:flex;flex-wrap:wrap;gap:4px 10px;align-items:center;margin:6px 0 10px;font-size:.875rem}
#legend button{min-height:30px;padding:2px 9px;font-size:.875rem}
#legend button[aria-pressed=true]{border-color:var(--ink);box-shadow:inset 0 0 0 1px var(--ink)}
#legend i{display:inline-block;width:16px;height:10px;margin-right:7px;border:1px solid var(--soft)}
.pages{list-style:none;padding:0;margin:6px 0;font-size:.875rem;display:flex;flex-wrap:wrap;gap:4px 18px;color:var(--soft)}
.pages b{display:inline-block;width:22px;height:3px;margin-right:7px;vertical-align:middle;background:var(--ink)}
.pages .shared{background:none;border:solid var(--ink);border-width:1px 0;height:4px}
.pages .file{height:1px}
.pages .swapped{background:repeating-linear-gradient(90deg,var(--ink) 0 2px,transparent 2px 4px)}
.pages .hollow{height:11px;background:repeating-linear-gradient(135deg,var(--soft) 0 1px,transparent 1px 4px);border:1px solid var(--soft)}
@media (max-width:600px){#choice label:not(.tick),#choice select{width:100%}#detail{height:8.6rem}.numbers .rest{display:none}}`

const style = `${css}\n${own}`
const MOST_LISTED = 200

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

function policy(): string {
  return `default-src 'none'; script-src ${hashOf(heapMapScript)}; style-src ${hashOf(style)}; base-uri 'none'; form-action 'none'`
}

/** The whole page. */
export function heapMapHtml(map: LabMap): string {
  const title = words(map.title)
  const places = placesOf(map)
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy()}"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>${title} – alloc8 heap map</title><style>${trusted(style)}</style></head>
<body><a class="skip" href="#main">To the map</a>
<header class="wrap wide top"><span class="brand">alloc8 <small>what lies where in memory</small></span><div class="tools"><button type="button" id="theme" hidden>Theme</button></div></header>
<main class="wrap wide" id="main" tabindex="-1">${summary(map, title)}${picture()}${table(map, places)}</main>
<script type="application/json" id="blocks">${jsonIsland(heapMapData(map, places))}</script>
<script>${trusted(heapMapScript)}</script></body></html>
`
  return page.toString()
}

function summary(map: LabMap, title: string): Markup {
  const live = map.blocks.filter((block) => block.live)
  const bytes = live.reduce((sum, { size }) => sum + size, 0)
  const processes = countOf(processesOf(map).length, 'process', 'processes')
  const text =
    map.blocks.length === 0
      ? `${countOf(map.mappings.length, 'mapping')} of ${processes}. Whose blocks lie in them is not known.`
      : `${countOf(live.length, 'live block')} of ${formatBytes(bytes)}, and ${countOf(map.blocks.length - live.length, 'freed one')}, of ${countOf(threadsOf(map).length, 'thread')} in ${processes}.`
  return html`<div class="verdict-box"><h1>${title}</h1><p class="answer">${text}</p></div>`
}

function picture(): Markup {
  const option = (value: string, text: string) => html`<option value="${value}">${text}</option>`
  return html`<section aria-labelledby="map-title"><h2 id="map-title">By address</h2>
<noscript><p>The picture is drawn by the page’s own script; the mappings stand in the table below.</p></noscript>
<form id="choice" class="filters" hidden><label class="of-time">Colours tell <select name="colour">${option('thread', 'who allocated')}${option('process', 'the process')}${option('size', 'the size class')}${option('age', 'the order of allocation')}</select></label>
<label class="tick of-time"><input type="checkbox" name="freed" checked> Freed blocks</label>
<label class="tick of-time"><input type="checkbox" name="empty"> Mappings without blocks</label>
<label class="slide of-time">Time, in allocations <input type="range" name="time" min="0" max="0" value="0"></label>
<button type="button" id="play" class="of-time">Play</button>
<button type="button" id="nearer" aria-label="Nearer">+</button><button type="button" id="further" aria-label="Further">−</button><button type="button" id="whole">Whole map</button></form>
<p id="state" role="status"></p>
<div id="legend" role="group" aria-label="What the colours mean" hidden></div>
<div id="detail" hidden tabindex="0" role="region" aria-label="What is pointed at" aria-live="polite"><p class="name"></p><p class="numbers-text"></p><p class="place"></p></div>
<div id="map" hidden tabindex="0" role="application" aria-label="Heap map" aria-describedby="map-help"><canvas aria-hidden="true"></canvas><div class="spacer"></div></div>
<ul class="pages"><li><b></b>page there</li><li><b class="shared"></b>page there, shared with another process</li><li><b class="file"></b>page of a file or of shared memory</li><li><b class="swapped"></b>page in swap</li><li class="of-time"><b class="hollow"></b>freed block</li></ul>
<details class="howto"><summary>How to read this</summary><p id="map-help">Addresses run from left to right and from row to row, a mapping under each heading. What lies between mappings is left out, and rows in which nothing begins or ends are one row with a broken edge, which says how much it stands for; a mapping that is smaller than a row fills one. Where blocks are narrower than a pixel, each pixel has the colour of those that have most of its bytes, and is the stronger the fuller it is. The lines under the rows are pages, and show memory as it was at the end, whatever the time above. Ctrl and the wheel, + and − zoom, 0 shows the whole; the left and the right arrow go from block to block; a click on a name lets its blocks stand out.</p></details></section>`
}

/** The mappings in a table, those with most blocks first where there are many. */
function table(map: LabMap, all: readonly FullPlace[]): Markup | null {
  if (all.length === 0) return null
  const most = all.toSorted((a, b) => b.blocks.length - a.blocks.length || residentOf(b) - residentOf(a))
  const kept = new Set(most.slice(0, MOST_LISTED))
  const known = map.pages !== undefined
  const rows = all
    .filter((each) => kept.has(each))
    .map((each) => {
      const { place, blocks } = each
      const threads = threadsIn(blocks)
      const live = blocks.filter(({ block }) => block.live).length
      return html`<tr><th scope="row"><code>0x${place.start.toString(16)}</code> ${words(place.label)}<span class="note">${words([place.process, ...threads.slice(0, 8)].filter((name) => name !== '').join(', '))}</span></th><td class="number">${formatBytes(place.end - place.start)}</td><td class="number">${known ? formatBytes(residentOf(each)) : '–'}</td><td class="number rest">${live}</td><td class="number rest">${blocks.length - live}</td></tr>`
    })
  const left = all.length - rows.length
  return html`<section aria-labelledby="mappings-title"><h2 id="mappings-title">Mappings</h2><div class="scroll" tabindex="0" role="region" aria-label="The mappings as a table"><table class="numbers"><thead><tr><th scope="col">mapping</th><th scope="col" class="number">size</th><th scope="col" class="number">resident</th><th scope="col" class="number rest">live blocks</th><th scope="col" class="number rest">freed</th></tr></thead><tbody>${rows}</tbody></table></div>${left > 0 && html`<p class="note">${countOf(left, 'mapping')} with less in them are left out.</p>`}</section>`
}

function residentOf({ pages }: FullPlace): number {
  return pages.reduce(
    (sum, { start, end, state }) => (state === 'absent' || state === 'swapped' ? sum : sum + end - start),
    0,
  )
}
