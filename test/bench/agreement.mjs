// Whether duets and runs alone say the same: the CPU time of the classic workloads by both, one after the other, and for
// each heap whether the intervals overlap. Where they do not, two programs beside each other behave otherwise than one
// alone (they share caches and memory bandwidth), or the machine was busier during one of them. Takes about 20 minutes.
//
//   node test/bench/agreement.mjs [--heaps system,jemalloc] [--blocks 15] [--workload NAME]...

import { loadavg } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { root } from './tools.mjs'

const { values: given } = parseArgs({
  options: {
    heaps: { type: 'string', default: 'system,jemalloc' },
    blocks: { type: 'string', default: '15' },
    workload: { type: 'string', multiple: true },
  },
})
const load = (file) => import(pathToFileURL(path.join(root, 'dist', file)).href)
const { compareSuite } = await load('index.js')
const { loadSuite } = await load('api/suite.js')

const { config, folder } = await loadSuite('classic')
const names = given.workload ?? config.workloads.map(({ name }) => name)
const show = ({ ratio, low, high }) =>
  ratio === null ? '–' : `${ratio.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`
console.log('| workload | heap | duets | alone | intervals | warned of |\n|---|---|---|---|---|---|')
let apart = 0
for (const name of names) {
  const by = async (pairing, metrics) => {
    const heaps = given.heaps.split(',')
    const options = { folder, pairing, workloads: [name], metrics, seed: 1, heaps, blocks: Number(given.blocks) }
    const { cells, warnings } = await compareSuite(config, options)
    return { cells: cells.filter(({ metric }) => metric === 'cpu'), warnings }
  }
  // With wall time there are runs alone in the same blocks, too, which is where the warning comes from.
  const [duet, alone] = [await by('duet', ['cpu', 'wall']), await by('alone', ['cpu'])]
  const warned = duet.warnings.some(({ code }) => code === 'duet-differs') ? 'yes' : ''
  for (const [at, one] of duet.cells.entries()) {
    if (at === 0) continue
    const other = alone.cells[at]
    const overlap = one.low <= other.high && other.low <= one.high
    if (!overlap) apart++
    const words = [name, one.heap, show(one), show(other), overlap ? 'overlap' : 'apart', warned]
    console.log(`| ${words.join(' | ')} |`)
  }
  process.stderr.write(`${name}: load ${loadavg()[0].toFixed(1)}\n`)
}
console.log(`\n${apart} apart; ${given.blocks} blocks`)
