/**
 * `fork-inherit` (08c): a process forks while its threads hold blocks, and while they are allocating. What the child
 * inherits, which pages are copied by what, whether it can allocate and free, and whether it deadlocks.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { outcomeOf, PuppetDied, PuppetHung } from '../died.ts'
import { defineExperiment, type Facts, type Lab } from '../experiment.ts'
import { countThreads, PAGE } from '../memory.ts'
import { copiedPages, privatePages } from '../own-pages.ts'
import type { PuppetProcess } from '../process.ts'
import type { Puppet } from '../puppet.ts'
import { countMet, type Placed } from '../spacing.ts'
import type { PuppetThread } from '../thread.ts'

const THREADS = 3
const BLOCKS = 16
const SIZE = 1000
/** A block of several pages, whose copies can be seen one by one. */
const LARGE = 65536
const FORKS = 20
/** On a machine with other work there are fewer of them, but not fewer than this. */
const LEAST_FORKS = 5
const BUDGET_MS = 2000
/** How many allocations the memory of freed blocks is looked for in. */
const NEXT = 200
/** How long a child may take for what takes a thousandth of it. */
const TIMEOUT_MS = 1500
/** How long threads allocate around a fork. */
const BUSY_MS = 40
/** So many children that hang or die are enough to know. */
const ENOUGH = 2

interface Held extends Placed {
  thread: number
  content: number
}

export default defineExperiment({
  name: 'fork-inherit',
  question:
    'What does a child inherit that is forked while threads hold blocks and while they allocate: which pages are copied, ' +
    'can it allocate and free, does it deadlock?',
  did:
    `${THREADS} threads hold ${BLOCKS} filled blocks of ${SIZE} bytes and one of 64 KiB each when thread 0 forks. The ` +
    'child compares all blocks; both sides write to the 64 KiB of thread 1, and the page tables show which pages are ' +
    'whose. The child allocates, frees blocks of its own thread and of those that it has not, frees all, and starts a ' +
    `thread that allocates. Then thread 0 of another process forks up to ${FORKS} times while the other threads allocate ` +
    `and free without pause, and each child allocates and frees; one that takes longer than ${TIMEOUT_MS} ms hangs.`,
  async observe(lab) {
    const p = await lab.puppet({ threads: THREADS, timeoutMs: TIMEOUT_MS })
    const held = await hold(p)
    const child = await outcomeOf(p.fork(0))
    lab.fact('a quiet fork', wordOf(child))
    if (isProcess(child)) {
      lab.fact('blocks held at the fork', held.length)
      lab.fact('blocks that the child has as they were', held.length - (await changed(child, held)))
      lab.fact('threads of the parent', countThreads(p.pid))
      lab.fact('threads of the child', countThreads(child.pid))
      await watchPages(lab, p, child, held)
      await useHeap(lab, child, held)
      lab.fact('blocks of the parent that the child changed', await changed(p, held.slice(1)))
      lab.fact('the parent frees all of its blocks', wordOf(await outcomeOf(freeAll(p.threads, held))))
    }
    await p.close()
    await forkBusy(lab)
  },
  explain(facts) {
    if (facts.text('a quiet fork') !== 'works') {
      return [`A fork while other threads only hold blocks ${facts.text('a quiet fork')}.`, ...explainBusy(facts)]
    }
    return [...explainInherited(facts), ...explainPages(facts), ...explainUse(facts), ...explainBusy(facts)]
  },
  model(facts) {
    if (!facts.has('children that hung')) return {}
    const hung = facts.number('children that hung') + facts.number('of these, forks that did not come back')
    return {
      'forks while others allocate':
        hung === 0 ? 'none hangs' : `${hung} of ${facts.number('forks while others allocate')} hang`,
    }
  },
})

/** What came of something, as facts have it. */
function wordOf(outcome: unknown): string {
  if (outcome instanceof PuppetHung) return 'hangs'
  if (outcome instanceof PuppetDied) return `dies (${outcome.signal ?? `status ${outcome.exitCode}`})`
  return outcome === null ? 'gets no memory' : 'works'
}

/** A block, or null. */
async function mallocOf(thread: PuppetThread, size: number): Promise<bigint | null> {
  return (await thread.malloc(size)) || null
}

/** The large block of thread 1 first. */
async function hold(p: Puppet): Promise<Held[]> {
  const held: Held[] = []
  for (const [thread, each] of p.threads.entries()) {
    for (const [i, size] of [LARGE, ...Array.from({ length: BLOCKS }, () => SIZE)].entries()) {
      const block = { address: await each.malloc(size), size, thread, content: 32 * (thread + 1) + i }
      await each.fill(block.address, block.content, size)
      if (thread === 1 && size === LARGE) held.unshift(block)
      else held.push(block)
    }
  }
  return held
}

