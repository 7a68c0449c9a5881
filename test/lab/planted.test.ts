/**
 * Every experiment of the lab under two planted heaps, of which the answers are known, and under hoard: it must be carried
 * through, and where the heaps differ in what it asks for, facts and meaning must differ. Meanings are compared without
 * their numbers, so that an address or a size makes no difference.
 */

import { beforeAll, describe, expect, test } from 'vitest'
import { experiments } from '../../lib/lab/experiments/index.ts'
import { runLab } from '../../lib/lab/run.ts'
import type { LabFact, LabHeap } from '../../lib/types.ts'
import { labHeaps } from '../support/lab-heaps.ts'
import { lackingTool, requireOrSkip } from '../support/needs.ts'

const lacking = lackingTool(process.env['CXX'] || 'g++', 'g++')
let paths = { oneArena: '', neverReuses: '' }
beforeAll(async () => {
  if (lacking === null) paths = await labHeaps()
})

/** Whose words must be others under each of the three. */
const tellsAllApart = ['blowup', 'false-sharing', 'fragmentation', 'layout-map', 'remote-free']
/** Whose words must be others under hoard than under either planted heap: threads have regions of their own there. */
const tellsRegions = [...tellsAllApart, 'heap-map', 'inspector']

type ByHeap<T> = Record<'oneArena' | 'neverReuses' | 'hoard', T>

const begun = new Map<string, Promise<ByHeap<LabHeap>>>()

/** What an experiment has seen; it is run once. */
function observe(name: string): Promise<ByHeap<LabHeap>> {
  const running = begun.get(name) ?? run(name)
  begun.set(name, running)
  return running
}

async function run(name: string): Promise<ByHeap<LabHeap>> {
  const chosen = experiments.filter((experiment) => experiment.name === name)
  const [result] = await runLab(chosen, [paths.oneArena, paths.neverReuses, 'hoard'])
  const [oneArena, neverReuses, hoard] = result?.heaps ?? []
  if (oneArena === undefined || neverReuses === undefined || hoard === undefined)
    throw new Error(`no result of ${name}`)
  return { oneArena, neverReuses, hoard }
}

describe.each(experiments.map(({ name }) => name))('%s', (name) => {
  test('is carried through, and tells apart what differs', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const { oneArena, neverReuses, hoard } = await observe(name)
    for (const { error, facts, meaning } of [oneArena, neverReuses, hoard]) {
      expect(error).toBeNull()
      const names = facts.map((fact) => fact.name)
      expect(names.length).toBeGreaterThan(0)
      expect(names.filter((each, i) => names.indexOf(each) !== i)).toEqual([])
      expect(meaning).not.toBe('')
      expect(meaning).not.toMatch(/hoard|one-arena|never-reuses|undefined|NaN/)
    }
    if (tellsRegions.includes(name)) {
      expect(wordsOf(oneArena)).not.toBe(wordsOf(hoard))
      expect(wordsOf(neverReuses)).not.toBe(wordsOf(hoard))
    }
    if (tellsAllApart.includes(name)) expect(wordsOf(oneArena)).not.toBe(wordsOf(neverReuses))
  })
})

describe('what is known of the heaps is seen', () => {
  test('inspector: threads of hoard begin in regions of their own', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const distance = await valuesOf('inspector', 'least distance between two threads')
    expect(distance.oneArena).toBeLessThan(4096)
    expect(distance.neverReuses).toBeLessThan(4096)
    expect(distance.hoard).toBeGreaterThanOrEqual(4096)
  })

  test('false-sharing: with one region blocks of different threads lie side by side', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const foreign = await valuesOf('false-sharing', 'by turns: blocks whose lower neighbour is of another thread')
    expect(foreign.oneArena).toBeGreaterThan(90)
    expect(foreign.neverReuses).toBeGreaterThan(90)
    expect(foreign.hoard).toBeLessThan(10)
    expect((await valuesOf('false-sharing', 'by turns, 16 B: lines of several threads')).hoard).toBe(0)
    const again = await valuesOf('false-sharing', 'after handing over: blocks that a thread freed and got again')
    expect(again.oneArena).toBe((await valuesOf('false-sharing', 'after handing over: blocks freed')).oneArena)
    expect(again.neverReuses).toBe(0)
  })

  test('remote-free: one arena gives to anyone, hoard sends home, the other to nobody', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const to = (whom: string) => valuesOf('remote-free', `64 B, freed by another thread: given again to ${whom}`)
    expect(await to('a third thread')).toEqual({ oneArena: 100, neverReuses: 0, hoard: 0 })
    expect(await to('the thread that had allocated it')).toMatchObject({ oneArena: 100, neverReuses: 0 })
    expect((await to('the thread that had allocated it')).hoard).toBeGreaterThan(90)
    expect(await valuesOf('remote-free', 'score')).toMatchObject({ oneArena: 100, neverReuses: 0 })
  })

  test('blowup: without reuse memory grows with the rounds, and with the threads', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const relay = await valuesOf('blowup', 'producer and consumer: most held, over live')
    expect(relay.oneArena).toBeLessThan(1.5)
    expect(relay.hoard).toBeLessThan(3)
    expect(relay.neverReuses).toBeGreaterThan(20)
    const turns = await valuesOf('blowup', 'turns: most held, over live')
    expect(turns.oneArena).toBeLessThan(1.5)
    expect(turns.neverReuses).toBeGreaterThan(7)
  })

  test('fragmentation: only one of them uses freed memory of the same size, and only hoard can give back', async ({
    skip,
  }) => {
    requireOrSkip(skip, lacking)
    const grown = await valuesOf('fragmentation', 'of the bytes added in the same sizes, held above the most before')
    expect(grown.oneArena).toBe(0)
    expect(grown.neverReuses).toBeGreaterThan(90)
    const trimmed = await valuesOf('fragmentation', 'of the most, held after malloc_trim')
    expect(trimmed).toMatchObject({ oneArena: 100, neverReuses: 100 })
    expect(trimmed.hoard).toBeLessThan(20)
  })
})

/** What an experiment says, without numbers and units. */
function wordsOf({ meaning }: LabHeap): string {
  return meaning.replace(/[\d.]+( [KMGT]i?B| B)?/g, '#')
}

/** A fact under each of the three. */
async function valuesOf(experiment: string, fact: string): Promise<ByHeap<LabFact['value']>> {
  const { oneArena, neverReuses, hoard } = await observe(experiment)
  const of = (heap: LabHeap) => heap.facts.find(({ name }) => name === fact)?.value ?? null
  return { oneArena: of(oneArena), neverReuses: of(neverReuses), hoard: of(hoard) }
}
