/** `tunables`: what a heap's settings do to time and memory, as a grid, and what one byte above 16 costs. */

import type { Batch, Later } from '../batch.ts'
import { defineExperiment, type Facts, type Lab } from '../experiment.ts'
import type { Puppet } from '../puppet.ts'
import { type Axis, axisOf, type Cost, type Dimension, endsOf, extreme, heatMap, sweep } from '../sweep.ts'

const THREADS = 4
const REPEATS = 40
/** The least of so many times is kept: what disturbs can only add. */
const TRIES = 3

const arenaCount: Dimension = {
  name: 'arena count',
  keys: [
    { key: 'arena_max', values: ['1', '2', '8'] },
    { key: 'narenas', values: ['1', '2', '8'] },
    { key: 'shared', values: ['1', '0'] },
  ],
}
const mmapThreshold: Dimension = {
  name: 'mmap threshold',
  keys: [
    { key: 'mmap_threshold', values: ['65536', '262144', '4194304'] },
    // A quarter of a chunk is the threshold.
    { key: 'chunk', values: ['262144', '1048576', '16777216'] },
  ],
}
/** How long, or how much, free memory is kept before the system gets it back. */
const trimThreshold: Dimension = {
  name: 'trim threshold',
  keys: [
    { key: 'trim_threshold', values: ['131072', '2097152', '67108864'] },
    { key: 'dirty_decay_ms', values: ['0', '10000', '-1'] },
    { key: 'purge_delay', values: ['0', '10', '-1'] },
    { key: 'decommit_delay', values: ['0', '25', '10000'] },
    { key: 'purge', values: ['0', '100', '100000'] },
    { key: 'aggressive_decommit', values: ['true', 'false'] },
  ],
}
const cacheSize: Dimension = {
  name: 'thread cache size',
  keys: [
    { key: 'tcache_max', values: ['64', '256', '1032'] },
    { key: 'buffer', values: ['0', '4096', '65536'] },
    { key: 'max_total_thread_cache_bytes', values: ['524288', '4194304', '33554432'] },
  ],
}
const cacheCount: Dimension = {
  name: 'thread cache count',
  keys: [
    { key: 'tcache_count', values: ['0', '7', '500'] },
    { key: 'tcache_nslots_small_max', values: ['2', '20', '500'] },
    { key: 'transfer_num_obj', values: ['1', '32', '512'] },
  ],
}
const dimensions = [arenaCount, mmapThreshold, trimThreshold, cacheSize, cacheCount]

interface Plan {
  name: string
  /** As sentences call the work. */
  work: string
  rows: Dimension
  columns: Dimension
  threads: number
  run(p: Puppet): Promise<Cost>
}

const plans: readonly Plan[] = [
  {
    ...{ name: 'several threads', work: `${THREADS} threads that allocate and free at once` },
    ...{ rows: arenaCount, columns: cacheCount, threads: THREADS },
    run: (p) => blocksOf(p, [24, 100, 400, 1200, 3000], 320),
  },
  {
    ...{ name: 'large blocks', work: 'allocating, touching and freeing large blocks' },
    ...{ rows: mmapThreshold, columns: trimThreshold, threads: 1, run: largeBlocks },
  },
  {
    ...{ name: 'small blocks', work: 'allocating and freeing small blocks in one thread' },
    ...{ rows: cacheSize, columns: cacheCount, threads: 1 },
    run: (p) => blocksOf(p, [16, 32, 64, 128, 256, 512, 900], 700),
  },
]

/** Around the step from 16 to 17. */
const requests = [8, 15, 16, 17, 24, 25, 32, 33]
const CONSISTENCY = 500
const MOST_REQUEST = 72

