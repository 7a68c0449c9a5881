/**
 * The programs of native/conformance, which the preload tests run too, and the heaps with planted faults of
 * test/programs/planted. Both are built before all tests (setup.ts); what a program is run with stands in its opening
 * comment, as native/conformance/README.md says.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { basename, extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Case, readCases, readComment } from '../../lib/check/cases.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const kit = join(root, 'native/conformance')

/** Where the sources of the heaps with planted faults are, and where they are built. */
export const planted = { sources: join(root, 'test/programs/planted'), output: join(root, 'build-tests/planted') }

/** Where the programs of the kit are built: with the heaps that are under test. */
export function kitOutput(): string {
  const folder = process.env['ALLOC8_NATIVE_DIR'] || join(root, 'build/Release')
  return join(resolve(folder), 'conformance')
}

/** One program, as the kit's runner has it. */
export type Program = Case

/** All programs, sorted by id, but those of start/, which are about the kit's runner and print. */
export function listPrograms(): Program[] {
  return readCases({ sources: kit, programs: kitOutput() }).filter(({ group }) => group !== 'start')
}

/** The program of that id; throws where there is none. */
export function findProgram(id: string): Program {
  const program = listPrograms().find((one) => one.id === id)
  if (!program) throw new Error(`no program ${id} in native/conformance`)
  return program
}

/** Where a built library of the kit, or with a planted fault, stands. */
export function libraryFile(name: string, folder: 'libraries' | 'planted' = 'libraries'): string {
  return join(folder === 'planted' ? planted.output : join(kitOutput(), folder), `lib${name}.so`)
}

/** The planted faults: each with what its opening comment says. */
export function readPlanted(): { name: string; text: string; values: (word: string) => string[] }[] {
  return readdirSync(planted.sources)
    .filter((file) => /\.(c|cpp)$/.test(file))
    .map((file) => ({
      name: basename(file, extname(file)),
      ...readComment(readFileSync(join(planted.sources, file), 'utf8')),
    }))
}
