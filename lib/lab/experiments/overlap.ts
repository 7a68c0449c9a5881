/** `overlap` (10): whether blocks or arenas share bytes: of the heap itself, carved wrongly, and mapped twice. */

import { type Later, memoryFlags } from '../batch.ts'
import { outcomeOf, PuppetDied, PuppetHung } from '../died.ts'
import { defineExperiment, type Facts, type Lab } from '../experiment.ts'
import { findOutside, findOverlaps, type Interval } from '../intervals.ts'
import { PAGE } from '../memory.ts'
import type { Puppet } from '../puppet.ts'
import { hex, sizeText } from '../words.ts'

const THREADS = 8
const BY_THREAD = 480
const ROUNDS = 3
/** What a thread asks for, over and over; most of it small, as programs do. */
const sizes = [16, 24, 40, 64, 100, 32, 256, 48, 700, 17, 80, 1500, 128, 33, 4096, 64, 20, 10_000, 500, 40, 40_000, 8]
const LARGE = 200_000

const ARENA = 64 << 10
/** 96 bytes at every 80th, as it comes of rounding down where one has to round up. */
const CARVED = { bytes: 96, stride: 80, count: 256 }
const SHARED_END = 256
const MAP_FIXED_NOREPLACE = 0x100000
const { MAP_PRIVATE, MAP_SHARED, MAP_ANONYMOUS, MAP_FIXED } = memoryFlags

/** A block, with whose it is. */
interface Owned extends Interval {
  thread: number
  number: number
}

export default defineExperiment({
  name: 'overlap',
  question: 'Do any two live blocks or arenas share bytes, and is it seen where they do?',
  did:
    `${THREADS} threads allocate ${BY_THREAD} blocks each of 8 to ${LARGE} bytes at once, and free half of what another ` +
    `thread has, ${ROUNDS} times; what is live is sorted by address, and no block may begin before the one below it ends. ` +
    'Each block is then filled and looked at again. The same check is made on errors made on purpose: blocks carved at ' +
    'too small a stride, two arenas whose ends overlap, an arena mapped over another, and one memory mapped at two ' +
    'addresses. Last, a page is mapped over a live block of the heap, and the block is freed.',
  async observe(lab) {
    const p = await lab.puppet({ threads: THREADS })
    await checkHeap(lab, p)
    await carve(lab, p)
    await mapTwice(lab, p)
    await mapOverBlock(lab)
  },
  explain: (facts) => [...aboutHeap(facts), ...aboutPlanted(facts), ...aboutMappings(facts)],
})

async function checkHeap(lab: Lab, p: Puppet): Promise<void> {
  const live: Owned[][] = p.threads.map(() => [])
  let rounds = 0
  // Two owners of one block would free it twice; what that does to the heap is another question.
  while (rounds < ROUNDS && findOverlaps(live.flat()).length === 0) {
    await allocateRound(p, live, rounds)
    ++rounds
  }
  const blocks = live.flat()
  const overlaps = findOverlaps(blocks)
  const writable = p.mappings().filter(({ permissions }) => permissions.startsWith('rw'))
  const areas = writable.map(({ start, end }) => ({ start, bytes: Number(end - start) }))
  lab.fact('rounds of allocation and free', rounds)
  lab.fact('live blocks of all threads', blocks.length)
  lab.fact('blocks that overlap another', overlaps.length)
  lab.fact(
    'of these, blocks of two threads',
    overlaps.filter((each) => each.first.thread !== each.second.thread).length,
  )
  lab.fact('first overlap', overlaps[0] === undefined ? null : hex(overlaps[0].start))
  lab.fact('blocks not wholly in writable memory', findOutside(blocks, areas).length)
  const order = blocks.toSorted((a, b) => (a.start < b.start ? -1 : 1))
  const touching = order.filter(({ start }, i) => {
    const below = order[i - 1]
    return below !== undefined && below.start + BigInt(below.bytes) === start
  })
  lab.fact('blocks that begin where the one below ends', touching.length)
  drawLive(lab, p, blocks)
  const changed = await outcomeOf(fillAll(p, live))
  lab.fact('blocks changed by the filling of others', typeof changed === 'number' ? changed : changed.message)
}

