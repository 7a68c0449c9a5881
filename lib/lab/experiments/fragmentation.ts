/**
 * `fragmentation`: what a heap holds in proportion to what is live, when blocks of mixed sizes are freed at random, when
 * blocks of other sizes are wanted then, and when nothing is left. Held over live is the measure of Johnstone and Wilson,
 * "The Memory Fragmentation Problem: Solved?" (ISMM 1998).
 *
 * The score is the mean, in percent, of five parts of at most 1 each: live over held with all blocks, after nine of ten
 * were freed, after blocks of the same sizes were added, and after larger blocks were added instead; and the part of the
 * most held that has gone back to the system half a second after all was freed.
 */

import { Rng } from '../../stats/index.ts'
import { defineExperiment, type Facts, type Lab } from '../experiment.ts'
import { type Footprint, FootprintMeter } from '../footprint.ts'
import { PAGE } from '../memory.ts'
import type { Puppet } from '../puppet.ts'
import { hex, sizeText } from '../words.ts'

const SEED = 1998
const BLOCKS = 8192
const [LEAST, MOST] = [16, 2048]
const FREED = 0.9
const STEPS = 9
/** The blocks that are wanted later are larger than any before: what fits them has to be joined from holes. */
const [LATER_LEAST, LATER_MOST] = [2100, 4000]
const LARGE = 1 << 20
const LARGE_BLOCKS = 8
/** What the map shows. */
const WINDOW = 64n * 1024n

interface Block {
  address: bigint
  size: number
}

interface Moment extends Footprint {
  what: string
  live: number
}

export default defineExperiment({
  name: 'fragmentation',
  question: 'How much memory does the heap hold for what is live after random frees, and does it give memory back?',
  did:
    `A thread allocates ${BLOCKS} blocks of ${LEAST} to ${sizeText(MOST)}, sizes drawn at random but the same for every heap, writes to ` +
    `all of them, and frees ${100 * FREED} % at random in ${STEPS} steps. Then it allocates half of the freed bytes again: in ` +
    `blocks of the sizes that half of the freed ones had, and, after these are freed, in larger blocks of ${LATER_LEAST} to ` +
    `${LATER_MOST} bytes. Then it frees everything, waits half a second and calls malloc_trim. At last it allocates and frees ` +
    `${LARGE_BLOCKS} blocks of ${sizeText(LARGE)}. The memory of the process is read after each step.`,
  async observe(lab) {
    const p = await lab.puppet({ threads: 1 })
    const meter = await FootprintMeter.begin(p.threads, 3 * BLOCKS)
    const rng = new Rng(SEED)
    const moments: Moment[] = []
    let live = 0
    const step = (what: string, change: number) => {
      live += change
      const moment = { what, live, ...meter.now() }
      moments.push(moment)
      return moment
    }
    const sizes = Array.from({ length: BLOCKS }, () => LEAST + rng.below(MOST - LEAST + 1))
    const blocks = await allocate(p, sizes)
    const full = step('all allocated', bytesOf(blocks))
    const order = rng.shuffled(blocks)
    const gone: Block[] = []
    const perStep = Math.round((BLOCKS * FREED) / STEPS)
    for (let i = 0; i < STEPS; ++i) {
      const freed = order.splice(0, perStep)
      gone.push(...freed)
      await release(p, freed)
      step('some freed', -bytesOf(freed))
    }
    const sparse = moments.at(-1) ?? full
    picturesOfHoles(lab, p, blocks, order)
    const again = await allocate(
      p,
      gone.filter((_, i) => i % 2 === 0).map(({ size }) => size),
    )
    const same = step('same sizes allocated', bytesOf(again))
    await release(p, again)
    step('these freed', -bytesOf(again))
    const later = await allocate(p, laterSizes(rng, bytesOf(gone) / 2))
    const larger = step('larger ones allocated', bytesOf(later))
    await release(p, [...order, ...later])
    const freed = step('all freed', -live)
    await p.thread(0).sleep(500)
    await release(p, await allocate(p, [LEAST]))
    const waited = step('half a second later', 0)
    await p.thread(0).trim()
    const trimmed = step('malloc_trim', 0)
    write(lab, { full, sparse, same, larger, freed, waited, trimmed }, moments)
    await large(lab, p, meter)
  },
  explain(facts) {
    return [fullText(facts), sparseText(facts), refillText(facts), returnText(facts), largeText(facts)]
  },
  model(facts) {
    const sparse = overLive(facts, 'after random frees')
    return { fragmentation: `holds ${sparse} × what is live after random frees`, 'memory given back': givenBack(facts) }
  },
})

