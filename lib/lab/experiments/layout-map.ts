/**
 * `layout-map` (08a): where a heap puts blocks. Whether threads have regions of their own, how blocks of one thread are
 * spaced, from which size on a block is a mapping, and who gets a freed address again. The questions after freed
 * addresses and mappings are asked of puppets of their own, in which nothing else has left its mark.
 */

import { defineExperiment, type Facts, type Lab } from '../experiment.ts'
import { askMapped, explainMapped } from '../mapped.ts'
import { mappingOf } from '../memory.ts'
import type { Puppet } from '../puppet.ts'
import { askReuse, explainReuse } from '../reuse.ts'
import { ascending, groupsOf, leastDistance, type Placed, stepsOf, unsharedStretch, usual } from '../spacing.ts'
import { hex, sizeText } from '../words.ts'

const THREADS = 4
const KIB = 1024
const SIZES = [16, 24, 64, 100, 256, KIB, 4 * KIB, 12 * KIB, 64 * KIB, 256 * KIB, KIB * KIB, 4 * KIB * KIB]
/** Blocks up to this size are the small ones, of which threads may have stocks. */
const SMALL = KIB
const LARGE = KIB * KIB
const TOGETHER = 512

/** A block with who asked for it. */
interface Owned extends Placed {
  thread: number
  age: number
}

/** So many of a size, by each thread. */
function countOf(size: number): number {
  return size <= 4 * KIB ? 32 : size <= 64 * KIB ? 8 : 3
}

export default defineExperiment({
  name: 'layout-map',
  question:
    'Where do blocks of 16 B to 4 MiB lie: do threads get regions of their own, how far apart, with what spacing within, ' +
    'which sizes are mappings, and who gets a freed address again?',
  did:
    `${THREADS} threads take turns at allocating blocks of ${SIZES.length} sizes from 16 B to 4 MiB and keep them. In a ` +
    'second process all of them allocate and free small blocks at the same moment, and what they get after that is ' +
    'looked at. In a third one it is measured for which sizes every block brings new memory of about its size into the process, and ' +
    'whether that goes with it when it is freed. In further ones blocks are freed, by the thread that has them or by ' +
    'another, and it is counted how many of their addresses one thread gets among its next allocations.',
  async observe(lab) {
    const p = await lab.puppet({ threads: THREADS })
    const blocks = await inTurn(p)
    const small = byThread(blocks.filter(({ size }) => size <= SMALL))
    tellThreads(lab, 'in turn', small)
    lab.fact(
      'farthest first blocks of two threads',
      Number(farthest(small.map(([first]) => first?.address ?? 0n))),
      'B',
    )
    lab.fact(
      'in turn: largest stretch without blocks of 1 MiB and more of two threads',
      Number(unsharedStretch(byThread(blocks.filter(({ size }) => size >= LARGE))) ?? 0n),
      'B',
    )
    for (const size of SIZES) tellSpacing(lab, size, blocks)
    await tellPlaces(lab, p, blocks)
    draw(lab, p, blocks)
    await p.close()
    tellThreads(lab, 'at once', await atOnce(lab))
    await askMapped(lab, SIZES)
    await askReuse(lab)
  },
  explain(facts) {
    return [...explainThreads(facts), ...explainSpacing(facts), ...explainMapped(facts), ...explainReuse(facts)]
  },
  model(facts) {
    const apart = facts.number('in turn: largest stretch without small blocks of two threads')
    const step = facts.get('64 B: usual step to the next block')
    const mapped = facts.get('smallest size from which every block brings its own memory')
    return {
      'memory of two threads': apart >= PAGE ? `kept apart by ${sizeText(apart)}` : 'mixed within pages',
      ...(typeof step === 'number' ? { 'a block of 64 B takes': sizeText(step) } : {}),
      'a mapping of its own': typeof mapped === 'number' ? `from ${sizeText(mapped)} on` : 'at no size up to 4 MiB',
      'freed blocks of 64 B': `${facts.number('64 B, freed by its thread, used again by that thread')} of 64 used again by their thread`,
    }
  },
})