/** How many blocks are not as they were filled. */
async function changed(process: PuppetProcess, held: readonly Held[]): Promise<number> {
  const batch = process.main.batch()
  const checks = held.map(({ address, content, size }) => batch.verify(address, content, size))
  const result = await batch.run()
  return checks.filter((check) => result.difference(check) !== null).length
}

/** Has the threads free what they allocated; a child has one thread for all of it. */
async function freeAll(threads: readonly PuppetThread[], held: readonly Held[]): Promise<void> {
  for (const [i, thread] of threads.entries()) {
    const batch = thread.batch()
    for (const { address } of held.filter((each) => threads.length === 1 || each.thread === i)) batch.free(address)
    await batch.run()
  }
}

/** The pages of the large block in both processes, before and after each of them writes a byte. */
async function watchPages(lab: Lab, p: Puppet, child: PuppetProcess, [large]: readonly Held[]): Promise<void> {
  if (large === undefined) return
  const first = (large.address + PAGE - 1n) / PAGE
  const last = (large.address + BigInt(large.size)) / PAGE
  const look = (process: PuppetProcess) => process.pages(first * PAGE, last * PAGE).map(({ exclusive }) => exclusive)
  const count = (states: readonly boolean[]) => states.filter((own) => own).length
  const byChild = (first + 3n) * PAGE
  const byParent = (first + 6n) * PAGE
  const rows = [{ name: 'child, after the fork', states: look(child) }]
  await child.main.write(byChild, 'c')
  rows.push({ name: 'child, after it wrote to page 3', states: look(child) })
  rows.push({ name: 'parent, after that', states: look(p) })
  await p.thread(1).write(byParent, 'p')
  rows.push({ name: 'child, after the parent wrote to page 6', states: look(child) })
  const [forked = [], written = [], , later = []] = rows.map(({ states }) => states)
  lab.fact('pages of a block of 64 KiB', forked.length)
  lab.fact("of these, the child's own after the fork", count(forked))
  lab.fact("the child's own after it wrote one byte", count(written))
  lab.fact("the child's own after the parent wrote one byte to another page", count(later))
  const seenByParent = (await p.main.read(byChild, 1))[0]
  const seenByChild = (await child.main.read(byParent, 1))[0]
  lab.fact(
    'parent and child see what the other writes',
    seenByParent !== large.content || seenByChild !== large.content,
  )
  lab.picture({
    ...{
      kind: 'matrix',
      title: 'Pages of a block after fork: 1 for own, 0 for shared',
      rowTitle: 'whose',
      columnTitle: 'page',
    },
    rows: rows.map(({ name }) => name),
    columns: forked.map((_, page) => String(page)),
    values: rows.map(({ states }) => states.map((own) => (own ? 1 : 0))),
    unit: '',
  })
}

/** Has the child use the heap, and counts the pages that each use copies. */
async function useHeap(lab: Lab, child: PuppetProcess, held: readonly Held[]): Promise<void> {
  // What obeying takes is copied by then.
  for (let i = 0; i < 3; ++i) await child.main.usableSize(held[0]?.address ?? 0n)
  const { own, shared } = privatePages(child)
  lab.fact('pages that the child has', own.size + shared.size)
  const blockOf = (thread: number) => held.findLast((each) => each.thread === thread) as Held
  const [mine, others] = [blockOf(0), blockOf(2)]
  const rest = held.filter((each) => each !== mine && each !== others)
  const uses: readonly [name: string, work: () => Promise<unknown>][] = [
    ['nothing', () => child.main.usableSize(rest[0]?.address ?? 0n)],
    ['first malloc', () => mallocOf(child.main, 100)],
    ['second malloc', () => mallocOf(child.main, 100)],
    ['free of a block of its thread', () => child.main.free(mine.address)],
    ['free of a block of another thread', () => child.main.free(others.address)],
    ['free of all the rest', () => freeAll([child.main], rest)],
  ]
  const bars: { label: string; value: number }[] = []
  for (const [name, work] of uses) {
    const before = privatePages(child)
    const outcome = await outcomeOf(work())
    lab.fact(`child: ${name}`, wordOf(outcome))
    if (outcome instanceof PuppetHung || outcome instanceof PuppetDied) return
    const copies = copiedPages(before, privatePages(child))
    lab.fact(`child: ${name} copies`, copies, 'pages')
    bars.push({ label: name, value: copies })
  }
  lab.picture({
    ...{ kind: 'bars', title: 'Pages that the child copies', xTitle: '', yTitle: 'pages' },
    unit: 'pages',
    bars,
  })
  const gone = held.filter(({ thread, size }) => thread !== 0 && size === SIZE)
  const batch = child.main.batch()
  const next = Array.from({ length: NEXT }, () => batch.malloc(SIZE))
  const result = await batch.run()
  const again = countMet(
    gone,
    next.map((later) => ({ address: result.value(later), size: SIZE })),
  )
  lab.fact('blocks of threads that the child has not', gone.length)
  lab.fact('of these, blocks whose memory it gets again once they are freed', again)
  const thread = await outcomeOf(child.startThread().then((started) => mallocOf(started, SIZE)))
  lab.fact('a thread of the child allocates', wordOf(thread))
}

