/** `mmap-compare` (08e): the same requests to the heap and to plain private and shared mappings. */

import { type Batch, type Later, memoryFlags } from '../batch.ts'
import { defineExperiment, type Facts, type Lab } from '../experiment.ts'
import { PAGE } from '../memory.ts'
import type { Puppet } from '../puppet.ts'
import { sizeText } from '../words.ts'

const COUNT = 32
const sizes = [64, 4096, 64 << 10, 1 << 20]
const { MAP_PRIVATE, MAP_SHARED, MAP_ANONYMOUS } = memoryFlags
const list = new Intl.ListFormat('en', { type: 'conjunction' })

/** A way of getting memory. */
interface Way {
  name: string
  take(batch: Batch, bytes: number): Later
  giveBack(batch: Batch, address: bigint, bytes: number): void
}

const mapped = (name: string, flags: number): Way => ({
  name,
  take: (batch, bytes) => batch.mmap(bytes, { flags: flags | MAP_ANONYMOUS }),
  giveBack: (batch, address, bytes) => batch.munmap(address, bytes),
})
const ways: readonly Way[] = [
  { name: 'heap', take: (batch, bytes) => batch.malloc(bytes), giveBack: (batch, address) => batch.free(address) },
  mapped('private mmap', MAP_PRIVATE),
  mapped('shared mmap', MAP_SHARED),
]
const [heap, privately, shared] = ['heap', 'private mmap', 'shared mmap'] as const

/** What is measured of a request, the median of all. */
interface Measured {
  way: string
  bytes: number
  /** From one request's address to the next one above it. */
  spacing: number
  resident: number
  /** Taking it and touching its pages, in nanoseconds. */
  first: number
  again: number
  back: number
}

const factNames = {
  spacing: 'addresses a request takes',
  resident: 'resident memory a request takes',
  first: 'time to take and touch',
  again: 'time to take and touch once more',
  back: 'time to give back',
} as const
const nameOf = (way: string, bytes: number, measure: keyof typeof factNames) =>
  `${way}, ${sizeText(bytes)}: ${factNames[measure]}`

export default defineExperiment({
  name: 'mmap-compare',
  question:
    'How does the heap stand against plain private and shared mappings in spacing, cost, and sharing after fork?',
  did:
    `One thread makes ${COUNT} requests each of ${sizes.map(sizeText).join(', ')} to the heap, to mmap with MAP_PRIVATE and ` +
    'to mmap with MAP_SHARED, touches every page, gives all back, and does it once more; each call is timed, and the ' +
    'median is taken. Then a block of each kind is written to by the parent, the process forks, and the child writes to it.',
  async observe(lab) {
    const p = await lab.puppet({ threads: 1 })
    const all: Measured[] = []
    for (const bytes of sizes) for (const way of ways) all.push(await measure(lab, p, way, bytes))
    draw(lab, all)
    for (const way of ways) await shareWithChild(lab, p, way)
  },
  explain: (facts) => [...aboutSpacing(facts), ...aboutCost(facts), ...aboutSharing(facts)],
})

async function measure(lab: Lab, p: Puppet, way: Way, bytes: number): Promise<Measured> {
  const before = p.memory().rssBytes
  const first = await take(p, way, bytes)
  const resident = Math.round((p.memory().rssBytes - before) / COUNT)
  const back = await giveBack(p, way, bytes, first.addresses)
  const again = await take(p, way, bytes)
  await giveBack(p, way, bytes, again.addresses)
  const order = first.addresses.toSorted((a, b) => (a < b ? -1 : 1))
  const spacing = median(order.slice(1).map((address, i) => Number(address - (order[i] ?? 0n))))
  const measured = { way: way.name, bytes, spacing, resident, first: first.ns, again: again.ns, back }
  for (const measure of ['spacing', 'resident', 'first', 'again', 'back'] as const) {
    const unit = measure === 'spacing' || measure === 'resident' ? 'B' : 'ns'
    lab.fact(nameOf(way.name, bytes, measure), measured[measure], unit)
  }
  return measured
}

async function take(p: Puppet, way: Way, bytes: number): Promise<{ addresses: bigint[]; ns: number }> {
  const batch = p.thread(0).batch()
  const taken = Array.from({ length: COUNT }, () => {
    const later = way.take(batch, bytes)
    return { later, touch: batch.touch(later, bytes) }
  })
  const result = await batch.run({ timed: true })
  const times = taken.map(({ later, touch }) => (result.ns[later.command] ?? 0) + (result.ns[touch.command] ?? 0))
  return { addresses: taken.map(({ later }) => result.value(later)), ns: median(times) }
}

async function giveBack(p: Puppet, way: Way, bytes: number, addresses: readonly bigint[]): Promise<number> {
  const batch = p.thread(0).batch()
  for (const address of addresses) way.giveBack(batch, address, bytes)
  return median([...(await batch.run({ timed: true })).ns])
}

function median(values: readonly number[]): number {
  const order = values.toSorted((a, b) => a - b)
  return Math.round(order[order.length >> 1] ?? 0)
}