/** Every page of every block is written to. */
async function allocate(p: Puppet, sizes: readonly number[]): Promise<Block[]> {
  const batch = p.thread(0).batch()
  const blocks = sizes.map((size) => {
    const block = batch.malloc(size)
    batch.touch(block, size)
    batch.touch(block.plus(size - 1), 1)
    return { block, size }
  })
  const result = await batch.run()
  return blocks.map(({ block, size }) => ({ address: result.value(block), size }))
}

async function release(p: Puppet, blocks: readonly Block[]): Promise<void> {
  const batch = p.thread(0).batch()
  for (const { address } of blocks) batch.free(address)
  await batch.run()
}

function laterSizes(rng: Rng, bytes: number): number[] {
  const sizes: number[] = []
  for (let sum = 0; sum < bytes; sum += sizes.at(-1) ?? 0) {
    sizes.push(LATER_LEAST + rng.below(LATER_MOST - LATER_LEAST + 1))
  }
  return sizes
}

async function large(lab: Lab, p: Puppet, meter: FootprintMeter): Promise<void> {
  const before = meter.now().held
  const blocks = await allocate(
    p,
    Array.from({ length: LARGE_BLOCKS }, () => LARGE),
  )
  const [added, total] = [meter.now().held - before, LARGE * LARGE_BLOCKS]
  await release(p, blocks)
  lab.fact('large blocks: held for them while they were live', Math.max(0, added), 'B')
  lab.fact(
    'large blocks: of them held after they were freed',
    percent(Math.max(0, meter.now().held - before) / total),
    '%',
  )
}

function write(
  lab: Lab,
  at: Record<'full' | 'sparse' | 'same' | 'larger' | 'freed' | 'waited' | 'trimmed', Moment>,
  moments: Moment[],
) {
  const most = Math.max(...moments.map(({ held }) => held))
  const { full, sparse, same, larger, freed, waited, trimmed } = at
  for (const [name, moment] of [
    ['with all blocks', full],
    ['after random frees', sparse],
    ['after blocks of the same sizes were added', same],
    ['after larger blocks were added instead', larger],
  ] as const) {
    lab.fact(`live ${name}`, moment.live, 'B')
    lab.fact(`held over live ${name}`, Math.round((10 * moment.held) / moment.live) / 10, '×')
  }
  const above = (moment: Moment) => {
    const earlier = moments.slice(0, moments.indexOf(moment)).map(({ held }) => held)
    return percent(Math.max(0, moment.held - Math.max(...earlier)) / (moment.live - sparse.live))
  }
  lab.fact('of the bytes added in the same sizes, held above the most before', above(same), '%')
  lab.fact('of the bytes added in larger blocks, held above the most before', above(larger), '%')
  lab.fact('most held', most, 'B')
  lab.fact('of the most, held after random frees', percent(sparse.held / most), '%')
  lab.fact('of the most, held when all was freed', percent(freed.held / most), '%')
  lab.fact('of the most, held half a second later', percent(waited.held / most), '%')
  lab.fact('of the most, held after malloc_trim', percent(trimmed.held / most), '%')
  const packed = [full, sparse, same, larger].map(({ live, held }) => Math.min(1, live / held))
  const parts = [...packed, Math.max(0, 1 - waited.held / most)]
  lab.fact('score', Math.round((100 * parts.reduce((sum, part) => sum + part, 0)) / parts.length), 'of 100')
  const series = (['live', 'held', 'resident', 'mapped'] as const).map((name) => ({
    name,
    points: moments.map((moment, i): [number, number] => [i, moment[name]]),
  }))
  const events = moments.flatMap(({ what }, x) => (what === 'some freed' ? [] : [{ x, label: what }]))
  const title = 'Memory while blocks of mixed sizes are freed at random'
  lab.picture({
    kind: 'lines',
    title,
    xTitle: 'steps',
    xUnit: '',
    yTitle: 'memory',
    yUnit: 'B',
    steps: true,
    series,
    events,
  })
}