export default defineExperiment({
  name: 'tunables',
  question: 'What do arena count, thresholds and thread caches do to time and memory, and is a size like the next one?',
  did:
    'For each pair of settings of a grid a puppet is started and does the same work: small and medium blocks in ' +
    `${THREADS} threads, by arenas and cached blocks; blocks of 40 KiB to 1.5 MiB, by the thresholds from which they are ` +
    'mapped and given back; small blocks in one thread, by size and number of cached blocks. Time is the least of ' +
    `${TRIES}; memory is what is resident when all is freed and was not before. A dimension for which the heap has no ` +
    `tunable has one setting. Then ${CONSISTENCY} blocks of each of some sizes around 16 are allocated and freed.`,
  async observe(lab) {
    for (const dimension of dimensions) lab.fact(`${dimension.name}: tunable`, axisOf(dimension, lab.tunables).key)
    for (const plan of plans) await sweepPlan(lab, plan)
    await sizeConsistency(lab)
  },
  explain: (facts) => [
    ...aboutMissing(facts),
    ...plans.flatMap((plan) => aboutPlan(facts, plan)),
    ...aboutSizes(facts),
  ],
})

async function sweepPlan(lab: Lab, plan: Plan): Promise<void> {
  const [rows, columns] = [axisOf(plan.rows, lab.tunables), axisOf(plan.columns, lab.tunables)]
  const grid = await sweep(lab, rows, columns, { threads: plan.threads, work: plan.run })
  lab.fact(`${plan.name}: settings tried`, grid.cells.flat().filter((cell) => cell !== null).length)
  for (const [measure, name, unit] of [
    ['ns', 'time', 'ns'],
    ['bytes', 'memory kept', 'B'],
  ] as const) {
    for (const most of [false, true]) {
      const found = extreme(grid, measure, most)
      const word = most ? 'most' : 'least'
      lab.fact(`${plan.name}: ${word} ${name}`, found === null ? null : Math.round(found.value), unit)
      lab.fact(`${plan.name}: setting of ${word} ${name}`, found?.setting ?? null)
    }
    const best = measure === 'ns' ? 'least time' : 'most memory kept'
    recordEnds(lab, plan, endsOf(grid, 'rows', measure), `${best} by ${plan.rows.name}`, unit)
    recordEnds(lab, plan, endsOf(grid, 'columns', measure), `${best} by ${plan.columns.name}`, unit)
  }
  recordRange(lab, plan, rows)
  recordRange(lab, plan, columns)
  lab.picture(heatMap(grid, 'ns', `Time, ${plan.name}`))
  lab.picture(heatMap(grid, 'bytes', `Memory kept when all is freed, ${plan.name}`))
}

function recordEnds(lab: Lab, plan: Plan, ends: ReturnType<typeof endsOf>, name: string, unit: string): void {
  lab.fact(`${plan.name}: ${name}, at the first setting`, ends === null ? null : Math.round(ends.first), unit)
  lab.fact(`${plan.name}: ${name}, at the last setting`, ends === null ? null : Math.round(ends.last), unit)
}

function recordRange(lab: Lab, plan: Plan, { dimension, key, values }: Axis): void {
  const range = key === null ? null : `${key} from ${values[0]} to ${values.at(-1)}`
  lab.fact(`${plan.name}: ${dimension}`, range)
}

/** Every thread allocates so many blocks and frees them in order, again and again. */
function blocksOf(p: Puppet, sizes: readonly number[], count: number): Promise<Cost> {
  const batches = p.threads.map((thread) => {
    const batch = thread.batch()
    const blocks: Later[] = []
    for (let i = 0; i < count; ++i) blocks.push(batch.malloc(sizes[i % sizes.length] ?? 0))
    for (const block of blocks) batch.free(block)
    return batch
  })
  return costOf(p, batches, REPEATS)
}

const largeSizes = [40, 100, 200, 600, 1536].map((kib) => kib << 10)

function largeBlocks(p: Puppet): Promise<Cost> {
  const batch = p.thread(0).batch()
  const blocks = Array.from({ length: 15 }, (_, i) => {
    const size = largeSizes[i % largeSizes.length] ?? 0
    const block = batch.malloc(size)
    batch.touch(block, size)
    return block
  })
  for (const block of blocks.reverse()) batch.free(block)
  return costOf(p, [batch], 2)
}