function draw(lab: Lab, all: readonly Measured[]): void {
  const of = (way: string, measure: 'spacing' | 'again' | 'back') =>
    all.filter((each) => each.way === way).map((each): [number, number] => [each.bytes, each[measure]])
  const axis = { kind: 'lines', xTitle: 'request', xUnit: 'B', logX: true, logY: true } as const
  lab.picture({
    ...axis,
    ...{ title: 'Time to take and touch a request, once some were given back', yTitle: 'time', yUnit: 'ns' },
    series: ways.map(({ name }) => ({ name, points: of(name, 'again') })),
  })
  lab.picture({
    ...axis,
    ...{ title: 'Time to give a request back', yTitle: 'time', yUnit: 'ns' },
    series: ways.map(({ name }) => ({ name, points: of(name, 'back') })),
  })
  lab.picture({
    ...{ kind: 'matrix', title: 'Addresses that a request takes', unit: 'B' },
    ...{ rowTitle: 'from', columnTitle: 'request', rows: ways.map(({ name }) => name), columns: sizes.map(sizeText) },
    values: ways.map(({ name }) => of(name, 'spacing').map(([, bytes]) => bytes)),
  })
}

/** Whether what a child writes is seen by its parent, and whose the page is before, between and after. */
async function shareWithChild(lab: Lab, p: Puppet, way: Way): Promise<void> {
  const batch = p.thread(0).batch()
  const later = way.take(batch, 4 * Number(PAGE))
  const start = (await batch.run()).value(later)
  // A page that is the block's alone: on its first and last ones the heap may write as well.
  const address = (start / PAGE + 1n) * PAGE
  await p.thread(0).write(address, 'parent')
  const owned = () => p.pages(address, address + 1n)[0]?.exclusive === true
  lab.fact(`${way.name}: page of the parent alone before fork`, owned())
  const child = await p.fork(0)
  lab.fact(`${way.name}: page of the parent alone after fork`, owned())
  const inherited = String(await child.main.read(address, 6)) === 'parent'
  lab.fact(`${way.name}: the child reads what the parent wrote`, inherited)
  await child.main.write(address, 'child!')
  lab.fact(
    `${way.name}: the parent reads what the child wrote`,
    String(await p.thread(0).read(address, 6)) === 'child!',
  )
  lab.fact(`${way.name}: page of the parent alone after the child has written`, owned())
  await child.exit(0, { quickly: true })
}

const words = (bytes: readonly number[]) => list.format(bytes.map(sizeText))

function aboutSpacing(facts: Facts): string[] {
  const [small = 0, ...larger] = sizes
  const own = facts.number(nameOf(heap, small, 'spacing'))
  const plain = facts.number(nameOf(privately, small, 'spacing'))
  const sentences = [
    own < plain
      ? `A request of ${small} bytes takes ${own} bytes of addresses from the heap and ${plain} as a mapping: ` +
        `${Math.floor(plain / own)} of them have room in what one mapping takes.`
      : `A request of ${small} bytes takes ${own} bytes of addresses from the heap, no less than a mapping.`,
  ]
  const by = (test: (spacing: number, bytes: number) => boolean) =>
    larger.filter((bytes) => test(facts.number(nameOf(heap, bytes, 'spacing')), bytes))
  const exact = by((spacing, bytes) => spacing === bytes)
  const little = by((spacing, bytes) => spacing > bytes && spacing < bytes * 1.125)
  if (exact.length > 0) sentences.push(`At ${words(exact)} it takes just as much as is asked for.`)
  if (little.length > 0) sentences.push(`At ${words(little)} it takes less than an eighth more than is asked for.`)
  for (const bytes of by((spacing, size) => spacing >= size * 1.125)) {
    const factor = facts.number(nameOf(heap, bytes, 'spacing')) / bytes
    sentences.push(`At ${sizeText(bytes)} it takes ${factor.toFixed(1)} times as much as is asked for.`)
  }
  return sentences
}

/** How often the heap's time goes into the mapping's, in steps so wide that the same heap always comes to the same. */
function aboutCost(facts: Facts): string[] {
  const compared = sizes.map((bytes) => ({
    bytes,
    ratio: facts.number(nameOf(privately, bytes, 'again')) / Math.max(1, facts.number(nameOf(heap, bytes, 'again'))),
  }))
  const of = (from: number, to: number) =>
    compared.filter(({ ratio }) => ratio >= from && ratio < to).map(({ bytes }) => bytes)
  const [cheaper, near, dearer] = [of(4, Number.POSITIVE_INFINITY), of(0.25, 4), of(0, 0.25)]
  const sentences: string[] = []
  if (cheaper.length > 0) {
    sentences.push(
      `Taken once more and touched, the heap is at least four times as fast as a mapping at ${words(cheaper)}: ` +
        'it seldom has to ask the system.',
    )
  }
  if (near.length > 0) sentences.push(`At ${words(near)} heap and mapping are within four times of each other.`)
  if (dearer.length > 0) sentences.push(`At ${words(dearer)} a mapping is at least four times as fast.`)
  return sentences
}

function aboutSharing(facts: Facts): string[] {
  const seen = (way: string) => facts.yes(`${way}: the parent reads what the child wrote`)
  const copied = (way: string) =>
    !facts.yes(`${way}: page of the parent alone after fork`) &&
    facts.yes(`${way}: page of the parent alone after the child has written`)
  const sentences: string[] = []
  if (seen(heap)) {
    sentences.push(
      "What the child writes to the heap's block is seen by the parent: this memory is shared across fork.",
    )
  } else if (copied(heap)) {
    sentences.push(
      "The heap's block behaves as private memory does: its page is shared after fork until the child writes, which gives " +
        'the child a copy.',
    )
  } else {
    sentences.push(
      "What the child writes to the heap's block is not seen by the parent; its page was copied before the child wrote.",
    )
  }
  if (seen(shared) && !seen(privately)) {
    sentences.push('To be seen by the other process, memory has to be mapped with MAP_SHARED before the fork.')
  }
  return sentences
}
