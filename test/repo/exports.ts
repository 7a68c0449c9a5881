/** What a library or program gives to others and takes from them, as readelf shows it. */

import { execFileSync } from 'node:child_process'

/** A symbol of the dynamic table; `version` has its `@` or `@@`, and is empty for one without. */
export interface DynamicSymbol {
  name: string
  version: string
  defined: boolean
  /** Where it is not defined: whether the loader lets it be null. */
  weak: boolean
}

function readelf(path: string, ...options: string[]): string {
  return execFileSync('readelf', ['-W', ...options, path], { encoding: 'utf8', maxBuffer: 64 << 20 })
}

/** All symbols that the loader sees, but for those that are nobody's: sections, and those of the file itself. */
export function dynamicSymbols(path: string): DynamicSymbol[] {
  const symbols: DynamicSymbol[] = []
  for (const line of readelf(path, '--dyn-syms').split('\n')) {
    // Num: Value Size Type Bind Vis Ndx Name[@VERSION] [(index)]
    const match = /^\s*\d+:\s+[0-9a-f]+\s+\S+\s+\S+\s+(GLOBAL|WEAK|UNIQUE)\s+\S+\s+(\S+)\s+([^\s@]+)(@\S+)?/.exec(line)
    if (!match) continue
    const [, binding, section, name = '', version = ''] = match
    symbols.push({ name, version, defined: section !== 'UND', weak: binding === 'WEAK' })
  }
  return symbols
}

/** The names that the library gives to others, sorted, with their versions if they have any. */
export function exportsOf(path: string): string[] {
  const defined = dynamicSymbols(path).filter((symbol) => symbol.defined)
  return defined.map(({ name, version }) => name + version).sort()
}

/** The libraries that the loader must bring along. */
export function neededLibraries(path: string): string[] {
  return [...readelf(path, '-d').matchAll(/\(NEEDED\).*\[([^\]]+)\]/g)].map((match) => match[1] as string)
}

/** Entries and flags of the dynamic section: `BIND_NOW`, `TEXTREL` and the like. */
export function dynamicFlags(path: string): Set<string> {
  const text = readelf(path, '-d')
  const tags = [...text.matchAll(/^\s*0x[0-9a-f]+ \((\w+)\)/gm)].map((match) => match[1] as string)
  const flags = [...text.matchAll(/\(FLAGS(?:_1)?\)\s+(?:Flags: )?(.*)$/gm)].flatMap(
    (match) => match[1]?.split(' ') ?? [],
  )
  return new Set([...tags, ...flags])
}

/** The kinds of relocations. */
export function relocationKinds(path: string): Set<string> {
  return new Set([...readelf(path, '-r').matchAll(/\b(R_[A-Z0-9]+_\w+)/g)].map((match) => match[1] as string))
}

/** The program headers' types: `INTERP`, `DYNAMIC`, `TLS` and the like. */
export function segments(path: string): string[] {
  return [...readelf(path, '-l').matchAll(/^ {2}([A-Z_]+)\s+0x/gm)].map((match) => match[1] as string)
}

/** Functions that initialise static objects when the library is loaded; null for a library without static symbols. */
export function staticInitialisers(path: string): string[] | null {
  const names = execFileSync('nm', [path], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 64 << 20,
  })
    .split('\n')
    .map((line) => line.split(' ').at(-1) ?? '')
  if (!names.includes('_init')) return null
  return names.filter((name) => /^_GLOBAL__(?:sub_)?I_/.test(name))
}
