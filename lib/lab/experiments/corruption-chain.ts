/**
 * `corruption-chain` (08b): one thread writes into its block and past it. Which neighbours change, own or another
 * thread's, payload or metadata; and who notices, when. Every write has a process of its own.
 */

import { DAMAGE, type Held, type Outcome, ownerOf, PIECE, type Trial, tryDamage } from '../damage.ts'
import { defineExperiment, type Facts, type Lab } from '../experiment.ts'
import { hex } from '../words.ts'

const SIZE = 56
const LARGE = 1024 * 1024
const endOf = ({ address, size }: Held) => address + BigInt(size)

/** From a block's end to the end of the one behind it, where that is near. */
function overNext(block: Held, behind: Held | undefined): number {
  const distance = behind === undefined ? 4096 : Number(endOf(behind) - endOf(block))
  return distance < 4096 ? distance : 256
}

const trials: readonly Trial[] = [
  { name: 'into the block', size: SIZE, write: ({ address, size }) => ({ from: address, bytes: size }) },
  { name: '1 byte past its end', size: SIZE, write: (block) => ({ from: endOf(block), bytes: 1 }) },
  { name: '16 bytes past its end', size: SIZE, write: (block) => ({ from: endOf(block), bytes: 16 }) },
  {
    name: 'over all of the block behind it',
    size: SIZE,
    write: (block, behind) => ({ from: endOf(block), bytes: overNext(block, behind) }),
  },
  { name: '16 bytes in front of it', size: SIZE, write: ({ address }) => ({ from: address - 16n, bytes: 16 }) },
  {
    name: 'into it once it is freed',
    size: SIZE,
    freed: true,
    write: ({ address }) => ({ from: address, bytes: 16 }),
  },
  {
    name: '8 KiB past the end of a block of 1 MiB',
    size: LARGE,
    write: (block) => ({ from: endOf(block), bytes: 8192 }),
  },
]
const [control, ...harmful] = trials
const drawn = 'over all of the block behind it'

export default defineExperiment({
  name: 'corruption-chain',
  question:
    'What changes when a thread writes into its block and past it: own blocks or those of another thread, their content ' +
    "or the heap's own data; and who notices, when?",
  did:
    `Two threads take turns at allocating blocks of ${SIZE} bytes and fill them. Thread 0 then writes bytes of ` +
    `0x${DAMAGE.toString(16)} to a place that depends on the trial; a block's end is where malloc_usable_size says. ` +
    'All blocks are compared with what was in them. Then the block is freed, the one behind it is freed by whoever has ' +
    'it, both threads allocate 1500 blocks of that size and some of others and fill them, everything is freed, and the process exits; what ' +
    'ends it before that has noticed. Each trial has a process of its own.',
  async observe(lab) {
    const found: { trial: Trial; outcome: Outcome }[] = []
    for (const trial of trials) {
      const outcome = await tryDamage(lab, trial)
      found.push({ trial, outcome })
      tell(lab, trial.name, outcome)
    }
    draw(lab, found)
  },
  explain(facts) {
    return [...explainNeighbours(facts), ...trials.map(({ name }) => explainTrial(facts, name)), summary(facts)]
  },
  model(facts) {
    // The first one stays inside, to show that writing alone does nothing.
    const wrong = trials.slice(1)
    const ends = wrong.filter(({ name }) => facts.text(`${name}: ends the process`) !== 'never')
    const said = ends.filter(({ name }) => typeof facts.get(`${name}: the heap says`) === 'string')
    return {
      'wrong writes': `of ${wrong.length}, ${ends.length} end the process, ${said.length} of these by the heap's own word`,
    }
  },
})

