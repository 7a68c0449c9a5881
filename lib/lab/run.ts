/** Runs experiments under heaps, one after the other, each with puppets of its own that are gone afterwards. */

import { Alloc8Error } from '../errors.ts'
import { resolveHeap } from '../heaps/index.ts'
import type { LabFact, LabHeap, LabPicture, LabResult } from '../types.ts'
import { type Experiment, Facts, type Lab } from './experiment.ts'
import { type Puppet, type PuppetOptions, puppet } from './puppet.ts'

/** How far a lab is. */
export interface LabProgress {
  experiment: string
  heap: string
  /** Counted over all experiments and heaps. */
  done: number
  of: number
}

/** What `runLab` takes besides experiments and heaps. */
export interface LabOptions {
  /** The base of the puppets' environment. */
  env?: NodeJS.ProcessEnv | undefined
  signal?: AbortSignal | undefined
  onProgress?: ((progress: LabProgress) => void) | undefined
}

/**
 * Runs every experiment under every heap. An experiment that fails under a heap is a result, and so is a heap under
 * which nothing starts.
 * @throws Alloc8Error HEAP_UNKNOWN and its kin before anything is run; ABORTED
 */
export async function runLab(
  experiments: readonly Experiment[],
  heaps: readonly string[],
  options: LabOptions = {},
): Promise<LabResult[]> {
  for (const heap of heaps) await resolveHeap(heap)
  const of = experiments.length * heaps.length
  let done = 0
  const results: LabResult[] = []
  for (const experiment of experiments) {
    const { name, question, did } = experiment
    const result: LabResult = { schema: 1, name, question, did, heaps: [] }
    for (const heap of heaps) {
      options.onProgress?.({ experiment: name, heap, done: done++, of })
      result.heaps.push(await runUnder(experiment, heap, options))
    }
    results.push(result)
  }
  return results
}

async function runUnder(experiment: Experiment, heap: string, { env, signal }: LabOptions): Promise<LabHeap> {
  const facts: LabFact[] = []
  const pictures: LabPicture[] = []
  const puppets: Puppet[] = []
  const stopping = signal ?? new AbortController().signal
  const start = async (spec: string, options: Omit<PuppetOptions, 'heap' | 'signal'> = {}) => {
    const made = await puppet({ env, ...options, heap: spec, signal: stopping })
    puppets.push(made)
    return made
  }
  const { tunables } = await resolveHeap(heap)
  const keys = tunables.map(({ key }) => key)
  const lab: Lab = {
    puppet: (options) => start(heap, options),
    tuned: async (wanted, options) => {
      const words = Object.entries(wanted)
      if (words.some(([key]) => !keys.includes(key))) return null
      return start([heap, ...words.map(([key, value]) => `${key}=${value}`)].join(':'), options)
    },
    tunables: keys,
    fact: (name, value, unit = null) => facts.push({ name, value, unit }),
    picture: (picture) => pictures.push(picture),
    signal: stopping,
  }
  let error: LabHeap['error'] = null
  try {
    await experiment.observe(lab)
  } catch (cause) {
    if (stopping.aborted) throw new Alloc8Error('ABORTED', 'the lab was stopped', { cause })
    error = errorOf(cause)
  } finally {
    await Promise.all(puppets.map((each) => each.close().catch(() => {})))
  }
  return { heap, facts, ...conclusions(experiment, facts, error), pictures }
}

/** What the facts mean. An experiment that cannot explain what it saw has failed as well. */
function conclusions(
  experiment: Experiment,
  facts: readonly LabFact[],
  failed: LabHeap['error'],
): Pick<LabHeap, 'meaning' | 'model' | 'error'> {
  let error = failed
  if (error === null) {
    try {
      const seen = new Facts(facts)
      return { meaning: experiment.explain(seen).join(' '), model: experiment.model?.(seen) ?? {}, error }
    } catch (cause) {
      error = errorOf(cause)
    }
  }
  return { meaning: `The experiment could not be carried through: ${error.message}`, model: {}, error }
}

function errorOf(cause: unknown): { code: string; message: string } {
  if (cause instanceof Alloc8Error) return { code: cause.code, message: cause.message }
  return { code: 'EXPERIMENT', message: cause instanceof Error ? cause.message : String(cause) }
}