/** The time for one round of the slowest thread, and what stays resident. */
async function costOf(p: Puppet, batches: readonly Batch[], repeat: number): Promise<Cost> {
  // A puppet's lists take memory too; they are there before the first look.
  const lists = batches.map(({ commands }, i) => {
    const batch = p.thread(i).batch()
    for (let each = 0; each < commands.length; ++each) batch.add('tell', [])
    return batch
  })
  await p.together(lists)
  const before = p.memory().rssBytes
  let ns = Number.POSITIVE_INFINITY
  for (let i = 0; i < TRIES; ++i) {
    const results = await p.together(batches, { repeat, timeoutMs: 20_000 })
    ns = Math.min(ns, Math.max(...results.map(({ totalNs }) => totalNs)))
  }
  return { ns: Math.round(ns / repeat), bytes: Math.max(0, p.memory().rssBytes - before) }
}

/** Sizes around 16 by the cache's setting, and the steps of sizes as the heap is. */
async function sizeConsistency(lab: Lab): Promise<void> {
  const columns = axisOf(cacheCount, lab.tunables)
  const rows: Axis = { dimension: 'request', key: null, values: requests.map((size) => `${size} B`) }
  const byColumn: Cost[][] = []
  for (const value of columns.values) {
    const p = await lab.tuned(columns.key === null ? {} : { [columns.key]: value }, { threads: 1 })
    if (p === null) continue
    const costs: Cost[] = []
    for (const size of requests) costs.push(await requestCost(p, size))
    byColumn.push(costs)
    await p.close()
  }
  const cells = requests.map((_, i) => byColumn.map((costs) => costs[i] ?? null))
  const grid = { rows, columns, cells }
  lab.picture(heatMap(grid, 'ns', 'Time to allocate and free one block'))
  lab.picture(heatMap(grid, 'bytes', 'Addresses that one block takes'))

  const p = await lab.puppet({ threads: 1 })
  const usable = await usableSizes(p)
  for (const size of [16, 17]) {
    const { ns, bytes } = await requestCost(p, size)
    lab.fact(`request of ${size} bytes: usable`, usable[size - 1] ?? null, 'B')
    lab.fact(`request of ${size} bytes: addresses taken`, bytes, 'B')
    lab.fact(`request of ${size} bytes: time to allocate and free`, ns, 'ns')
  }
  const block = await p.thread(0).malloc(17)
  await p.thread(0).free(block)
  lab.fact('an address of 17 bytes is given out for 16', (await p.thread(0).malloc(16)) === block)
  lab.fact(`usable sizes up to ${MOST_REQUEST} bytes`, [...new Set(usable)].join(' '), 'B')
  lab.picture({
    ...{ kind: 'lines', title: 'Usable bytes by request', steps: true },
    ...{ xTitle: 'request', xUnit: 'B', yTitle: 'usable', yUnit: 'B' },
    series: [{ name: 'usable', points: usable.map((bytes, i): [number, number] => [i + 1, bytes]) }],
  })
}

/** Time for one block and its free; and how far apart such blocks lie. */
async function requestCost(p: Puppet, size: number): Promise<Cost> {
  const thread = p.thread(0)
  const batch = thread.batch()
  const blocks = Array.from({ length: CONSISTENCY }, () => batch.malloc(size))
  const result = await batch.run()
  const addresses = blocks.map((block) => result.value(block)).sort((a, b) => (a < b ? -1 : 1))
  const distances = addresses.slice(1).map((address, i) => Number(address - (addresses[i] ?? 0n)))
  const freeing = thread.batch()
  for (const address of addresses) freeing.free(address)
  await freeing.run()
  const timed = thread.batch()
  for (const block of Array.from({ length: CONSISTENCY }, () => timed.malloc(size))) timed.free(block)
  let ns = Number.POSITIVE_INFINITY
  for (let i = 0; i < TRIES; ++i) ns = Math.min(ns, (await timed.run({ repeat: REPEATS / 2 })).totalNs)
  distances.sort((a, b) => a - b)
  return { ns: Math.round((20 * ns) / CONSISTENCY / REPEATS) / 10, bytes: distances[distances.length >> 1] ?? 0 }
}