/** Every thread one block, then every thread the next one. */
async function inTurn(p: Puppet): Promise<Owned[]> {
  const blocks: Owned[] = []
  for (const size of SIZES) {
    for (let i = 0; i < countOf(size); ++i) {
      for (const [thread, each] of p.threads.entries()) {
        const address = await each.malloc(size)
        if (address !== 0n) blocks.push({ address, size, thread, age: blocks.length })
      }
    }
  }
  return blocks
}

/** The small blocks that threads get after they have all been at it for a while, so that whoever waited for another has gone elsewhere. */
async function atOnce(lab: Lab): Promise<Placed[][]> {
  const p = await lab.puppet({ threads: THREADS })
  const pairs = p.threads.map((thread) => {
    const batch = thread.batch()
    for (let i = 0; i < 50; ++i) batch.free(batch.malloc(16))
    return batch
  })
  await p.together(pairs, { repeat: 1000 })
  const batches = p.threads.map((thread) => {
    const batch = thread.batch()
    return { batch, blocks: Array.from({ length: TOGETHER }, () => batch.malloc(16)) }
  })
  const results = await p.together(batches.map(({ batch }) => batch))
  await p.close()
  return batches.map(({ blocks }, i) => {
    const addresses = blocks.map((block) => results[i]?.value(block) ?? 0n)
    return addresses.filter((address) => address !== 0n).map((address) => ({ address, size: 16 }))
  })
}

function byThread(blocks: readonly Owned[]): Owned[][] {
  return Array.from({ length: THREADS }, (_, thread) => blocks.filter((block) => block.thread === thread))
}

function tellThreads(lab: Lab, when: string, threads: readonly (readonly Placed[])[]): void {
  lab.fact(`${when}: largest stretch without small blocks of two threads`, Number(unsharedStretch(threads) ?? 0n), 'B')
  lab.fact(`${when}: groups of blocks of 16 B`, groupsOf(threads.flat().filter(({ size }) => size === 16)))
  lab.fact(`${when}: least distance between small blocks of two threads`, Number(leastDistance(threads) ?? 0n), 'B')
}

/** From the start of one block of a size to the next one's, whosever it is. */
function stepOf(size: number, blocks: readonly Owned[]): number | null {
  const step = usual(stepsOf(ascending(blocks.filter((block) => block.size === size).map(({ address }) => address))))
  return step === null ? null : Number(step)
}

function tellSpacing(lab: Lab, size: number, blocks: readonly Owned[]): void {
  lab.fact(`${sizeText(size)}: usual step to the next block`, stepOf(size, blocks), 'B')
}

/** What the mappings are that hold blocks, as the kernel lists them. */
async function tellPlaces(lab: Lab, p: Puppet, blocks: readonly Owned[]): Promise<void> {
  const mappings = p.mappings()
  const found = (max: number) =>
    blocks.filter(({ size }) => size <= max).map(({ address }) => mappingOf(mappings, address))
  lab.fact('mappings that hold small blocks', new Set(found(SMALL).map((mapping) => mapping?.start)).size)
  lab.fact('small blocks at the program break', found(SMALL).filter((mapping) => mapping?.name === '[heap]').length)
  lab.fact('small blocks', found(SMALL).length)
}

function farthest(addresses: readonly bigint[]): bigint {
  const sorted = ascending(addresses)
  return (sorted.at(-1) ?? 0n) - (sorted[0] ?? 0n)
}

function draw(lab: Lab, p: Puppet, blocks: readonly Owned[]): void {
  const mappings = p.mappings()
  const used = [...new Set(blocks.map(({ address }) => mappingOf(mappings, address)))].filter(
    (each) => each !== undefined,
  )
  lab.picture({
    kind: 'map',
    title: `Blocks of 16 B to 4 MiB that ${THREADS} threads got in turn`,
    mappings: used.map(({ start, end, name }) => ({ start: hex(start), end: hex(end), label: name || 'anonymous' })),
    blocks: blocks.map(({ address, size, thread, age }) => ({
      ...{ address: hex(address), size, process: String(p.pid), thread: `thread ${thread}` },
      ...{ sizeClass: null, age, live: true },
    })),
  })
  lab.picture({
    ...{
      kind: 'bars',
      title: 'What a block takes beyond its size',
      xTitle: 'size',
      yTitle: 'step less size',
      unit: 'B',
    },
    bars: SIZES.flatMap((size) => {
      const step = stepOf(size, blocks)
      return step === null ? [] : [{ label: sizeText(size), value: step - size }]
    }),
  })
}

