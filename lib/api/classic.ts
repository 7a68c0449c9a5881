/**
 * The `classic` suite: our own programs, each of which does what allocators are known to differ in, as the file beside
 * their sources lists them.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nativeFile, packageRoot } from '../binding/native.ts'
import type { Alloc8Config } from '../types.ts'

/** The name by which it is chosen. */
export const CLASSIC = 'classic'

/** A workload as the list has it. */
interface ListedWorkload {
  name: string
  program: string
  args: string[]
  metrics: string[]
  higherIsBetter: string[]
}

/**
 * The suite as a configuration.
 * @throws Alloc8Error NATIVE where a program is not built
 */
export function classicSuite(): Alloc8Config {
  const listed = JSON.parse(readFileSync(join(packageRoot, 'native/workloads/suite.json'), 'utf8')) as ListedWorkload[]
  return {
    workloads: listed.map(({ name, program, args, metrics, higherIsBetter }) => ({
      name,
      command: [nativeFile(join('workloads', program)), ...args],
      metrics,
      ...(higherIsBetter.length === 0 ? {} : { higherIsBetter }),
    })),
  }
}
