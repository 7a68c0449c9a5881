// How many commands a second a puppet obeys: one by one, each awaited before the next, and in lists. What is measured is
// a free of null, which costs the heap nothing, so that the channel is what is left.

import { puppet } from '../../dist/index.js'

const SINGLE = 20_000
const LISTED = 200_000
const ROUNDS = 5

/** The rows, each the median of some rounds. */
export async function puppetRows() {
  await using(async (p) => {
    await singly(p, 1000)
  })
  const singles = []
  const lists = []
  await using(async (p) => {
    for (let round = 0; round < ROUNDS; ++round) {
      singles.push(SINGLE / (await seconds(() => singly(p, SINGLE))))
      lists.push(LISTED / (await seconds(() => listed(p, LISTED))))
    }
  })
  const row = (what, rates, least) => ({
    what,
    value: 1e9 / median(rates),
    unit: 'ns',
    against: `${least.toLocaleString('en')} a second`,
    reference: 1e9 / least,
    budget: 1,
    note: `${Math.round(median(rates)).toLocaleString('en')} a second, median of ${ROUNDS} rounds`,
  })
  return [
    row('a command of a puppet, one by one', singles, 10_000),
    row('a command of a puppet in lists, made and read in TypeScript', lists, 300_000),
  ]
}

async function using(work) {
  const p = await puppet({ heap: 'system', threads: 0 })
  try {
    await work(p)
  } finally {
    await p.close()
  }
}

async function singly(p, count) {
  for (let i = 0; i < count; ++i) await p.main.free(0n)
}

async function listed(p, count) {
  const batch = p.main.batch()
  for (let i = 0; i < count; ++i) batch.free(0n)
  await batch.run()
}

async function seconds(work) {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}
