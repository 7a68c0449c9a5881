// Blowup: what allocators hold while programs hand memory from thread to thread, over fifty million operations, drawn.
//
//   node test/bench/blowup.mjs [--operations 50000000] [--heaps system,jemalloc,mimalloc,tcmalloc,hoard] [--svg FILE]
//
// Two programs: the workload producer-consumer, in which one thread allocates and one frees all the time, and a ring of
// eight threads of which one is awake (blowup_ring.c). Of each heap the most resident bytes over the most that were in use
// (`theory.hoard.blowup`) are printed as a Markdown table.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { scaleLinear } from 'd3-scale'
import { line } from 'd3-shape'
import { heaps as known, theory } from '../../dist/index.js'
import { compile, root } from './tools.mjs'

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '50000000' },
    heaps: { type: 'string', default: 'system,jemalloc,mimalloc,tcmalloc,hoard' },
    svg: { type: 'string' },
  },
})
const operations = Number(values.operations)
const listed = (await known()).heaps
const heaps = values.heaps.split(',').map((name) => {
  const heap = listed.find((each) => each.name === name)
  if (heap === undefined) throw new Error(`--heaps: ${name} is not among ${listed.map((each) => each.name).join(', ')}`)
  return heap
})
const megabyte = 1e6
const blocksOfATurn = 100_000

const folder = mkdtempSync(path.join(tmpdir(), 'alloc8-blowup-'))
try {
  const ring = path.join(folder, 'ring')
  compile('cc', ['-O2', '-pthread', '-o', ring, 'test/bench/blowup_ring.c'])
  const panels = [
    { title: 'producer and consumer', draw: producerConsumer },
    { title: 'eight threads in a ring, seven asleep', draw: (heap) => aroundTheRing(ring, heap) },
  ]
  const rows = []
  for (const panel of panels) {
    panel.runs = []
    for (const heap of heaps) {
      process.stderr.write(`${panel.title}, ${heap.name} ...\n`)
      panel.runs.push({ heap: heap.name, ...(await panel.draw(heap)) })
    }
    for (const { heap, points, inUse } of panel.runs) {
      const most = Math.max(...points.map(([, bytes]) => bytes))
      rows.push([panel.title, heap, inUse, most, theory.hoard.blowup(most, inUse)])
    }
  }
  console.log('| program | heap | most in use, MB | most resident, MB | quotient |\n|---|---|--:|--:|--:|')
  for (const [title, heap, inUse, most, quotient] of rows) {
    const bytes = [inUse, most].map((value) => (value / megabyte).toFixed(1))
    console.log(`| ${title} | ${heap} | ${bytes.join(' | ')} | ${quotient.toFixed(2)} |`)
  }
  if (values.svg !== undefined) writeFileSync(values.svg, picture(panels))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Resident bytes of the workload, looked at fifty times a second, by the share of its operations that is done. */
async function producerConsumer(heap) {
  const words = ['--threads', '2', '--operations', String(operations)]
  const child = start(path.join(root, 'build/Release/workloads/producer-consumer'), words, heap)
  const begun = performance.now()
  const samples = []
  const timer = setInterval(() => samples.push([performance.now() - begun, residentOf(child.pid)]), 20)
  let text = ''
  for await (const part of child.stdout) text += part
  clearInterval(timer)
  const taken = performance.now() - begun
  const points = samples.filter(([, bytes]) => bytes > 0).map(([at, bytes]) => [(at / taken) * operations, bytes])
  const { liveBytes, rssBytes } = JSON.parse(text)
  points.push([operations, rssBytes.peak])
  return { points, inUse: liveBytes.peak }
}

async function aroundTheRing(program, heap) {
  const child = start(program, [String(Math.ceil(operations / blocksOfATurn))], heap)
  const points = []
  let inUse = 0
  for await (const text of createInterface({ input: child.stdout })) {
    const [done, used, resident] = text.split(' ').map(Number)
    points.push([done, resident])
    inUse = Math.max(inUse, used)
  }
  return { points, inUse }
}

function start(program, words, heap) {
  const env = { ...process.env, ...(heap.path === null || heap.name === 'system' ? {} : { LD_PRELOAD: heap.path }) }
  return spawn(program, words, { env, stdio: ['ignore', 'pipe', 'inherit'] })
}

function residentOf(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096
  } catch {
    return 0 // it has just ended
  }
}

/** Both panels, each with a line for every heap. */
function picture(panels) {
  const width = 420
  const height = 260
  const margin = { left: 52, right: 12, top: 34, bottom: 62 }
  const colours = ['#777777', '#cc6677', '#4477aa', '#aa8800', '#117733']
  const parts = panels.map(({ title, runs }, index) => {
    const x = scaleLinear([0, operations], [margin.left, width - margin.right])
    const most = Math.max(...runs.flatMap(({ points }) => points.map(([, bytes]) => bytes)))
    const y = scaleLinear([0, most / megabyte], [height - margin.bottom, margin.top]).nice()
    const path = line(
      ([done]) => x(done),
      ([, bytes]) => y(bytes / megabyte),
    )
    const left = y.ticks(5).map((tick) => {
      const at = y(tick)
      return `<line x1="${margin.left}" x2="${width - margin.right}" y1="${at}" y2="${at}" stroke="#dddddd"/><text x="${margin.left - 6}" y="${at + 4}" text-anchor="end">${tick}</text>`
    })
    const below = x
      .ticks(5)
      .map(
        (tick) => `<text x="${x(tick)}" y="${height - margin.bottom + 16}" text-anchor="middle">${tick / 1e6}</text>`,
      )
    const drawn = runs.map(
      ({ points }, run) =>
        `<path d="${path(points)}" fill="none" stroke="${colours[run % colours.length]}" stroke-width="${runs[run].heap === 'hoard' ? 2.5 : 1.5}"/>`,
    )
    const key = runs.map(({ heap }, run) => {
      const at = margin.left + run * 72
      return `<line x1="${at}" x2="${at + 14}" y1="${height - 10}" y2="${height - 10}" stroke="${colours[run % colours.length]}" stroke-width="3"/><text x="${at + 18}" y="${height - 6}">${heap}</text>`
    })
    return `<g transform="translate(${index * width} 0)"><text x="${margin.left}" y="18" font-weight="bold">${title}</text>${[...left, ...below, ...drawn, ...key].join('')}<text x="${width - margin.right}" y="${height - margin.bottom + 32}" text-anchor="end">million operations</text><text x="${margin.left - 44}" y="${margin.top - 16}">MB</text></g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width * panels.length} ${height}" font-family="sans-serif" font-size="11"><title>Resident memory over fifty million operations, by heap</title><rect width="100%" height="100%" fill="white"/>${parts.join('')}</svg>\n`
}
