/** The import direction of lib/ and native/: zero violations. The checker is tried on planted ones first. */

import { existsSync } from 'node:fs'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { libHouse, nativeHouse } from './house.ts'
import { includesOf, libViolations, nativeViolations, typescriptImports } from './imports.ts'
import { repositoryFiles, root, textOf } from './tree.ts'

const { dependencies } = JSON.parse(textOf('package.json')) as { dependencies: Record<string, string> }
const packages = Object.keys(dependencies)
const isFile = (path: string) => existsSync(root + path)

const libFiles = repositoryFiles((path) => path.startsWith('lib/') && path.endsWith('.ts'))
const nativeFiles = repositoryFiles((path) => /^native\/.*\.(?:h|hpp|c|cc|cpp)$/.test(path))

describe('the repository', () => {
  test('lib/ imports in the direction of the house', () => {
    expect(libFiles.length).toBeGreaterThan(40)
    expect(libFiles.flatMap((path) => libViolations(libHouse, path, textOf(path), packages))).toEqual([])
  })

  test('native/ includes in the direction of the house', () => {
    expect(nativeFiles.length).toBeGreaterThan(40)
    expect(nativeFiles.flatMap((path) => nativeViolations(nativeHouse, path, textOf(path), isFile))).toEqual([])
  })

  test("only the addon sees Node's headers, and headers of the system stay out of base and include", () => {
    const wrong = nativeFiles.flatMap((path) =>
      includesOf(textOf(path)).flatMap(({ name, quoted }) => {
        if (/^(?:node_api|napi|js_native_api|uv|v8|node)\b/.test(name) && !path.startsWith('native/addon/'))
          return [`${path}: ${name}`]
        return /^native\/(?:base|include)\//.test(path) && !quoted && isSystemHeader(name) ? [`${path}: ${name}`] : []
      }),
    )
    expect(wrong).toEqual([])
    expect(isSystemHeader('unistd.h')).toBe(true)
    expect(isSystemHeader('sys/mman.h')).toBe(true)
    expect(isSystemHeader('cstdint')).toBe(false)
    expect(isSystemHeader('stddef.h')).toBe(false)
    expect(isSystemHeader('alloc8/lock.h')).toBe(false)
  })

  test('nothing below cli reads argv, prints or exits; nothing in report takes part in input or output', () => {
    const below = libFiles.filter((path) => !path.startsWith('lib/cli/'))
    const wrong = below.flatMap((path) => consoleUses(textOf(path)).map((use) => `${path}: ${use}`))
    expect(wrong).toEqual([])
    const report = below.filter((path) => path.startsWith('lib/report/'))
    // Hashing reads and writes nothing.
    const reaching = report.filter((path) =>
      typescriptImports(textOf(path)).some((name) => name.startsWith('node:') && name !== 'node:crypto'),
    )
    expect(reaching).toEqual([])
    expect(consoleUses('console.log(1); process.exit(2); process.argv[2]; process.stdout.write("x")')).toHaveLength(4)
    expect(
      consoleUses('// console.log\nconst text = "process.exit"; process.env.X; run({ stdout: "inherit" })'),
    ).toEqual([])
  })
})

describe('the checker of lib/', () => {
  const check = (path: string, text: string) => libViolations(libHouse, path, text, ['commander'])

  test('refuses each way of importing against the direction', () => {
    const upward = 'lib/stats may not import lib/compare/plan.ts'
    for (const line of [
      "import { planBlocks } from '../compare/plan.ts'",
      "import type { PlannedBlock } from '../compare/plan.ts'",
      "export * from '../compare/plan.ts'",
      "export type { PlannedBlock } from '../compare/plan.ts'",
      "const plan = await import('../compare/plan.ts')",
      "import {\n  planBlocks,\n  type PlannedBlock,\n} from '../compare/plan.ts'",
    ]) {
      expect(check('lib/stats/mean.ts', line), line).toEqual([`lib/stats/mean.ts: ${upward}`])
    }
  })

  test.each([
    ['lib/binding/elf.ts', '../launch/run.ts'],
    ['lib/heaps/found.ts', '../platform.ts'],
    ['lib/heaps/found.ts', '../session/folder.ts'],
    ['lib/report/text.ts', '../compare/index.ts'],
    ['lib/api/run.ts', '../cli/main.ts'],
    ['lib/index.ts', './cli/main.ts'],
    ['lib/stats/mean.ts', '../errors.ts'],
    ['lib/stats/mean.ts', '../types.ts'],
    ['lib/stats/mean.ts', 'node:fs'],
    ['lib/launch/run.ts', '../../scripts/sources.ts'],
    ['lib/nowhere/new.ts', '../errors.ts'],
    ['lib/launch/run.ts', '../nowhere/new.ts'],
    ['lib/launch/run.ts', '../session/folder.js'],
    ['lib/launch/run.ts', 'left-pad'],
    ['lib/launch/run.ts', 'commander-extra/sub'],
  ])('refuses %s importing %s', (path, name) => {
    expect(check(path, `import x from '${name}'`)).toHaveLength(1)
  })

  test.each([
    ['lib/stats/mean.ts', './rng.ts'],
    ['lib/compare/cells.ts', '../stats/index.ts'],
    ['lib/compare/cells.ts', '../errors.ts'],
    ['lib/launch/deep/er.ts', '../../heaps/index.ts'],
    ['lib/launch/deep/er.ts', '../run.ts'],
    ['lib/report/text.ts', '../types.ts'],
    ['lib/cli/main.ts', '../api/run.ts'],
    ['lib/cli/main.ts', '../stats/index.ts'],
    ['lib/cli/main.ts', 'commander'],
    ['lib/cli/main.ts', 'commander/sub'],
    ['lib/binding/native.ts', 'node:module'],
  ])('lets %s import %s', (path, name) => {
    expect(check(path, `import x from '${name}'`)).toEqual([])
  })
})

