/**
 * What an experiment is: a question, what is done, and two functions. `observe` does it under one heap and writes down
 * facts; `explain` sees those facts alone, so that no sentence can depend on a heap's name or on what was not seen.
 */

import { Alloc8Error } from '../errors.ts'
import type { LabFact, LabPicture } from '../types.ts'
import type { Puppet, PuppetOptions } from './puppet.ts'

/** The facts of one heap, by name. */
export class Facts {
  readonly #facts: readonly LabFact[]

  constructor(facts: readonly LabFact[]) {
    this.#facts = facts
  }

  has(name: string): boolean {
    return this.#facts.some((fact) => fact.name === name)
  }

  /** Undefined where nothing of that name was seen. */
  get(name: string): LabFact['value'] | undefined {
    return this.#facts.find((fact) => fact.name === name)?.value
  }

  /** @throws Alloc8Error EXPERIMENT where it was not seen, or is none */
  number(name: string): number {
    return this.#typed(name, 'number') as number
  }

  /** @throws Alloc8Error EXPERIMENT */
  text(name: string): string {
    return this.#typed(name, 'string') as string
  }

  /** @throws Alloc8Error EXPERIMENT */
  yes(name: string): boolean {
    return this.#typed(name, 'boolean') as boolean
  }

  #typed(name: string, type: string): LabFact['value'] {
    const value = this.get(name)
    if (typeof value === type) return value as LabFact['value']
    const found = value === undefined ? 'it was not seen' : `got ${JSON.stringify(value)}`
    throw new Alloc8Error('EXPERIMENT', `fact ${JSON.stringify(name)}: expected a ${type}, ${found}`)
  }
}

/** What an experiment works with under one heap. */
export interface Lab {
  /** Starts a puppet under the heap at hand; it is closed when the experiment is over, if not before. */
  puppet(options?: Omit<PuppetOptions, 'heap' | 'signal'>): Promise<Puppet>
  /**
   * A puppet under the same heap with other tunables (`{ arenas: '1' }`), added to those asked for; null where the heap
   * has none of these names.
   */
  tuned(
    tunables: Readonly<Record<string, string>>,
    options?: Omit<PuppetOptions, 'heap' | 'signal'>,
  ): Promise<Puppet | null>
  /** The tunables that the heap has. */
  tunables: readonly string[]
  /** Writes a fact down. The unit is null for counts, texts and answers. */
  fact(name: string, value: LabFact['value'], unit?: string | null): void
  picture(picture: LabPicture): void
  /** Aborted where the experiment is to end. */
  signal: AbortSignal
}

/** An experiment. */
export interface Experiment {
  /** Small letters, digits and hyphens. */
  name: string
  question: string
  /** What is done, in a few sentences. */
  did: string
  observe(lab: Lab): Promise<void>
  /** What the facts mean for the heap that they were seen with; sentences. Must not ask which heap it was. */
  explain(facts: Facts): string[]
  /**
   * Rows for "a mental model of this heap", from the facts as well: a topic, the same for every heap, and what is to be
   * said of it in a few words (`arenas`: `one for each thread, 64 MiB apart`).
   */
  model?(facts: Facts): Record<string, string>
}

/**
 * Gives an experiment back, checked: what a file of one's own exports as its default.
 * @throws Alloc8Error EXPERIMENT
 */
export function defineExperiment(experiment: Experiment): Experiment {
  checkExperiment(experiment, 'experiment')
  return experiment
}

/** Throws an EXPERIMENT error unless a value is an experiment; `where` is whence it came. */
export function checkExperiment(value: unknown, where: string): asserts value is Experiment {
  const given = (value ?? {}) as Partial<Record<keyof Experiment, unknown>>
  const wrong = (field: string, expected: string, got: unknown) =>
    new Alloc8Error(
      'EXPERIMENT',
      `${where}: ${field}: expected ${expected}, got ${JSON.stringify(got) ?? typeof got}`,
      {
        hint: 'export default defineExperiment({ name, question, did, observe, explain }); see examples/lab',
      },
    )
  if (typeof given.name !== 'string' || !/^[a-z0-9][a-z0-9-]*$/.test(given.name)) {
    throw wrong('name', 'small letters, digits and hyphens', given.name)
  }
  for (const field of ['question', 'did'] as const) {
    if (typeof given[field] !== 'string' || given[field] === '') throw wrong(field, 'a sentence', given[field])
  }
  for (const field of ['observe', 'explain'] as const) {
    if (typeof given[field] !== 'function') throw wrong(field, 'a function', given[field])
  }
}