/** All threads at once: each frees half of what its neighbour has, and allocates. */
async function allocateRound(p: Puppet, live: Owned[][], round: number): Promise<void> {
  const asked: { later: Later; usable: Later }[][] = []
  const batches = p.threads.map((thread, i) => {
    const batch = thread.batch()
    // What comes back from another thread goes other ways than a thread's own.
    const theirs = live[(i + 1) % THREADS] ?? []
    for (const { start } of theirs.filter((_, each) => each % 2 === 1)) batch.free(start)
    live[(i + 1) % THREADS] = theirs.filter((_, each) => each % 2 === 0)
    asked[i] = Array.from({ length: BY_THREAD }, (_, each) => {
      const later = batch.malloc(each % 97 === 96 ? LARGE : (sizes[(each + i + round) % sizes.length] ?? 0))
      return { later, usable: batch.usableSize(later) }
    })
    return batch
  })
  for (const [i, result] of (await p.together(batches)).entries()) {
    for (const { later, usable } of asked[i] ?? []) {
      const [start, bytes] = [result.value(later), Number(result.value(usable))]
      if (start !== 0n) live[i]?.push({ start, bytes, thread: i, number: live[i]?.length ?? 0 })
    }
  }
}

/** Fills every byte that the heap says is a block's, and counts the blocks that are not as they were filled. */
async function fillAll(p: Puppet, live: readonly Owned[][]): Promise<number> {
  const byteOf = ({ thread, number }: Owned) => 1 + ((thread * 31 + number) % 255)
  const filling = p.threads.map((thread, i) => {
    const batch = thread.batch()
    for (const block of live[i] ?? []) batch.fill(block.start, byteOf(block), block.bytes)
    return batch
  })
  await p.together(filling)
  const looks = p.threads.map((thread, i) => {
    const batch = thread.batch()
    return { batch, looked: (live[i] ?? []).map((block) => batch.verify(block.start, byteOf(block), block.bytes)) }
  })
  const results = await p.together(looks.map(({ batch }) => batch))
  return looks.reduce(
    (sum, { looked }, i) => sum + looked.filter((later) => results[i]?.difference(later) !== null).length,
    0,
  )
}

function drawLive(lab: Lab, p: Puppet, blocks: readonly Owned[]): void {
  const mappings = p
    .mappings()
    .filter(({ start, end }) => blocks.some((each) => each.start >= start && each.start < end))
  lab.picture({
    kind: 'map',
    title: `Live blocks of ${THREADS} threads`,
    mappings: mappings.map(({ start, end, name }) => ({ start: hex(start), end: hex(end), label: name })),
    blocks: blocks.map(({ start, bytes, thread }, age) => ({
      ...{ address: hex(start), size: bytes, process: String(p.pid), thread: `thread ${thread}` },
      ...{ sizeClass: bytes, age, live: true },
    })),
  })
}

/** Blocks and arenas in a block of the heap, carved rightly and wrongly. */
async function carve(lab: Lab, p: Puppet): Promise<void> {
  const base = await p.main.malloc(ARENA)
  const carved = (stride: number) =>
    Array.from({ length: CARVED.count }, (_, i) => ({ start: base + BigInt(i * stride), bytes: CARVED.bytes }))
  for (const [how, stride] of [
    ['rightly', CARVED.bytes],
    ['wrongly', CARVED.stride],
  ] as const) {
    const blocks = carved(stride)
    lab.fact(`carved ${how}: overlaps found`, findOverlaps(blocks).length)
    const batch = p.main.batch()
    for (const [i, { start, bytes }] of blocks.entries()) batch.fill(start, 1 + (i % 255), bytes)
    const looks = blocks.map(({ start, bytes }, i) => batch.verify(start, 1 + (i % 255), bytes))
    const result = await batch.run()
    lab.fact(`carved ${how}: blocks changed`, looks.filter((look) => result.difference(look) !== null).length)
  }
  await drawCarved(lab, p, base)
  const half = ARENA / 2
  const arenas = [
    { start: base, bytes: half },
    { start: base + BigInt(half - SHARED_END), bytes: half },
  ]
  const [shared] = findOverlaps(arenas)
  lab.fact('arenas whose ends overlap: bytes found to be shared', shared?.bytes ?? 0, 'B')
  await p.main.free(base)
}

