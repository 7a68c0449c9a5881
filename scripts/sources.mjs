// Prints the sources of one product of native/sources.json, a line each, for binding.gyp. CMakeLists.txt reads the same
// file by itself, and test/repo checks that both agree.
//
//   node scripts/sources.mjs alloc8-simple
//   node scripts/sources.mjs --flags preload compile|link|libraries

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const list = JSON.parse(readFileSync(new URL('../native/sources.json', import.meta.url), 'utf8'))

/** The sources of a product as paths from the repository's root. Throws for a product that is not listed. */
export function sourcesOf(product) {
  const entry = list.products[product]
  if (!entry) throw new Error(`native/sources.json lists no product ${product}`)
  return [...entry.groups.flatMap(groupOf), ...entry.sources.map((file) => `native/${file}`)]
}

/** The sources of a group, which products share, as paths from the repository's root. Throws for one not listed. */
export function groupOf(name) {
  const group = list.groups[name]
  if (!group) throw new Error(`native/sources.json lists no group ${name}`)
  return group.map((file) => `native/${file}`)
}

/** All products, by name. */
export const products = list.products

/** The compiler's or linker's flags of a kind of product. Throws for a kind or step that is not listed. */
export function flagsOf(kind, step) {
  const flags = list.kinds[kind]?.[step]
  if (!Array.isArray(flags)) throw new Error(`native/sources.json lists no flags ${kind} ${step}`)
  return flags
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [first, ...rest] = process.argv.slice(2)
  const lines = first === '--flags' ? flagsOf(...rest) : sourcesOf(first)
  process.stdout.write(`${lines.join('\n')}\n`)
}