function tell(lab: Lab, name: string, { changed, damaged, noticed, ...outcome }: Outcome): void {
  lab.fact(`${name}: other blocks of the writing thread that change`, damaged.own)
  lab.fact(`${name}: blocks of the other thread that change`, damaged.others)
  lab.fact(`${name}: bytes of no block that change`, changed.noBlock, 'B')
  lab.fact(`${name}: of these, bytes that were not zero`, changed.noBlockNotZero, 'B')
  lab.fact(`${name}: ends the process`, noticed?.stage ?? 'never')
  lab.fact(`${name}: how`, noticed?.how ?? null)
  lab.fact(`${name}: in which thread`, noticed === null ? null : threadWord(noticed.thread))
  lab.fact(`${name}: the heap says`, outcome.said)
  lab.fact(`${name}: blocks allocated later that overlap live ones`, outcome.givenTwice)
  lab.fact(`${name}: blocks allocated later where no memory is`, outcome.noMemory)
  lab.fact(`${name}: blocks that change later`, outcome.changedLater)
}

function threadWord(thread: string | null): string {
  return thread === 'thread 0' ? 'the one that wrote' : thread === 'thread 1' ? 'the other' : (thread ?? 'unknown')
}

function draw(lab: Lab, found: readonly { trial: Trial; outcome: Outcome }[]): void {
  lab.picture({
    ...{
      kind: 'matrix',
      title: 'Bytes that a write changes, by whose they are',
      rowTitle: 'written',
      columnTitle: 'changed',
    },
    rows: found.map(({ trial }) => trial.name),
    columns: ['the block itself', 'of no block', 'other blocks of the thread', "the other thread's blocks"],
    values: found.map(({ outcome: { changed, noticed } }) =>
      noticed?.stage === 'at once'
        ? [null, null, null, null]
        : [changed.ownBlock, changed.noBlock, changed.ownOthers, changed.others],
    ),
    unit: 'B',
  })
  for (const { trial, outcome } of found) {
    if (trial.name === drawn)
      lab.picture({ kind: 'bytes', title: `Memory around a write ${trial.name}`, rows: rowsOf(outcome) })
  }
}

/** A row for each stretch of at most sixteen bytes with one owner. */
function rowsOf({
  window,
  blocks,
  block,
}: Outcome): { address: string; label: string; before: string; after: string }[] {
  const bytes = window.before.flatMap((before, i) => {
    const after = window.after[i]
    if (before === null || after === null || after === undefined) return []
    return Array.from({ length: PIECE }, (_, at) => ({
      ...{ address: window.start + BigInt(i * PIECE + at), before: before[at] ?? 0, after: after[at] ?? 0 },
    }))
  })
  const digits = (byte: number) => byte.toString(16).padStart(2, '0')
  const rows: { address: string; label: string; before: string; after: string; end: bigint }[] = []
  for (const { address, before, after } of bytes) {
    const owner = ownerOf(blocks, address)
    const label =
      owner === undefined ? 'no block' : owner === block ? 'the block (thread 0)' : `a block of thread ${owner.thread}`
    const row = rows.at(-1)
    const goesOn = row?.label === label && row.end === address && row.before.length < 2 * PIECE
    if (row !== undefined && goesOn && owner?.address !== address) {
      row.before += digits(before)
      row.after += digits(after)
      row.end = address + 1n
    } else rows.push({ address: hex(address), label, before: digits(before), after: digits(after), end: address + 1n })
  }
  return rows.map(({ end: _, ...row }) => row)
}

const count = (number: number, one: string, many: string) => `${number} ${number === 1 ? one : many}`

/** What lies behind a block, by what sixteen bytes past its end change. */
function explainNeighbours(facts: Facts): string[] {
  const of = (what: string) => facts.get(`16 bytes past its end: ${what}`)
  if (of('ends the process') === 'at once') return []
  const isOwn = of('other blocks of the writing thread that change') !== 0
  const isOther = of('blocks of the other thread that change') !== 0
  const between = facts.number('16 bytes past its end: bytes of no block that change')
  const used = facts.number('16 bytes past its end: of these, bytes that were not zero')
  const whose = isOwn ? 'of the same thread' : 'of the other thread'
  if (between === 0 && (isOwn || isOther)) return [`Behind the end of a block another one begins at once, ${whose}.`]
  if (between === 0) return ['Sixteen bytes behind the end of a block nothing changes.']
  const what = used === 0 ? 'all of them zero' : 'not all of them zero: something is kept there'
  const then = isOwn || isOther ? `; then comes a block ${whose}` : ''
  return [`Behind the end of a block, ${between} of the next 16 bytes are no block's, ${what}${then}.`]
}