/** What the second of two blocks carved wrongly does to the first: its last 16 bytes, before and after. */
async function drawCarved(lab: Lab, p: Puppet, base: bigint): Promise<void> {
  const { bytes, stride } = CARVED
  await p.main.fill(base, 0xaa, 2 * bytes)
  const rows = [base + BigInt(stride - 16), base + BigInt(stride), base + BigInt(bytes)]
  const read = async () => {
    const lines: string[] = []
    for (const row of rows) lines.push((await p.main.read(row, 16)).toString('hex'))
    return lines
  }
  const before = await read()
  await p.main.fill(base + BigInt(stride), 0xbb, bytes)
  const after = await read()
  const labels = ['the first block alone', 'in both blocks', 'the second block alone']
  lab.picture({
    kind: 'bytes',
    title: `Two blocks of ${bytes} bytes carved ${stride} apart, before and after the second is filled`,
    rows: rows.map((row, i) => ({
      ...{ address: hex(row), label: labels[i] ?? '' },
      ...{ before: before[i] ?? '', after: after[i] ?? '' },
    })),
  })
}

/** Arenas of the system: one over another, refused, placed elsewhere, and one memory at two addresses. */
async function mapTwice(lab: Lab, p: Puppet): Promise<void> {
  const [whole, part] = [16n * PAGE, 4n * PAGE]
  const first = await p.main.mmap(whole)
  await p.main.fill(first, 0x5a, whole)
  const address = first + part
  const anonymous = MAP_PRIVATE | MAP_ANONYMOUS

  const careful = p.main.batch()
  const kept = careful.mmap(part, { address, flags: anonymous | MAP_FIXED_NOREPLACE })
  const hinted = careful.mmap(part, { address })
  const answers = await careful.run()
  lab.fact('mapping over an arena with MAP_FIXED_NOREPLACE', answers.error(kept) ?? 'allowed')
  const elsewhere = { start: answers.value(hinted), bytes: Number(part) }
  lab.fact('mapping at its address as a hint: overlaps found', overlapsWith(first, whole, elsewhere))

  const second = { start: await p.main.mmap(part, { address, flags: anonymous | MAP_FIXED }), bytes: Number(part) }
  lab.fact('mapping over an arena with MAP_FIXED: overlaps found', overlapsWith(first, whole, second))
  const lost = await p.main.verify(first, 0x5a, whole)
  lab.fact('the arena below is unchanged up to byte', lost, 'B')

  const one = await p.main.mmap(whole, { flags: MAP_SHARED | MAP_ANONYMOUS })
  const batch = p.main.batch()
  // Of no bytes: a second view of the same memory (mremap(2), "old_size is zero").
  const view = batch.mremap(one, 0, whole)
  const result = await batch.run()
  if (result.error(view) !== null) {
    lab.fact('one memory at two addresses', `refused: ${result.error(view)}`)
    return
  }
  const two = result.value(view)
  await p.main.fill(one, 0x11, 64)
  lab.fact('one memory at two addresses', 'mapped')
  lab.fact('its addresses: overlaps found', overlapsWith(one, whole, { start: two, bytes: Number(whole) }))
  lab.fact('what is written to one is read at the other', (await p.main.verify(two, 0x11, 64)) === null)
  lab.fact('its backing memory: overlaps found', backingOverlaps(p, [one, two]))
}

function overlapsWith(start: bigint, bytes: bigint, other: Interval): number {
  return findOverlaps([{ start, bytes: Number(bytes) }, other]).length
}

/** The same check over what mappings show, in place of where they show it. */
function backingOverlaps(p: Puppet, addresses: readonly bigint[]): number {
  const mappings = p.mappings().filter(({ start, end }) => addresses.some((each) => each >= start && each < end))
  const backings = new Map<string, Interval[]>()
  for (const { start, end, offset, backing } of mappings) {
    if (backing === undefined) continue
    backings.set(backing, [...(backings.get(backing) ?? []), { start: offset, bytes: Number(end - start) }])
  }
  return [...backings.values()].reduce((sum, each) => sum + findOverlaps(each).length, 0)
}

/** A page is mapped over a live block: what was in it is gone, and the heap may or may not notice. */
async function mapOverBlock(lab: Lab): Promise<void> {
  const p = await lab.puppet({ threads: 0, timeoutMs: 3000 })
  const bytes = 16 * Number(PAGE)
  const block = await p.main.malloc(bytes)
  await p.main.fill(block, 0x5a, bytes)
  const page = ((block + PAGE) / PAGE + 1n) * PAGE
  await p.main.mmap(PAGE, { address: page, flags: MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED })
  lab.fact('a page mapped over a live block: first byte lost', await p.main.verify(block, 0x5a, bytes), 'B')
  const outcome = await outcomeOf(p.main.free(block))
  const word =
    outcome instanceof PuppetDied ? (outcome.signal ?? 'ended') : outcome instanceof PuppetHung ? 'hung' : 'went by'
  lab.fact('that block freed', word)
}