/** How full the pages are in which blocks lay, and a stretch of them block by block. */
function picturesOfHoles(lab: Lab, p: Puppet, blocks: readonly Block[], left: readonly Block[]): void {
  const present = pagesPresent(p, blocks)
  const liveIn = liveByPage(left)
  const classes = ['given back', 'empty, but held', 'up to a quarter', 'up to a half', 'more']
  const counts = classes.map(() => 0)
  for (const [page, isThere] of present) {
    const share = (liveIn.get(page) ?? 0) / Number(PAGE)
    const at = !isThere ? 0 : share === 0 ? 1 : share <= 0.25 ? 2 : share <= 0.5 ? 3 : 4
    counts[at] = (counts[at] ?? 0) + 1
  }
  lab.fact('pages in which blocks lay', present.size, 'pages')
  lab.fact('of them given back after random frees', counts[0] ?? 0, 'pages')
  lab.fact('of them held without a live block', counts[1] ?? 0, 'pages')
  lab.picture({
    kind: 'bars',
    title: 'Pages in which blocks lay, by how much of each is live after random frees',
    xTitle: 'live share of the page',
    yTitle: 'pages',
    unit: 'pages',
    bars: classes.map((label, i) => ({ label, value: counts[i] ?? 0 })),
  })
  const alive = new Set(left.map(({ address }) => address))
  const middle = blocks[BLOCKS >> 1]?.address ?? 0n
  const start = (middle / PAGE) * PAGE
  const shown = blocks
    .map((block, age) => ({ ...block, age }))
    .filter(({ address }) => address >= start && address < start + WINDOW)
  lab.picture({
    kind: 'map',
    title: `${sizeText(Number(WINDOW))} from the middle, after random frees`,
    mappings: [{ start: hex(start), end: hex(start + WINDOW), label: 'a stretch of the heap' }],
    blocks: shown.map(({ address, size, age }) => ({
      ...{ address: hex(address), size, process: 'puppet', thread: 'thread 0', sizeClass: null, age },
      live: alive.has(address),
    })),
  })
}

/** Whether the pages in which blocks lay, by address, are there. */
function pagesPresent(p: Puppet, blocks: readonly Block[]): Map<bigint, boolean> {
  const wanted = [...new Set(blocks.flatMap(pagesOf))].sort((a, b) => (a < b ? -1 : 1))
  const present = new Map<bigint, boolean>()
  // Asked for in stretches: what lies between them may be terabytes.
  for (let i = 0, next = 0; i < wanted.length; i = next) {
    for (next = i + 1; wanted[next] === (wanted[next - 1] ?? 0n) + PAGE; ) ++next
    for (const page of wanted.slice(i, next)) present.set(page, false)
    const [start = 0n, last = 0n] = [wanted[i], wanted[next - 1]]
    for (const { address, present: isThere, swapped } of p.pages(start, last + PAGE)) {
      present.set(address, isThere || swapped)
    }
  }
  return present
}

function liveByPage(blocks: readonly Block[]): Map<bigint, number> {
  const live = new Map<bigint, number>()
  for (const block of blocks) {
    const end = block.address + BigInt(block.size)
    for (const page of pagesOf(block)) {
      const from = Math.max(0, Number(block.address - page))
      const to = Math.min(Number(PAGE), Number(end - page))
      live.set(page, (live.get(page) ?? 0) + to - from)
    }
  }
  return live
}

function pagesOf({ address, size }: Block): bigint[] {
  const pages: bigint[] = []
  for (let page = (address / PAGE) * PAGE; page < address + BigInt(size); page += PAGE) pages.push(page)
  return pages
}

function bytesOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, { size }) => sum + size, 0)
}

