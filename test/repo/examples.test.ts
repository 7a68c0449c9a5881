/** Every example runs. Each has its small arguments here, so that a new one cannot be forgotten. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { typescriptImports } from './imports.ts'
import { repositoryFiles, root, textOf } from './tree.ts'

/** Arguments with which an example is done in seconds, and what it prints then. */
const examples: Record<string, { args: string[]; prints: RegExp }> = {
  'examples/functions/compare.mjs': {
    args: ['2'],
    prints:
      /^heaps: default, system, simple\b.*\nunder simple: active, peak [1-9].*\n(?:(?:peak-rss|cpu) (?:system|simple): .*\n){4}$/,
  },
  'examples/thumbnails/thumbnails.mjs': {
    args: ['4', '2'],
    prints: /^4 thumbnails, [1-9]\d+ bytes\nimages per second: [1-9]\d*\.\d\d\n$/,
  },
}

const files = repositoryFiles((path) => /^examples\/[^/]+\/[^/]+\.(?:mjs|ts)$/.test(path))

describe('the examples', () => {
  test('are all listed here', () => {
    expect(files).toEqual(Object.keys(examples).sort())
  })

  test('import only packages, as a user would', () => {
    const reaching = files.filter((path) => typescriptImports(textOf(path)).some((name) => name.startsWith('../')))
    expect(reaching).toEqual([])
  })

  test.each(files)('%s runs', async (path) => {
    const example = examples[path]
    const hooks = path.endsWith('.ts') ? ['--import', './test/support/typescript-hooks.mjs'] : []
    const args = [...hooks, path, ...(example?.args ?? [])]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 60_000 })
    expect(stdout).toMatch(example?.prints ?? /never/)
  })
})
