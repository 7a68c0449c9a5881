/** A block that is freed twice, on purpose: whether the heap notices, and if not, what it does with the block then. */

import { Alloc8Error } from '../errors.ts'
import { outcomeOf, PuppetDied, PuppetHung } from './died.ts'
import type { Facts, Lab } from './experiment.ts'
import type { PuppetThread } from './thread.ts'

const LATER_BLOCKS = 2048
/** What facts are named by, and what a sentence begins with. */
const ways = [
  { name: 'double free, at once', words: 'A block freed twice in a row', between: false },
  { name: 'double free, another free between', words: 'A block freed twice with another free between', between: true },
] as const

/** Tries it in puppets of its own. */
export async function askDoubleFree(lab: Lab): Promise<void> {
  for (const { name, between } of ways) await freeTwice(lab, name, between)
}

/** A sentence for each way. */
export function explainHeapDoubleFree(facts: Facts): string[] {
  return ways.map(({ name, words }) => `${words} ${doubleFreeOutcome(facts, name)}`)
}

/** For a model of the heap. */
export function modelDoubleFree(facts: Facts): Record<string, string> {
  const { name } = ways[0]
  const passed =
    facts.get(`${name}: one block given out twice`) === true ? 'passes, and it is given out twice' : 'passes'
  return { 'a block freed twice in a row': facts.yes(`${name}: the heap noticed`) ? 'ends the program' : passed }
}

/** Frees a block twice, and, where nobody minds, looks whether somebody else's block is the same from now on. */
async function freeTwice(lab: Lab, name: string, between: boolean): Promise<void> {
  const p = await lab.puppet({ timeoutMs: 2000 })
  const thread = p.thread(0)
  const [block, other] = [await thread.malloc(64), await thread.malloc(64)]
  await thread.free(block)
  if (between) await thread.free(other)
  if (!between) lab.fact('double free: code of the check before the call', await refusal(thread, block))
  const outcome = await outcomeOf(thread.free(block, { unchecked: true }))
  lab.fact(`${name}: the heap noticed`, outcome instanceof PuppetDied)
  lab.fact(`${name}: signal`, outcome instanceof PuppetDied ? outcome.signal : null)
  lab.fact(`${name}: it said`, lastLine(p.output))
  if (!(outcome instanceof PuppetDied)) {
    const batch = thread.batch()
    const blocks = Array.from({ length: LATER_BLOCKS }, () => batch.malloc(64))
    const result = await outcomeOf(batch.run())
    if (result instanceof PuppetDied || result instanceof PuppetHung) {
      lab.fact(`${name}: the next allocations`, result instanceof PuppetDied ? (result.signal ?? 'ended') : 'hang')
    } else {
      lab.fact(`${name}: the next allocations`, 'succeed')
      const values = new Set(blocks.map((each) => result.value(each)))
      lab.fact(`${name}: one block given out twice`, values.size < blocks.length)
    }
  }
  await p.close()
}

async function refusal(thread: PuppetThread, block: bigint): Promise<string | null> {
  try {
    await thread.free(block)
    return null
  } catch (error) {
    if (error instanceof Alloc8Error) return error.code
    throw error
  }
}

function lastLine(text: string): string | null {
  return text.trim().split('\n').at(-1) || null
}

function doubleFreeOutcome(facts: Facts, name: string): string {
  if (facts.yes(`${name}: the heap noticed`)) {
    const said = facts.get(`${name}: it said`) === null ? 'without a word' : 'with a message'
    return `was noticed: the program ended by ${facts.get(`${name}: signal`)}, ${said}.`
  }
  const next = facts.text(`${name}: the next allocations`)
  if (next !== 'succeed') return `passed, and the next allocations did not come back (${next}).`
  return facts.yes(`${name}: one block given out twice`)
    ? 'passed, and afterwards the same block was given out twice: two owners of one piece of memory.'
    : `passed, and the next ${LATER_BLOCKS} blocks were different ones.`
}
