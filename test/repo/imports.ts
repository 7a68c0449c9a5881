/** Checks the import direction of a file of lib/ or native/ against the house. Pure but for asking whether a file exists. */

import { posix } from 'node:path'
import ts from 'typescript'
import type { House } from './house.ts'
import { withoutComments } from './tree.ts'

/** Everything that a TypeScript file imports or re-exports, types and dynamic imports included. */
export function typescriptImports(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map((each) => each.fileName)
}

/** Everything that a C++ file includes. */
export function includesOf(text: string): { name: string; quoted: boolean }[] {
  const found = withoutComments(text).matchAll(
    /^[ \t]*#[ \t]*(?:include|include_next|import)[ \t]*(?:"([^"]+)"|<([^>]+)>)/gm,
  )
  return [...found].map(([, quoted, angled]) => ({ name: quoted ?? angled ?? '', quoted: quoted !== undefined }))
}

/** The room of a path inside the house's folder (`launch/run.ts` -> `launch`); a file at the top is a room of its own. */
function roomOf(path: string): string {
  return path.split('/')[0] ?? ''
}

/** What is wrong with `from` importing `to`, both relative to the house's folder; null where it may. */
export function crossing(house: House, from: string, to: string): string | null {
  const [room, target] = [roomOf(from), roomOf(to)]
  const rules = house.rooms[room]
  if (rules === undefined) return `${house.folder}/${room} has no row in test/repo/house.ts`
  if (house.rooms[target] === undefined) return `${house.folder}/${target} has no row in test/repo/house.ts`
  if (room === target) return null
  const more = house.exceptions?.[from] ?? []
  if (more.includes(target) || more.includes(to)) return null
  if (rules.imports === 'all' || (rules.imports === 'all but cli' && target !== 'cli')) return null
  if (!rules.nothingAtAll && house.open.includes(target)) return null
  if (typeof rules.imports !== 'string' && (rules.imports.includes(target) || rules.imports.includes(to))) return null
  return `${house.folder}/${room} may not import ${house.folder}/${to}`
}

/** The wrong imports of one file of lib/; `path` is from the repository's root, `packages` are those that it may use. */
export function libViolations(house: House, path: string, text: string, packages: readonly string[]): string[] {
  const from = posix.relative(house.folder, path)
  const wrong: string[] = []
  for (const name of typescriptImports(text)) {
    if (name.startsWith('.')) {
      const to = posix.relative(house.folder, posix.join(posix.dirname(path), name))
      const problem = to.startsWith('..') ? `${name} is outside ${house.folder}` : crossing(house, from, to)
      if (problem !== null) wrong.push(`${path}: ${problem}`)
      if (!name.endsWith('.ts')) wrong.push(`${path}: ${name} must end in .ts`)
      continue
    }
    if (house.rooms[roomOf(from)]?.nothingAtAll) wrong.push(`${path}: imports ${name}, and may import nothing`)
    const owner = name
      .split('/')
      .slice(0, name.startsWith('@') ? 2 : 1)
      .join('/')
    if (!name.startsWith('node:') && !packages.includes(owner)) {
      wrong.push(`${path}: imports ${name}, which package.json's dependencies do not have`)
    }
  }
  return wrong
}

/** The wrong includes of one file of native/; `exists` says whether a path from the root is a file. */
export function nativeViolations(
  house: House,
  path: string,
  text: string,
  exists: (path: string) => boolean,
): string[] {
  const wrong: string[] = []
  for (const { name, quoted } of includesOf(text)) {
    // As the compiler looks for them: beside the file, then in the two include folders.
    const places = [...(quoted ? [posix.dirname(path)] : []), house.folder, `${house.folder}/include`]
    const found = places.map((place) => posix.join(place, name)).find(exists)
    if (found === undefined) {
      if (quoted) wrong.push(`${path}: "${name}" is no file of ours; what is not takes <>`)
      continue
    }
    const to = posix.relative(house.folder, found)
    const problem = to.startsWith('..')
      ? `${name} is outside ${house.folder}`
      : crossing(house, posix.relative(house.folder, path), to)
    if (problem !== null) wrong.push(`${path}: ${problem}`)
  }
  return wrong
}
