// Measures the budgets as ratios within one run and prints a Markdown table: `npm run bench`. It says whether a budget
// is met and never fails for it; a row whose tool is missing is skipped with the reason.
//
//   node scripts/bench.mjs [--only SECTION]... [--json FILE] [--rounds N]
//
// SECTION: instructions, layers, arenas, hoard, launcher, memory, compare, probe-loop, probe-suite, probe-redis,
// probe-programs or puppets.
//
// `--rounds` is for the probe's, whose ratios have intervals: more rounds make them narrower.
//
// The JSON is { schema, rows: [{ what, value, unit, against, reference, ratio, budget, note } | { what, skipped }] };
// `-` writes it to stdout instead of the table.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { compareRows } from '../test/bench/comparing.mjs'
import { arenaRows, hoardRows, instructionRows } from '../test/bench/instructions.mjs'
import { launcherRows, memoryRows } from '../test/bench/launching.mjs'
import { layerRows } from '../test/bench/layers.mjs'
import { probeLoopRows, probeProgramRows, probeRedisRows, probeSuiteRows } from '../test/bench/probe.mjs'
import { puppetRows } from '../test/bench/puppets.mjs'
import { Unmeasurable } from '../test/bench/tools.mjs'

const sections = {
  instructions: (folder) => instructionRows(folder),
  layers: (folder) => layerRows(folder),
  arenas: (folder) => arenaRows(folder),
  hoard: (folder) => hoardRows(folder),
  launcher: () => launcherRows(),
  memory: (folder) => memoryRows(folder),
  compare: () => compareRows(),
  'probe-loop': (folder) => probeLoopRows(folder, rounds),
  'probe-suite': (folder) => probeSuiteRows(folder, rounds),
  'probe-redis': (folder) => probeRedisRows(folder, rounds),
  'probe-programs': (folder) => probeProgramRows(folder, rounds),
  puppets: () => puppetRows(),
}

const { values, rounds } = readArguments()
const wanted = values.only ?? Object.keys(sections)
const folder = mkdtempSync(path.join(tmpdir(), 'alloc8-bench-'))
const rows = []
try {
  for (const name of wanted) {
    process.stderr.write(`measuring ${name} ...\n`)
    rows.push(...(await measure(name)))
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
const json = `${JSON.stringify({ schema: 1, rows }, null, 2)}\n`
if (values.json === '-') process.stdout.write(json)
else {
  console.log(table(rows))
  if (values.json !== undefined) writeFileSync(values.json, json)
}

function readArguments() {
  try {
    const options = { only: { type: 'string', multiple: true }, json: { type: 'string' }, rounds: { type: 'string' } }
    const given = parseArgs({ options })
    const unknown = given.values.only?.find((name) => !Object.hasOwn(sections, name))
    if (unknown !== undefined) throw new Error(`--only: expected ${Object.keys(sections).join(', ')}, got ${unknown}`)
    if (given.values.rounds === undefined) return given
    const rounds = Number(given.values.rounds)
    if (!Number.isSafeInteger(rounds) || rounds < 5)
      throw new Error(`--rounds: expected 5 or more, got ${given.values.rounds}`)
    return { ...given, rounds }
  } catch (error) {
    console.error(`bench: ${error.message}`)
    process.exit(2)
  }
}

/** The rows of a section with their ratios, or one that says why there are none. */
async function measure(name) {
  try {
    const measured = await sections[name](folder)
    return measured.map((row) => (row.skipped === undefined ? { ...row, ratio: row.value / row.reference } : row))
  } catch (error) {
    if (error instanceof Unmeasurable) return [{ what: name, skipped: error.message }]
    throw error
  }
}

function table(measured) {
  const head = ['what', 'measured', 'against', 'ratio', 'budget', '']
  const lines = measured.map((row) =>
    row.skipped === undefined ? cells(row) : [row.what, 'skipped', '', '', '', row.skipped],
  )
  const all = [head, head.map(() => '---'), ...lines]
  const machine = `${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, Linux ${release()}, Node ${process.version}`
  return `${all.map((line) => `| ${line.join(' | ')} |`).join('\n')}\n\n${machine}`
}

function cells({ what, value, unit, against, reference, ratio, budget, note }) {
  const met = budget === null ? '' : `${budget.toFixed(2)}: ${ratio <= budget ? 'met' : 'missed'}`
  return [what, shown(value, unit), `${against}: ${shown(reference, unit)}`, ratio.toFixed(3), met, note ?? '']
}

function shown(value, unit) {
  if (unit === 'ns') return `${(value / 1e6).toFixed(2)} ms`
  if (unit === 'bytes') return `${(value / 2 ** 20).toFixed(2)} MiB`
  return `${Number.isInteger(value) ? value : value.toFixed(2)} ${unit}`
}
