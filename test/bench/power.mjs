// How often a difference is found, and how often one that is not there: comparisons of a program under glibc's heap
// with the same heap that takes a known share of CPU time more at exit, in duets and alone, and hyperfine on the same
// command twice. Prints the table of the README. Takes an hour and a half.
//
//   node test/bench/power.mjs [--tries 20] [--blocks 15] [--share 20] [--hyperfine 12] [--pairing duet,alone] [-- CMD...]
//
// SHARE is per mille. Each comparison has an A/A pair of its own, its control, which is judged by the same rule.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { product, root } from './tools.mjs'

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tries: { type: 'string', default: '20' },
    blocks: { type: 'string', default: '15' },
    share: { type: 'string', default: '20' },
    hyperfine: { type: 'string', default: '12' },
    pairing: { type: 'string', default: 'duet,alone' },
  },
})
const strings = [product('workloads/strings'), '--threads', '1', '--operations', '1600000']
const command = positionals.length > 0 ? positionals : strings
const tries = Number(given.tries)
const blocks = Number(given.blocks)

const load = (file) => import(pathToFileURL(path.join(root, 'dist', file)).href)
const { compare } = await load('index.js')
const { decide } = await load('stats/index.js')

const folder = mkdtempSync(path.join(tmpdir(), 'alloc8-power-'))
try {
  const [plain, planted] = [0, Number(given.share)].map(build)
  const rows = []
  for (const pairing of given.pairing.split(',')) rows.push(await power(pairing, plain, planted))
  if (Number(given.hyperfine) > 0) rows.push(hyperfine(plain))
  print(rows)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function build(share) {
  const file = path.join(folder, `libshare${share}.so`)
  execFileSync('gcc', ['-O2', '-shared', '-fPIC', `-DSHARE=${share}`, '-o', file, `${root}/test/bench/planted_share.c`])
  return file
}

async function power(pairing, plain, planted) {
  const row = { how: `alloc8, --pairing ${pairing}`, found: 0, different: 0, tries, halfWidths: [], offs: [] }
  for (let attempt = 0; attempt < tries; attempt++) {
    const options = { command, heaps: [plain, planted], metrics: ['cpu'], blocks, pairing, seed: attempt + 1 }
    const { cells, control, heaps, threshold } = await compare(options)
    if (heaps.some(({ state }) => state !== 'active'))
      throw new Error(`a heap was not in effect: ${JSON.stringify(heaps)}`)
    const [, cell] = cells
    const [same] = control
    if (cell.verdict === 'worse') row.found++
    const verdict = decide(same, threshold, false)
    if (verdict === 'better' || verdict === 'worse') row.different++
    row.halfWidths.push(Math.log(cell.high / cell.low) / 2)
    row.offs.push(Math.abs(Math.log(same.ratio)))
    process.stderr.write(
      `${row.how} ${attempt + 1}: ${cell.ratio.toFixed(4)} [${cell.low.toFixed(4)}, ${cell.high.toFixed(4)}] ` +
        `${cell.verdict}; A/A ${same.ratio.toFixed(4)} ${verdict}; load ${loadavg()[0].toFixed(1)}\n`,
    )
  }
  return row
}

/** hyperfine on the same command twice: how far its ratio of means is from 1. */
function hyperfine(plain) {
  const row = {
    how: 'hyperfine',
    found: null,
    different: null,
    tries: Number(given.hyperfine),
    halfWidths: [],
    offs: [],
  }
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  for (let attempt = 0; attempt < row.tries; attempt++) {
    const json = path.join(folder, 'hyperfine.json')
    const runs = ['--warmup', '1', '--runs', String(blocks), '--export-json', json]
    const env = { ...process.env, LD_PRELOAD: plain }
    const { status, error, stderr } = spawnSync('hyperfine', [...runs, '-N', quoted, quoted], { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`hyperfine failed: ${error?.message ?? stderr}`)
    const [one, other] = JSON.parse(readFileSync(json, 'utf8')).results
    const off = Math.log((other.user + other.system) / (one.user + one.system))
    row.offs.push(Math.abs(off))
    process.stderr.write(`hyperfine ${attempt + 1}: ${Math.exp(off).toFixed(4)}; load ${loadavg()[0].toFixed(1)}\n`)
  }
  return row
}

function print(rows) {
  const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
  const percent = (value) => (value === undefined ? '–' : `${(value * 100).toFixed(2)} %`)
  const share = `${Number(given.share) / 10} %`
  const lines = [
    ['', `planted ${share} called worse`, 'A/A called different', 'A/A off by more than 1 %', 'median half-width'],
    ['---', '---', '---', '---', '---'],
    ...rows.map(({ how, found, different, tries: count, halfWidths, offs }) => [
      how,
      found === null ? 'gives no verdict' : `${found} of ${count}`,
      different === null ? 'gives no verdict' : `${different} of ${count}`,
      `${offs.filter((off) => off > 0.01).length} of ${count}`,
      percent(median(halfWidths)),
    ]),
  ]
  console.log(lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n'))
  console.log(
    `\n${cpus()[0].model}, ${availableParallelism()} cores, Linux ${release()}; ${path.basename(command[0])}, ${blocks} blocks`,
  )
}