/**
 * Small sizes, so many that they are more than threads keep for themselves, and some that no thread does. Small, because
 * under a heap that reuses nothing all of it adds up.
 */
function churn(thread: PuppetThread, count: number) {
  const batch = thread.batch()
  const sizes = [16, 40, 72, 96, 200]
  const blocks = Array.from({ length: count }, (_, i) => batch.malloc(i % 30 === 0 ? 300_000 : (sizes[i % 5] ?? 0)))
  for (const block of blocks) batch.free(block)
  return batch
}

/** What came of forks that were made while other threads were allocating. */
interface Busy {
  forks: number
  hungForks: number
  worked: number
  hung: number
  died: number
  /** Of both, those that never came out of fork. */
  inFork: number
  /** Got no memory. */
  refused: number
  state: string | null
}

/** Forks while the other threads go on allocating. */
async function forkBusy(lab: Lab): Promise<void> {
  const p = await lab.puppet({ threads: 4, timeoutMs: TIMEOUT_MS })
  const found: Busy = { forks: 0, hungForks: 0, worked: 0, hung: 0, died: 0, inFork: 0, refused: 0, state: null }
  const rounds = await roundsFor(p.threads.slice(1))
  const begun = performance.now()
  const isEnough = () => found.forks === FORKS || (found.forks >= LEAST_FORKS && performance.now() - begun > BUDGET_MS)
  for (let tries = 0; tries < 2 * FORKS && !isEnough(); ++tries) {
    if (!(await forkOnce(p, rounds, found))) break
  }
  lab.fact('forks while others allocate', found.forks)
  lab.fact('of these, forks that did not come back', found.hungForks)
  lab.fact('children that allocated and freed', found.worked)
  lab.fact('children that hung', found.hung)
  lab.fact('children that died', found.died)
  lab.fact('of these two, children that never came out of fork', found.inFork)
  lab.fact('children that got no memory', found.refused)
  lab.fact('what the last one that hung was at', found.state)
  lab.fact('the parent allocates and frees afterwards', wordOf(await outcomeOf(churn(p.main, 100).run())))
  await p.close()
}

/** How many rounds keep these threads busy for long enough to fork meanwhile. */
async function roundsFor(threads: readonly PuppetThread[]): Promise<number> {
  // Fewer would be over before the threads get into one another's way.
  const some = 40
  const spans = await Promise.all(threads.map((thread) => churn(thread, 300).run({ repeat: some })))
  const ms = Math.max(...spans.map(({ totalNs }) => totalNs)) / 1e6
  return Math.min(Math.max(Math.ceil((some * BUSY_MS) / ms), 2), 5000)
}

/** One fork, counted only if others were allocating from before it until after it. False where there is enough to know. */
async function forkOnce(p: Puppet, rounds: number, found: Busy): Promise<boolean> {
  const [forker, ...others] = p.threads as [PuppetThread, ...PuppetThread[]]
  const busy = Promise.all(others.map((thread) => outcomeOf(churn(thread, 300).run({ repeat: rounds }))))
  await sleep(2)
  const before = process.hrtime.bigint()
  const forked = await outcomeOf(p.forkFrom(forker))
  const after = process.hrtime.bigint()
  const used = isProcess(forked) ? await outcomeOf(useOnce(forked)) : forked
  const spans = await busy
  const isWithin = spans.some(
    (span) =>
      !(span instanceof PuppetHung || span instanceof PuppetDied) &&
      span.startNs < before &&
      span.startNs + BigInt(Math.round(span.totalNs)) > after,
  )
  if (!isWithin && isProcess(forked)) return true
  ++found.forks
  if (!isProcess(forked) && forked.pid !== p.pid) ++found.inFork
  if (used instanceof PuppetHung) {
    found.state = used.state
    ++found[used.pid === p.pid ? 'hungForks' : 'hung']
  } else if (used instanceof PuppetDied) ++found.died
  else ++found[used === false ? 'refused' : 'worked']
  return found.hungForks === 0 && found.hung + found.died < ENOUGH && p.died === null
}

function isProcess(outcome: PuppetProcess | PuppetDied | PuppetHung): outcome is PuppetProcess {
  return !(outcome instanceof PuppetHung || outcome instanceof PuppetDied)
}

/** False where it gets no memory. */
async function useOnce(child: PuppetProcess): Promise<boolean> {
  const batch = churn(child.main, 600)
  const result = await batch.run()
  await child.exit(0, { quickly: true })
  return batch.commands.every(({ op }, i) => op !== 'malloc' || result.values[i] !== 0n)
}

