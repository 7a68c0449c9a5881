/**
 * Names for addresses in programs and libraries. A file on disk is asked only if it is the one that ran: an update under
 * a running server would give every address another name.
 */

import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { readBuildId } from '../binding/build-id.ts'
import type { Warning } from '../types.ts'
import { askSymboliser, findSymboliser, type Places, type Symboliser } from './tool.ts'

/** A file in which frames lie, and where. */
export interface AskedModule {
  path: string
  /** As it was recorded; empty where it has none. */
  buildId: string
  addresses: ReadonlySet<number>
}

/** Names of what was asked, in the same order; and what could not be asked. */
export interface NamedModules {
  places: Places[]
  warnings: Warning[]
}

/** A symboliser takes hundreds of megabytes for a large program. */
const mostAtOnce = 4

/** Asks the machine's symboliser; `tool` takes its place, null for none. */
export async function nameModules(
  modules: readonly AskedModule[],
  tool: Symboliser | null = findSymboliser(),
): Promise<NamedModules> {
  const places: Places[] = modules.map(() => new Map())
  const problems: (string | null)[] = modules.map(() => null)
  if (tool === null) return { places, warnings: modules.some(isFile) ? [noSymboliser] : [] }
  let next = 0
  const work = async () => {
    for (let at = next++; at < modules.length; at = next++) {
      const asked = modules[at]
      if (asked === undefined || !isFile(asked) || asked.addresses.size === 0) continue
      problems[at] = problemOf(asked)
      if (problems[at] !== null) continue
      try {
        places[at] = await askSymboliser(tool, asked.path, [...asked.addresses])
      } catch (error) {
        problems[at] = `${tool.path} ${error instanceof Error ? error.message : String(error)}`
      }
    }
  }
  const workers = Math.min(mostAtOnce, availableParallelism(), modules.length)
  await Promise.all(Array.from({ length: workers }, work))
  const warnings = modules.flatMap(({ path }, at): Warning[] => {
    const problem = problems[at]
    if (problem === null || problem === undefined) return []
    return [{ code: 'not-symbolised', message: `${path} has no names: ${problem}` }]
  })
  return { places, warnings }
}

const noSymboliser: Warning = {
  code: 'no-symboliser',
  message:
    'functions have no names: neither llvm-symbolizer nor addr2line is here. ' +
    'Install one (apt-get install llvm, or binutils) and make the profile again',
}

/** The kernel's own pages ([vdso]) are modules without a file. */
const isFile = ({ path }: AskedModule) => path.startsWith('/')

/** Why a file cannot be asked; null where it can. */
function problemOf({ path, buildId }: AskedModule): string | null {
  try {
    if (!statSync(path).isFile()) return 'it is no regular file any more'
    const found = readBuildId(path) ?? ''
    if (found === buildId) return null
    return `the file was replaced since (build id ${found || 'none'}, not ${buildId || 'none'}); run it again`
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    return code === 'ENOENT' ? 'the file is gone' : `the file cannot be read (${code})`
  }
}