function explainTrial(facts: Facts, name: string): string {
  const own = facts.number(`${name}: other blocks of the writing thread that change`)
  const others = facts.number(`${name}: blocks of the other thread that change`)
  const between = facts.number(`${name}: bytes of no block that change`)
  const stage = facts.text(`${name}: ends the process`)
  const changes = [
    ...(own > 0 ? [count(own, 'other block of its own thread', 'other blocks of its own thread')] : []),
    ...(others > 0 ? [count(others, 'block of the other thread', 'blocks of the other thread')] : []),
    ...(between > 0 ? [count(between, "byte that is no block's", "bytes that are no block's")] : []),
  ]
  const written = `Writing ${name} `
  if (stage === 'at once') return `${written}does not come to an end: ${howWords(facts, name)} at once.`
  const changed = changes.length === 0 ? 'changes nothing else' : `changes ${changes.join(' and ')}`
  return `${written}${changed}${laterWords(facts, name)}; ${noticeWords(facts, name, stage)}.`
}

function laterWords(facts: Facts, name: string): string {
  const twice = facts.number(`${name}: blocks allocated later that overlap live ones`)
  const nowhere = facts.number(`${name}: blocks allocated later where no memory is`)
  const later = facts.number(`${name}: blocks that change later`)
  return [
    ...(twice > 0
      ? [`, and malloc later gives out memory that is in use (${count(twice, 'overlap', 'overlaps')})`]
      : []),
    ...(nowhere > 0
      ? [`, and malloc later gives out ${count(nowhere, 'address', 'addresses')} where no memory is`]
      : []),
    ...(later > 0
      ? [`, by which ${count(later, 'block changes', 'blocks change')} that nobody meant to write to`]
      : []),
  ].join('')
}

function noticeWords(facts: Facts, name: string, stage: string): string {
  const said = facts.get(`${name}: the heap says`)
  if (stage === 'never')
    return typeof said === 'string' ? `the heap goes on, and says: ${said}` : 'the heap does not notice'
  const thread = facts.get(`${name}: in which thread`)
  const where = thread === 'the other' ? ', in the other thread' : ''
  return `${howWords(facts, name)} ${stage}${where}`
}

function howWords(facts: Facts, name: string): string {
  const how = facts.get(`${name}: how`)
  if (how === 'SIGABRT') return 'the heap stops the process'
  if (how === 'hang') return 'a call never comes back'
  return `the process crashes (${how})`
}

function summary(facts: Facts): string {
  const of = (test: (stage: string, how: unknown) => boolean) =>
    harmful.filter(({ name }) => test(facts.text(`${name}: ends the process`), facts.get(`${name}: how`))).length
  const stopped = of((stage, how) => stage !== 'never' && how === 'SIGABRT')
  const unseen = of((stage) => stage === 'never')
  const other = harmful.length - stopped - unseen
  const words = [
    ...(stopped > 0 ? [`the heap stops the process for ${stopped}`] : []),
    ...(other > 0 ? [`${other} ${other === 1 ? 'crashes or hangs' : 'crash or hang'} it`] : []),
    ...(unseen > 0 ? [`${unseen} ${unseen === 1 ? 'goes' : 'go'} by unseen until its end`] : []),
  ]
  const fine = control === undefined || facts.text(`${control.name}: ends the process`) === 'never'
  return `Of ${harmful.length} wrong writes ${words.join(', ')}.${fine ? '' : ' Even a right one ended the process.'}`
}
