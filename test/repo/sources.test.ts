/** native/sources.json is the one list of sources: it lists every file that there is, and both builds make just its products. */

import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { builtProducts, cmakeProducts, gypTargets } from './build-lists.ts'
import { repositoryFiles, root, textOf } from './tree.ts'

interface SourceList {
  kinds: Record<string, unknown>
  groups: Record<string, string[]>
  products: Record<string, { kind: string; groups: string[]; sources: string[] }>
}

const list = JSON.parse(textOf('native/sources.json')) as SourceList
const products = Object.keys(list.products).sort()

/** Groups of no product: prefixed mode, which heaps of other projects and the tests' own have. */
const forOthers = ['prefixed']

/** The files of a product, from native/. */
const filesOf = (name: string) => {
  const product = list.products[name]
  return [...(product?.groups ?? []).flatMap((group) => list.groups[group] ?? []), ...(product?.sources ?? [])]
}

describe('native/sources.json', () => {
  // The conformance kit is built by its own Makefile, which takes every source that it finds.
  test('lists every source of native/ but the kit, and nothing that is not there', () => {
    const there = repositoryFiles((path) => /^native\/(?!conformance\/).*\.(?:c|cc|cpp)$/.test(path)).map((path) =>
      path.slice('native/'.length),
    )
    const named = new Set([...products.flatMap(filesOf), ...forOthers.flatMap((group) => list.groups[group] ?? [])])
    expect([...named].sort()).toEqual(there)
  })

  test('names only groups and kinds that it has, uses each group, and no file twice in a product', () => {
    const used = new Set(Object.values(list.products).flatMap((product) => product.groups))
    expect([...used, ...forOthers].sort()).toEqual(Object.keys(list.groups).sort())
    for (const [name, product] of Object.entries(list.products)) {
      expect([...Object.keys(list.kinds), 'addon'], name).toContain(product.kind)
      expect(new Set(filesOf(name)).size, name).toBe(filesOf(name).length)
    }
  })
})

describe('binding.gyp', () => {
  test('makes exactly the products, each from its own list of sources', () => {
    const targets = gypTargets(textOf('binding.gyp'))
    expect(targets.map((target) => target.target_name).sort()).toEqual(products)
    for (const { target_name: name, sources } of targets)
      expect(sources).toEqual([`<!@(node scripts/sources.mjs ${name})`])
  })

  test('is read as what it is', () => {
    expect(gypTargets("# a comment\n{'targets': [{'target_name': 'a', 'sources': ['b.cpp',],},]}")).toEqual([
      { target_name: 'a', sources: ['b.cpp'] },
    ])
    expect(() => gypTargets('{')).toThrow()
  })
})

describe('CMakeLists.txt', () => {
  test('makes exactly the products, each from its own list of sources', () => {
    const made = cmakeProducts(textOf('CMakeLists.txt'))
    expect(made.map((product) => product.name).sort()).toEqual(products)
    for (const { name, sourcesOf } of made) expect(sourcesOf).toBe(name)
  })

  test('is read as what it is', () => {
    const text = `
      function(recipe product)
      add_library(\${product} SHARED \${files})
endfunction()
function(alloc8_preload product)
  add_library(\${product} SHARED \${files})
endfunction()
      # alloc8_preload(commented)
      alloc8_preload(one)
      alloc8_workload(five)
      alloc8_sources(two_files two)
      add_executable(two \${two_files})
      alloc8_sources(mixed other)
      add_library(three MODULE \${mixed})
      add_library(headers INTERFACE)
      add_library(a::headers ALIAS headers)
      add_executable(four main.cpp)`
    expect(cmakeProducts(text.replace(/^ {6}/gm, ''))).toEqual([
      { name: 'one', sourcesOf: 'one' },
      { name: 'five', sourcesOf: 'five' },
      { name: 'two', sourcesOf: 'two' },
      { name: 'three', sourcesOf: 'other' },
      { name: 'four', sourcesOf: null },
    ])
  })
})

describe('what was built', () => {
  const ofKind = (kind: string) => products.filter((name) => list.products[name]?.kind === kind)
  const workloads = ofKind('workload')
  const expected = [
    ...ofKind('addon').map((name) => `${name}.node`),
    ...ofKind('preload').map((name) => `lib${name}.so`),
    ...ofKind('program'),
    ...ofKind('puppet'),
  ].sort()

  /** A workload is a program that people run by its path: none is to be taken for another beside the launcher. */
  const expectAll = (folder: string) => {
    const files = readdirSync(folder)
    expect(builtProducts(files)).toEqual(expected)
    expect(files.filter((file) => workloads.includes(file))).toEqual([])
    expect(readdirSync(`${folder}/workloads`).sort()).toEqual(workloads)
  }

  test('by node-gyp is all products, the workloads in a folder of their own, and nothing else', () => {
    expect(workloads.length).toBeGreaterThan(10)
    expectAll(`${root}build/Release`)
  })

  // CI builds both; elsewhere the second build may be absent.
  test.skipIf(process.env['CI'] !== 'true' && !existsSync(`${root}build-cmake/Release`))('by CMake is the same', () => {
    expectAll(`${root}build-cmake/Release`)
  })

  test('is told from what lies beside it', () => {
    const files = [
      'obj.target',
      'alloc8-launch',
      'alloc8.node',
      'liballoc8-x.so',
      'nothing.o',
      'alloc8-launch.d',
      'Makefile',
    ]
    expect(builtProducts(files)).toEqual(['alloc8-launch', 'alloc8.node', 'liballoc8-x.so'])
  })
})