function explainInherited(facts: Facts): string[] {
  const [held, same] = [facts.number('blocks held at the fork'), facts.number('blocks that the child has as they were')]
  const [parent, child] = [facts.number('threads of the parent'), facts.number('threads of the child')]
  const blocks =
    same === held ? `all ${held} blocks as they were, at the same addresses` : `${same} of ${held} blocks as they were`
  return [`The child has ${blocks}, and ${child} of ${parent} threads.`]
}

function explainPages(facts: Facts): string[] {
  const pages = facts.number('pages of a block of 64 KiB')
  const forked = facts.number("of these, the child's own after the fork")
  const byChild = facts.number("the child's own after it wrote one byte") - forked
  const byParent = facts.number("the child's own after the parent wrote one byte to another page") - forked - byChild
  const sentences = [
    forked === 0
      ? 'After the fork parent and child share every page of a block of 64 KiB.'
      : `After the fork parent and child share ${pages - forked} of ${pages} pages of a block of 64 KiB.`,
    byChild === 1 && byParent === 1
      ? 'A byte that one of them writes makes a copy of that page alone, whichever of the two writes.'
      : `A byte that the child writes makes ${byChild} pages its own, one that the parent writes ${byParent}.`,
  ]
  sentences.push(
    facts.yes('parent and child see what the other writes')
      ? 'What one of them writes the other one sees: the memory is not private.'
      : 'Neither sees what the other writes.',
  )
  return sentences
}

const uses = [
  'first malloc',
  'second malloc',
  'free of a block of its thread',
  'free of a block of another thread',
  'free of all the rest',
] as const

function explainUse(facts: Facts): string[] {
  const failed = uses.find((use) => facts.get(`child: ${use}`) !== 'works')
  if (failed !== undefined) return [`In the child the ${failed} ${facts.get(`child: ${failed}`) ?? 'was not reached'}.`]
  const words = uses.map((use) => `the ${use} ${facts.number(`child: ${use} copies`)}`)
  const sentences = [
    'The child allocates and frees all blocks, also those of threads that it does not have.',
    `Of the pages that it shares with the parent, copies are made by this many: ${words.join(', ')}.`,
  ]
  const gone = facts.number('blocks of threads that the child has not')
  const again = facts.number('of these, blocks whose memory it gets again once they are freed')
  sentences.push(
    `In its next ${NEXT} allocations it gets the memory of ${again === 0 ? 'none' : again} of the ${gone} blocks of ` +
      'threads that it does not have.',
  )
  const thread = facts.text('a thread of the child allocates')
  if (thread !== 'works') sentences.push(`A thread that the child starts ${thread} when it allocates.`)
  const spoilt = facts.number('blocks of the parent that the child changed')
  const parent = facts.text('the parent frees all of its blocks')
  if (spoilt > 0) sentences.push(`Of the blocks of the parent ${spoilt} have changed by that.`)
  else sentences.push('The blocks of the parent are as they were.')
  if (parent !== 'works') sentences.push(`When the parent frees its blocks it ${parent}.`)
  return sentences
}

function explainBusy(facts: Facts): string[] {
  const forks = facts.number('forks while others allocate')
  const worked = facts.number('children that allocated and freed')
  const hung = facts.number('children that hung')
  const died = facts.number('children that died')
  const refused = facts.number('children that got no memory')
  if (forks === 0) return ['No fork could be made while other threads were allocating, so nothing is known of that.']
  const sentences: string[] = []
  if (facts.number('of these, forks that did not come back') > 0) {
    sentences.push(`While other threads allocate, fork itself does not come back (fork ${forks}).`)
  } else if (worked === forks) {
    sentences.push('Forked while other threads allocate, all children allocate and free: none deadlocks.')
  } else {
    const what = [
      ...(hung > 0 ? [`${hung} hang`] : []),
      ...(died > 0 ? [`${died} die`] : []),
      ...(refused > 0 ? [`${refused} get no memory`] : []),
    ].join(' and ')
    const inFork = facts.number('of these two, children that never came out of fork')
    const some = `when they go on to allocate and free${inFork > 0 ? `, ${inFork} of them inside of fork already` : ''}`
    const when = inFork > 0 && inFork === hung + died && refused === 0 ? 'inside of fork itself' : some
    sentences.push(`Of ${forks} children forked while other threads allocate ${what} ${when}.`)
  }
  const state = facts.get('what the last one that hung was at')
  if (typeof state === 'string') sentences.push(`The last one that hung: ${state}.`)
  const after = facts.text('the parent allocates and frees afterwards')
  if (after !== 'works') sentences.push(`The parent itself ${after} afterwards.`)
  return sentences
}
