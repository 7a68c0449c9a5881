// Prints the sources of one product of native/sources.json, a line each, for binding.gyp. CMakeLists.txt reads the same
// file by itself, and test/repo checks that both agree.
//
//   node scripts/sources.mjs alloc8-simple

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const list = JSON.parse(readFileSync(new URL('../native/sources.json', import.meta.url), 'utf8'))

/** The sources of a product as paths from the repository's root. Throws for a product that is not listed. */
export function sourcesOf(product) {
  const entry = list.products[product]
  if (!entry) throw new Error(`native/sources.json lists no product ${product}`)
  const files = [...entry.groups.flatMap((group) => list.groups[group]), ...entry.sources]
  return files.map((file) => `native/${file}`)
}

/** All products, by name. */
export const products = list.products

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(`${sourcesOf(process.argv[2]).join('\n')}\n`)
}