function percent(share: number): number {
  return Math.round(100 * share)
}

function overLive(facts: Facts, when: string): number {
  return facts.number(`held over live ${when}`)
}

function fullText(facts: Facts): string {
  const ratio = overLive(facts, 'with all blocks')
  return ratio <= 1.1
    ? 'With all blocks live the heap held about as much as was asked for.'
    : `With all blocks live the heap held ${ratio} times what was asked for: room for rounded sizes, for its own records and for more blocks.`
}

function sparseText(facts: Facts): string {
  const ratio = overLive(facts, 'after random frees')
  const [returned, empty] = ['given back', 'held without a live block'].map((what) =>
    facts.number(what === 'given back' ? 'of them given back after random frees' : `of them ${what}`),
  ) as [number, number]
  const pages = facts.number('pages in which blocks lay')
  const begin = `After ${100 * FREED} % of the blocks were freed at random it held ${ratio} times what was live`
  if (returned > empty)
    return `${begin}: pages without a live block went back to the system, and those with one could not.`
  if (returned > 0.02 * pages)
    return `${begin}: some of the pages without a live block went back to the system, and more did not.`
  return `${begin}: ${returned === 0 ? 'pages' : 'nearly all pages'} were kept, whether a live block lay in them or not.`
}

function refillText(facts: Facts): string {
  const [same = 0, larger = 0] = ['in the same sizes', 'in larger blocks'].map((how) =>
    facts.number(`of the bytes added ${how}, held above the most before`),
  )
  const need = (grown: number) => {
    if (grown < 1) return 'no more memory than there had been'
    if (grown < NEW.little) return 'hardly more memory than there had been'
    return grown < NEW.most ? 'new memory in part' : 'new memory'
  }
  if (same >= NEW.most && larger >= NEW.most) {
    return 'Blocks of the same sizes, half as many bytes as were freed, needed new memory, and so did larger ones: what was freed was not used.'
  }
  const then = need(same) === need(larger) ? 'and so did larger ones' : `larger ones ${need(larger)}`
  return `Blocks of the same sizes, half as many bytes as were freed, needed ${need(same)}, ${then}.`
}

/** Percent of the bytes added: less is nothing new, more is nearly all. */
const NEW = { little: 15, most: 75 }

function returnText(facts: Facts): string {
  const [freed, waited, trimmed] = [
    'held when all was freed',
    'held half a second later',
    'held after malloc_trim',
  ].map((when) => facts.number(`of the most, ${when}`)) as [number, number, number]
  if (freed <= LITTLE) return 'When all was freed, nearly all memory went back to the system at once.'
  if (waited <= LITTLE) return 'When all was freed, nearly all memory went back to the system within half a second.'
  const kept = waited >= 75 ? 'most memory was kept' : 'a part of the memory was kept'
  if (trimmed <= LITTLE) return `When all was freed, ${kept}; malloc_trim gave it back.`
  return `When all was freed, ${kept}, and ${trimmed < waited - LITTLE ? 'malloc_trim gave back some of it' : 'malloc_trim changed nothing in that'}.`
}

/** Percent; what a heap keeps for itself in any case. */
const LITTLE = 10

function largeText(facts: Facts): string {
  const size = sizeText(LARGE)
  if (facts.number('large blocks: held for them while they were live') < (LARGE * LARGE_BLOCKS) / 2) {
    return `Blocks of ${size} came to lie, mostly, in memory that the heap had kept.`
  }
  const kept = facts.number('large blocks: of them held after they were freed')
  if (kept <= LITTLE) return `Blocks of ${size} went back to the system as they were freed.`
  return kept >= 75
    ? `Blocks of ${size} stayed with the heap when they were freed.`
    : `Of blocks of ${size} a part went back to the system as they were freed.`
}

function givenBack(facts: Facts): string {
  const small = facts.number('of the most, held half a second later')
  const large = facts.number('large blocks: of them held after they were freed')
  const words = (kept: number) => (kept <= LITTLE ? 'nearly all' : kept >= 75 ? 'little' : 'in part')
  return `small blocks: ${words(small)}, large ones: ${words(large)}`
}
