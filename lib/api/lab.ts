/** `lab()`: experiments under heaps, the ones that ship and one's own. */

import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { importUserModule, messageOf, placeOf } from '../config/user-module.ts'
import { Alloc8Error, checkObject, usageError } from '../errors.ts'
import { listHeaps } from '../heaps/index.ts'
import { nearest } from '../heaps/nearest.ts'
import { checkExperiment, type Experiment } from '../lab/experiment.ts'
import { experiments as shipped } from '../lab/experiments/index.ts'
import { type LabProgress, runLab } from '../lab/run.ts'
import type { LabResult } from '../types.ts'

export { heapMapHtml, pictureSvg } from '../report/index.ts'

/** What `lab()` takes. */
export interface LabRunOptions {
  /** Names of experiments that ship, files (`./mine.ts`), or experiments themselves; all that ship unless given. */
  experiments?: readonly (string | Experiment)[] | undefined
  /** Heaps as `run()` takes them; `system` and the built-in ones unless given. */
  heaps?: readonly string[] | undefined
  /** What files are relative to; the working folder unless given. */
  folder?: string | undefined
  env?: NodeJS.ProcessEnv | undefined
  signal?: AbortSignal | undefined
  onProgress?: ((progress: LabProgress) => void) | undefined
}

/**
 * Runs experiments under heaps; one result for each experiment. What goes wrong under a heap is part of the result.
 * @throws Alloc8Error EXPERIMENT: an unknown name, or a file that does not load or exports no experiment; ABORTED; as
 *   `run()` for heaps
 */
export async function lab(options: LabRunOptions = {}): Promise<LabResult[]> {
  checkObject('lab', options)
  const { experiments: wanted, heaps, folder = process.cwd(), ...rest } = options
  for (const [name, list] of Object.entries({ experiments: wanted, heaps })) {
    if (list !== undefined && !Array.isArray(list)) throw usageError(name, 'a list', list)
  }
  if (wanted?.length === 0) throw usageError('experiments', 'at least one experiment', '[]')
  if (heaps?.length === 0) throw usageError('heaps', 'at least one heap', '[]')
  const chosen: Experiment[] = []
  for (const each of new Set(wanted ?? shipped)) chosen.push(await experimentOf(each, folder))
  for (const [at, { name }] of chosen.entries()) {
    // Results and pictures go by the name.
    if (chosen.findIndex((each) => each.name === name) < at) {
      throw new Alloc8Error('EXPERIMENT', `two of the experiments are called ${JSON.stringify(name)}`, {
        hint: 'give one of them another name',
      })
    }
  }
  return runLab(chosen, [...new Set(heaps ?? (await defaultHeaps()))], rest)
}

/** The experiments that ship: a name and a question each. */
export function labExperiments(): Pick<Experiment, 'name' | 'question' | 'did'>[] {
  return shipped.map(({ name, question, did }) => ({ name, question, did }))
}

/** libc's malloc and what is built in. */
async function defaultHeaps(): Promise<string[]> {
  const { heaps } = await listHeaps()
  return heaps.filter(({ kind }) => kind === 'system' || kind === 'builtin').map(({ name }) => name)
}

async function experimentOf(wanted: string | Experiment, folder: string): Promise<Experiment> {
  if (typeof wanted !== 'string') {
    checkExperiment(wanted, 'experiments')
    return wanted
  }
  if (/[/.]/.test(wanted)) return loadExperiment(wanted, folder)
  const found = shipped.find(({ name }) => name === wanted)
  if (found !== undefined) return found
  const known = shipped.map(({ name }) => name)
  const near = nearest(wanted, known, 0.5)
  const list = `the experiments are ${known.join(', ')}; a file is written with a slash: ./mine.ts`
  throw new Alloc8Error('EXPERIMENT', `no experiment is called ${JSON.stringify(wanted)}`, {
    hint: near.length === 0 ? list : `did you mean ${near.join(' or ')}? ${list}`,
  })
}

/** A file's default export. Whatever the file does wrong is an error with its name. */
async function loadExperiment(name: string, folder: string): Promise<Experiment> {
  const file = resolve(folder, name)
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new Alloc8Error('EXPERIMENT', `${name}: there is no such file`, {
      hint: 'alloc8 lab --list names the experiments that ship; examples/lab has some to begin with',
    })
  }
  let value: unknown
  try {
    ;({ value } = await importUserModule(file, await import('../index.ts')))
  } catch (error) {
    throw new Alloc8Error('EXPERIMENT', `${name}: it could not be loaded: ${messageOf(error)}`, {
      cause: error,
      hint: placeOf(error, file),
    })
  }
  if (value === undefined) {
    throw new Alloc8Error('EXPERIMENT', `${name}: expected an experiment as its default export, got none`, {
      hint: 'export default defineExperiment({ name, question, did, observe, explain }); see examples/lab',
    })
  }
  checkExperiment(value, name)
  return value
}