describe('the checker of native/', () => {
  const files = new Set([
    'native/base/list.h',
    'native/platform/platform.h',
    'native/platform/linux/files.h',
    'native/include/alloc8/lock.h',
    'native/include/alloc8/detail/entry_points.h',
    'native/interpose/c_bridge.h',
    'native/interpose/header_form.h',
    'native/platform/linux/platform.cpp',
    'native/record/ring.h',
    'native/launch/options.h',
    'test/native/check.h',
  ])
  const check = (path: string, text: string) => nativeViolations(nativeHouse, path, text, (file) => files.has(file))

  test.each([
    ['native/base/list.h', '"platform/platform.h"'],
    ['native/include/alloc8/stats.h', '"base/list.h"'],
    ['native/include/alloc8/stats.h', '<base/list.h>'],
    ['native/include/alloc8/stats.h', '"../../base/list.h"'],
    ['native/heaps/simple/simple.cpp', '"interpose/c_bridge.h"'],
    ['native/heaps/simple/simple.cpp', '"platform/linux/files.h"'],
    ['native/record/ring.h', '"alloc8/lock.h"'],
    ['native/addon/addon.cpp', '"alloc8/lock.h"'],
    ['native/launch/main.cpp', '"witness/absent.h"'],
    ['native/launch/main.cpp', '"../../test/native/check.h"'],
    ['native/witness/linux/bindings.cpp', '"alloc8/lock.h"'],
    ['native/workloads/churn.cpp', '"base/list.h"'],
    ['native/nowhere/x.cpp', '"base/list.h"'],
    ['native/include/alloc8/alloc8.h', '"interpose/header_form.h"'],
    ['native/interpose/c_bridge.h', '"platform/linux/platform.cpp"'],
  ])('refuses %s including %s', (path, name) => {
    expect(check(path, `#include ${name}\n`)).toHaveLength(1)
    expect(check(path, `  #  include ${name} // a reason\n`)).toHaveLength(1)
  })

  test.each([
    ['native/heaps/simple/simple.cpp', '"alloc8/lock.h"'],
    ['native/heaps/simple/simple.cpp', '"platform/platform.h"'],
    ['native/launch/linux/start.cpp', '"../options.h"'],
    ['native/launch/main.cpp', '"options.h"'],
    ['native/witness/linux/bindings.cpp', '"alloc8/detail/entry_points.h"'],
    ['native/include/alloc8/gnu_wrapper.h', '"interpose/header_form.h"'],
    ['native/interpose/header_form.h', '"platform/linux/platform.cpp"'],
    ['native/base/spans.h', '<cstddef>'],
  ])('lets %s include %s', (path, name) => {
    expect(check(path, `#include ${name}\n`)).toEqual([])
  })

  test('does not take a comment or a string for an include', () => {
    expect(check('native/base/list.h', '// #include "record/ring.h"\n/*\n#include "record/ring.h"\n*/')).toEqual([])
    expect(check('native/base/list.h', 'const char* text = "// no comment";\n#include "record/ring.h"\n')).toHaveLength(
      1,
    )
  })
})

/** A header of the operating system: not of C, of C++ or ours. */
function isSystemHeader(name: string): boolean {
  if (name.startsWith('alloc8/') || !name.endsWith('.h')) return false
  return !/^(?:assert|ctype|errno|float|inttypes|limits|locale|math|setjmp|signal|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|time|uchar|wchar)\.h$/.test(
    name,
  )
}

/** Uses of the terminal, the arguments and the exit in a TypeScript file. */
function consoleUses(text: string): string[] {
  const uses: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      const [owner, member] = [node.expression.text, node.name.text]
      const ofProcess = ['argv', 'exit', 'exitCode', 'abort', 'stdin', 'stdout', 'stderr'].includes(member)
      if (owner === 'console' || (owner === 'process' && ofProcess)) uses.push(`${owner}.${member}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest))
  return uses
}
