/**
 * The objects of a process in the order in which the loader searches them for a symbol: by the loader's own list where
 * the memory may be read, else by the rule of ld.so(8): the program, what is preloaded, then what these need, breadth
 * first. Objects that the rule does not reach were opened later.
 */

import { basename } from 'node:path'
import { preloadFileNames, preloadNames } from '../binding/preload-lists.ts'
import { loaderList } from './loader-list.ts'
import type { LoadedObject, ProcessFiles } from './process-files.ts'

/** The objects of a process. */
export interface SearchOrder {
  /** First the executable. */
  objects: LoadedObject[]
  /** Those that were there when the program began; the others were opened later. */
  startup: ReadonlySet<LoadedObject>
  /** Those that its environment or /etc/ld.so.preload names. */
  preloaded: ReadonlySet<LoadedObject>
  /** Whether the order is the loader's own, and not worked out. */
  exact: boolean
}

/** Puts the objects of a process in order. `objects` are its executable and all that it has mapped with code. */
export function searchOrder(files: ProcessFiles, program: LoadedObject, mapped: readonly LoadedObject[]): SearchOrder {
  const others = mapped.filter((object) => object !== program && object.elf !== null)
  const preloaded = findPreloaded(files, others)
  const startup = reachable(files, program, others, preloaded)
  const listed = loaderList(files, program.elf?.bits ?? 64)
  if (listed !== null) {
    const [, ...behind] = listed
    const found = behind.map((address) => others.find(({ parts }) => holds(parts, address)))
    const first = [program, ...found.filter((object) => object !== undefined)]
    const apart = others.filter((object) => !first.includes(object))
    return { objects: [...new Set([...first, ...apart])], startup, preloaded, exact: true }
  }
  const later = others.filter((object) => !startup.has(object)).sort((a, b) => lowest(b) - lowest(a))
  return { objects: [...startup, ...later], startup, preloaded, exact: false }
}

function findPreloaded(files: ProcessFiles, objects: readonly LoadedObject[]): Set<LoadedObject> {
  const names = [...preloadNames(files.environment()?.LD_PRELOAD), ...preloadFileNames(files.systemPreload())]
  return new Set(names.flatMap((name) => objects.find((object) => files.means(name, object)) ?? []))
}

/** The program, what is preloaded and all that these need, breadth first; the loader itself comes last. */
function reachable(
  files: ProcessFiles,
  program: LoadedObject,
  objects: readonly LoadedObject[],
  preloaded: ReadonlySet<LoadedObject>,
): Set<LoadedObject> {
  const found = new Set([program, ...preloaded])
  // A set's walk takes in what is added meanwhile.
  for (const { elf } of found) {
    for (const name of elf?.needed ?? []) {
      const object = objects.find((each) => files.means(name, each))
      if (object !== undefined) found.add(object)
    }
  }
  const loader = basename(program.elf?.interpreter ?? '')
  const own = objects.find(({ path, elf }) => basename(path) === loader || elf?.soname === loader)
  return own === undefined ? found : found.add(own)
}

/** Where an object begins. The loader maps one library below the other: what came earlier lies higher. */
export function lowest({ parts }: LoadedObject): number {
  return parts[0]?.start ?? 0
}

function holds(parts: LoadedObject['parts'], address: number): boolean {
  return parts.some(({ start, end }) => start <= address && address < end)
}