async function usableSizes(p: Puppet): Promise<number[]> {
  const batch = p.thread(0).batch()
  const asked = Array.from({ length: MOST_REQUEST }, (_, i) => batch.usableSize(batch.malloc(i + 1)))
  const result = await batch.run()
  return asked.map((later) => Number(result.value(later)))
}

const list = new Intl.ListFormat('en', { type: 'conjunction' })

function aboutMissing(facts: Facts): string[] {
  const missing = dimensions.filter(({ name }) => facts.get(`${name}: tunable`) === null).map(({ name }) => name)
  if (missing.length === dimensions.length) {
    return [`The heap has no tunable for ${list.format(missing)}, so there is no grid to go through.`]
  }
  return missing.length === 0 ? [] : [`It has no tunable for ${list.format(missing)}.`]
}

/** With the other setting at its best for time, and at its worst for memory. */
function aboutPlan(facts: Facts, plan: Plan): string[] {
  const parts = [plan.rows, plan.columns].flatMap(({ name }) => {
    const range = facts.get(`${plan.name}: ${name}`)
    return typeof range === 'string'
      ? [`${range} ${aboutTime(facts, plan, name)} and ${aboutMemory(facts, plan, name)}`]
      : []
  })
  const each = parts.length > 1 ? ', each with the other one as it suits best' : ''
  return parts.length === 0 ? [] : [`For ${plan.work}${each}: ${parts.join('; ')}.`]
}

/** Only what no busy neighbour makes of one run. */
function aboutTime(facts: Facts, plan: Plan, dimension: string): string {
  const [first, last] = endsIn(facts, `${plan.name}: least time by ${dimension}`)
  if (last >= 2.5 * first) return 'takes more than twice the time'
  return first >= 2.5 * last ? 'takes less than half the time' : 'changes the time little or not at all'
}

function aboutMemory(facts: Facts, plan: Plan, dimension: string): string {
  const [first, last] = endsIn(facts, `${plan.name}: most memory kept by ${dimension}`)
  const least = Math.max(1 << 20, Math.min(first, last) / 2)
  if (last - first >= least) return 'keeps more memory when all is freed'
  return first - last >= least ? 'keeps less memory when all is freed' : 'keeps about as much memory'
}

function endsIn(facts: Facts, name: string): [first: number, last: number] {
  const value = (which: string) => {
    const found = facts.get(`${name}, at the ${which} setting`)
    return typeof found === 'number' ? found : 0
  }
  return [value('first'), value('last')]
}

function aboutSizes(facts: Facts): string[] {
  const of = (size: number, what: string) => facts.number(`request of ${size} bytes: ${what}`)
  const more = of(17, 'addresses taken') - of(16, 'addresses taken')
  const sentences: string[] = []
  if (more === 0) {
    sentences.push(
      `17 bytes take as much as 16 do, ${of(16, 'addresses taken')} bytes of addresses, and a block of 16 has ` +
        `${of(16, 'usable')} bytes that may be used.`,
    )
  } else {
    sentences.push(
      `17 bytes take ${Math.abs(more)} bytes of addresses ${more > 0 ? 'more' : 'less'} than 16 do: ` +
        `${of(17, 'addresses taken')} for ${of(16, 'addresses taken')}.`,
    )
  }
  const [short, long] = [16, 17].map((size) => of(size, 'time to allocate and free'))
  if (short !== undefined && long !== undefined && long >= 2 * short) {
    sentences.push('They take at least twice the time, too.')
  }
  sentences.push(
    facts.yes('an address of 17 bytes is given out for 16')
      ? 'What a block of 17 bytes leaves is given to one of 16.'
      : 'What a block of 17 bytes leaves is not what one of 16 gets next.',
  )
  const usable = facts.text(`usable sizes up to ${MOST_REQUEST} bytes`).split(' ')
  sentences.push(`Requests of up to ${MOST_REQUEST} bytes get blocks of ${list.format(usable)} usable bytes.`)
  return sentences
}
