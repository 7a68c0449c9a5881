/**
 * What the two builds say that they build: binding.gyp, which is a Python literal, and CMakeLists.txt, read loosely for
 * the calls that make a product.
 */

import { execFileSync } from 'node:child_process'

/** A target of binding.gyp as far as the checks look at it. */
export interface GypTarget {
  target_name: string
  type?: string
  sources: string[]
}

/** The targets of a .gyp file, in order. Throws where it is no Python literal. */
export function gypTargets(text: string): GypTarget[] {
  const program = 'import ast, json, sys; print(json.dumps(ast.literal_eval(sys.stdin.read())))'
  const parsed = JSON.parse(
    execFileSync('python3', ['-c', program], { input: text, encoding: 'utf8', stdio: 'pipe' }),
  ) as {
    targets: GypTarget[]
  }
  return parsed.targets
}

/** A product that CMakeLists.txt makes: its name, and the product whose sources it takes from native/sources.json. */
export interface CmakeProduct {
  name: string
  sourcesOf: string | null
}

/**
 * The products of a CMakeLists.txt: `alloc8_preload(NAME)`, `alloc8_workload(NAME)`, and executables, modules and static
 * libraries whose files come from a variable that `alloc8_sources(VARIABLE PRODUCT)` has set. Interface and alias libraries are no products; function bodies are
 * recipes and not calls.
 */
export function cmakeProducts(text: string): CmakeProduct[] {
  const calls = text
    .replace(/#[^\n]*/g, '')
    .replace(/^function\([\s\S]*?^endfunction\(\)/gm, '')
    .matchAll(/\b(\w+)\s*\(([^()]*)\)/g)
  const variables = new Map<string, string>()
  const products: CmakeProduct[] = []
  for (const [, command, text] of calls) {
    const words = (text ?? '').split(/\s+/).filter((word) => word !== '')
    const [first = '', ...rest] = words
    if (command === 'alloc8_sources') variables.set(first, rest[0] ?? '')
    if (command === 'alloc8_preload' || command === 'alloc8_workload') products.push({ name: first, sourcesOf: first })
    const makes =
      command === 'add_executable' || (command === 'add_library' && /^(?:MODULE|SHARED|STATIC)$/.test(rest[0] ?? ''))
    if (!makes) continue
    const variable = /^\$\{(\w+)\}$/.exec(rest.at(-1) ?? '')?.[1]
    products.push({ name: first, sourcesOf: variables.get(variable ?? '') ?? null })
  }
  return products
}

/** The products among the files of a folder of built ones: programs, `.so` and `.node`, without what tests add. */
export function builtProducts(files: readonly string[]): string[] {
  return files.filter((file) => /\.(?:so|node)$|^alloc8-[^.]*$/.test(file)).sort()
}