function aboutHeap(facts: Facts): string[] {
  const blocks = facts.number('live blocks of all threads')
  const overlaps = facts.number('blocks that overlap another')
  const outside = facts.number('blocks not wholly in writable memory')
  const touching = facts.number('blocks that begin where the one below ends')
  const changed = facts.get('blocks changed by the filling of others')
  const sentences: string[] = []
  if (overlaps > 0) {
    const between = facts.number('of these, blocks of two threads')
    sentences.push(
      `The heap gave the same bytes to two owners: ${overlaps} of ${blocks} live blocks begin within another` +
        `${between === 0 ? '' : `, ${between} of them within a block of another thread`}.`,
    )
  } else {
    sentences.push(
      `Of ${blocks} live blocks of ${THREADS} threads, no two share a byte that malloc_usable_size grants.`,
    )
  }
  if (typeof changed === 'string') sentences.push(`Filling all of them did not go well: ${changed}.`)
  else if (changed === 0) sentences.push('Each kept what it was filled with while all others were filled.')
  else sentences.push(`${changed} of them did not keep what they were filled with.`)
  if (outside > 0) sentences.push(`${outside} blocks reach out of the memory that the process may write to.`)
  if (overlaps === 0) {
    sentences.push(
      touching >= blocks / 2
        ? 'Most of them begin right where the one below ends, so that one byte too far is written into a neighbour.'
        : 'Most of them do not begin right where the one below ends: what lies between belongs to no block.',
    )
  }
  return sentences
}

function aboutPlanted(facts: Facts): string[] {
  const found = facts.number('carved wrongly: overlaps found')
  const changed = facts.number('carved wrongly: blocks changed')
  const right = facts.number('carved rightly: overlaps found') + facts.number('carved rightly: blocks changed')
  const arenas = facts.number('arenas whose ends overlap: bytes found to be shared')
  const sentences: string[] = []
  const all = CARVED.count - 1
  if (right > 0)
    sentences.push('Blocks that were carved rightly seem to overlap as well, so the check is not to be trusted.')
  sentences.push(
    found === all && arenas === SHARED_END
      ? `The check finds what was planted: all ${all} overlaps of blocks carved ${CARVED.bytes - CARVED.stride} bytes too ` +
          `close, and the ${sizeText(arenas)} that two arenas share.`
      : `The check found ${found} of ${all} planted overlaps, and ${sizeText(arenas)} of ${sizeText(SHARED_END)} that two ` +
          'arenas share: it misses some.',
  )
  sentences.push(
    changed === all
      ? 'Nothing else told of them: no call failed, and each block but the last had lost its end to the next.'
      : `${changed} of those blocks had lost bytes to the next.`,
  )
  return sentences
}

function aboutMappings(facts: Facts): string[] {
  const sentences: string[] = []
  const fixed = facts.number('mapping over an arena with MAP_FIXED: overlaps found')
  const lost = facts.get('the arena below is unchanged up to byte')
  const refused = facts.text('mapping over an arena with MAP_FIXED_NOREPLACE')
  if (fixed > 0 && typeof lost === 'number') {
    sentences.push(
      'mmap with MAP_FIXED maps over what is there without a word, and what was there is gone' +
        (refused === 'EEXIST' ? '; with MAP_FIXED_NOREPLACE the same is refused (EEXIST).' : '.'),
    )
  }
  if (facts.number('mapping at its address as a hint: overlaps found') === 0) {
    sentences.push('An address that is only a hint is moved out of the way.')
  }
  if (facts.get('what is written to one is read at the other') === true) {
    const seen = facts.number('its backing memory: overlaps found') > 0
    const plain = facts.number('its addresses: overlaps found') > 0
    sentences.push(
      plain
        ? 'One memory mapped twice is found by its addresses.'
        : `One memory mapped at two addresses has addresses that do not overlap; ${
            seen ? 'the same check over what the mappings show finds it.' : 'nothing here finds it but a write.'
          }`,
    )
  }
  const end = facts.text('that block freed')
  sentences.push(
    end === 'went by'
      ? "When a page was mapped over a live block's middle, the block was freed without complaint: the heap gave no sign."
      : end === 'hung'
        ? "When a page was mapped over a live block's middle, freeing the block did not come back."
        : `When a page was mapped over a live block's middle, freeing the block ended the process (${end}).`,
  )
  return sentences
}
