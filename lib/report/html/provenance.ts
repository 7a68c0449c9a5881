/** Where the numbers come from: command, heaps with their libraries and hashes, machine, seed, and how to do it again. */

import type { ComparedHeap, CompareResult } from '../../types.ts'
import { shellWord } from '../adopt.ts'
import { blocksPhrase, thresholdPhrase, workloadBlocks } from '../conditions.ts'
import { clean } from '../layout.ts'
import { pairingSentences } from '../pairing.ts'
import { signsOf } from '../style.ts'
import { countOf, formatBytes } from '../units.ts'
import { heapLabels, stateWord } from '../view.ts'
import { html, type Markup, type Part } from './markup.ts'

const signs = signsOf({ unicode: true })

function heapRow({ state, reasons, version, path, sha256 }: ComparedHeap, label: string): Markup {
  const word = stateWord({ state, reasons })
  const why = reasons.map(({ message, advice }) => html`<p class="note">${clean(message)}: ${clean(advice)}</p>`)
  return html`<tr><th scope="row">${label}</th><td class="state-${word.replace(' ', '-')}">${word}${why}</td><td>${clean(version ?? signs.none)}</td><td class="path">${path === null ? 'unchanged' : clean(path)}${sha256 !== null && html`<code class="hash"><span class="hidden">SHA-256 </span>${clean(sha256)}</code>`}</td></tr>`
}

function workloadRows(result: CompareResult): Markup[] {
  return result.workloads.map((workload) => {
    const { name, kind, command, load, threshold } = workload
    const cells = result.cells.filter((cell) => cell.workload === name)
    const line = clean(command.map(shellWord).join(' '))
    const run =
      load === null ? null : html`<p class="note">load: <code>${clean(load.map(shellWord).join(' '))}</code></p>`
    return html`<tr><th scope="row">${clean(name)}</th><td>${kind}</td><td class="path"><code>${line}</code>${run}</td><td class="number">${workloadBlocks(workload)}</td><td class="number">${thresholdPhrase(cells, threshold)}</td></tr>`
  })
}

function facts(result: CompareResult): [string, Part][] {
  const { machine } = result
  const limit = machine.cgroupMemoryBytes === null ? '' : `, limited to ${formatBytes(machine.cgroupMemoryBytes)}`
  return [
    [
      'machine',
      `${clean(machine.cpu)}, ${countOf(machine.cores, 'core')}, ${formatBytes(machine.memoryBytes)}${limit}`,
    ],
    ['system', clean(`kernel ${machine.kernel}, ${machine.libc}`)],
    ['frequency governor', clean(machine.governor ?? 'not known')],
    ['transparent huge pages', clean(machine.thp ?? 'not known')],
    ['address randomisation', clean(machine.aslr ?? 'not known')],
    [
      'runs',
      `${blocksPhrase(result)} after ${countOf(result.warmupBlocks, 'warm-up block')}, in random order by seed ${result.seed}`,
    ],
    ...pairingSentences(result).map((sentence): [string, Part] => ['pairing', sentence]),
    ['begun', html`<time datetime="${clean(result.started)}">${clean(result.started)}</time>`],
    ['made by', clean(`alloc8 ${result.alloc8}`)],
  ]
}

/** The footer's content. */
export function provenance(result: CompareResult): Markup {
  const labels = heapLabels(result)
  const again =
    result.reproduce === null
      ? null
      : html`<h3>To do it again</h3><pre class="command" tabindex="0" aria-label="Command line">${clean(result.reproduce)}</pre>`
  return html`<section id="provenance" aria-labelledby="provenance-title"><h2 id="provenance-title">Where the numbers come from</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Heaps, scrolls sideways"><table class="facts"><caption>Heaps</caption><thead><tr><th scope="col">heap</th><th scope="col">state</th><th scope="col">version</th><th scope="col">library and its SHA-256</th></tr></thead><tbody>${result.heaps.map((heap, index) => heapRow(heap, labels[index] ?? ''))}</tbody></table></div>
<div class="scroll" tabindex="0" role="region" aria-label="Workloads, scrolls sideways"><table class="facts"><caption>Workloads</caption><thead><tr><th scope="col">workload</th><th scope="col">kind</th><th scope="col">command</th><th scope="col">blocks</th><th scope="col">threshold</th></tr></thead><tbody>${workloadRows(result)}</tbody></table></div>
<dl>${facts(result).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>${again}</section>`
}
