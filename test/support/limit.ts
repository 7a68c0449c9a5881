/** Lets so many tasks run at a time: compilers and test programs must not crowd a machine with two cores. */

/** A queue in order of arrival; `most` tasks run at once. */
export class Limit {
  readonly #most: number
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** Runs the task when its turn comes; its result or error is passed on. */
  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#most) await new Promise<void>((resume) => this.#waiting.push(resume))
    else this.#running++
    try {
      return await task()
    } finally {
      const next = this.#waiting.shift() // it takes over this task's place
      if (next) next()
      else this.#running--
    }
  }
}