const LINE = 64
const PAGE = 4096

function explainThreads(facts: Facts): string[] {
  const stretch = facts.number('in turn: largest stretch without small blocks of two threads')
  const together = facts.number('at once: largest stretch without small blocks of two threads')
  const nearest = facts.number('in turn: least distance between small blocks of two threads')
  const sentences = [explainStretch(stretch, nearest)]
  const [groups, groupsTogether] = [
    facts.number('in turn: groups of blocks of 16 B'),
    facts.number('at once: groups of blocks of 16 B'),
  ]
  if (isApart(stretch) && !isApart(together)) {
    sentences.push('Once they allocate at the same moment that is over: then blocks of two threads lie in one page.')
  } else if (!isApart(stretch) && isApart(together)) {
    sentences.push(
      `Once they allocate at the same moment they part: then no stretch of ${sizeText(together)} has small blocks of two.`,
    )
  } else if (!isApart(stretch) && groupsTogether > groups) {
    sentences.push(
      'Once they allocate at the same moment the heap takes further regions: blocks of 16 B lie in more places that are ' +
        'a MiB and more apart, though threads share these too.',
    )
  }
  const atBreak = facts.number('small blocks at the program break')
  if (atBreak > 0) {
    const which = atBreak === facts.number('small blocks') ? 'All small blocks lie' : `${atBreak} small blocks lie`
    sentences.push(`${which} at the program break.`)
  }
  const large = facts.number('in turn: largest stretch without blocks of 1 MiB and more of two threads')
  if (isApart(stretch) && large < stretch) {
    sentences.push(`Blocks of 1 MiB and more are not kept apart so: for them that stretch is ${sizeText(large)}.`)
  }
  return sentences
}

const isApart = (stretch: number) => stretch >= PAGE

function explainStretch(stretch: number, nearest: number): string {
  // That stretch depends on where the system happens to put regions, once these are large.
  if (stretch >= LARGE) {
    const distance = sizeText(Math.round(nearest / LARGE) * LARGE)
    return `Each thread gets small blocks from a region of its own; the nearest blocks of two are some ${distance} apart.`
  }
  if (stretch >= PAGE) {
    return (
      `Each thread gets small blocks from places of its own: no stretch of ${sizeText(stretch)} (at a multiple of it) ` +
      'has blocks of two threads, but the next such stretch may be that of another.'
    )
  }
  return stretch >= LINE
    ? 'Threads share regions: their small blocks lie in the same pages, though not in the same cache lines.'
    : 'Threads share regions: their small blocks lie side by side, in the same pages and cache lines.'
}

function explainSpacing(facts: Facts): string[] {
  const found = SIZES.filter((size) => size <= 12 * KIB).flatMap((size) => {
    const step = facts.get(`${sizeText(size)}: usual step to the next block`)
    return typeof step === 'number' ? [{ size, beyond: step - size }] : []
  })
  if (found.length === 0) return ['Blocks of no size up to 12 KiB have a usual distance.']
  if (found.every(({ beyond }) => beyond === 0)) {
    return ['Blocks of every size up to 12 KiB lie back to back, with nothing between them.']
  }
  const words = found.map(({ size, beyond }) => `${size + beyond} B for ${sizeText(size)}`)
  const least = Math.min(...found.map(({ beyond }) => beyond))
  const why =
    least > 0
      ? `Whatever the size, at least ${least} bytes that nobody asked for stand between two blocks.`
      : 'Where that is the size itself nothing stands between two blocks; the other sizes are rounded up.'
  return [`From the start of one block to the next it is ${words.join(', ')}.`, why]
}
