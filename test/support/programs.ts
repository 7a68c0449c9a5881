/**
 * The programs of native/conformance, which the preload tests run too, and the heap with a switch for its faults, which
 * the kit must see. Both are built before all tests (setup.ts); what a program is run with stands in its opening comment,
 * as native/conformance/README.md says.
 */

import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Case, readCases } from '../../lib/check/cases.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const kit = join(root, 'native/conformance')

/** Where the fault library's sources are, and where it is built. */
export const faults = { sources: join(root, 'test/check/faults'), output: join(root, 'build-tests/faults') }

/** Where the programs of the kit are built: with the heaps that are under test. */
export function kitOutput(): string {
  const folder = process.env['ALLOC8_NATIVE_DIR'] || join(root, 'build/Release')
  return join(resolve(folder), 'conformance')
}

/** One program, as the kit's runner has it. */
export type Program = Case

/** All programs that pass or fail, sorted by id, but those of start/, which are about the kit's runner and print. */
export function listPrograms(): Program[] {
  return readCases({ sources: kit, programs: kitOutput() }).filter((one) => one.group !== 'start' && !one.isMisuse)
}

/** The program of that id; throws where there is none. */
export function findProgram(id: string): Program {
  const program = listPrograms().find((one) => one.id === id)
  if (!program) throw new Error(`no program ${id} in native/conformance`)
  return program
}

/** Where a built library of the kit stands. */
export function libraryFile(name: string): string {
  return join(kitOutput(), 'libraries', `lib${name}.so`)
}

/** The fault library of test/check/faults, or one of its kin, whose fault is in the file itself: `versioned`. */
export function faultLibrary(kin?: string): string {
  return join(faults.output, kin === undefined ? 'libfaults.so' : `libfaults-${kin}.so`)
}
