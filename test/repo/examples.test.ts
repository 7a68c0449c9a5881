/** Every example runs. Each has its small arguments here, so that a new one cannot be forgotten. */

import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { typescriptImports } from './imports.ts'
import { repositoryFiles, root, textOf } from './tree.ts'

/** Arguments with which an example is done in seconds, and what it prints then. */
const examples: Record<string, { args: string[]; prints: RegExp; needs?: string }> = {
  'examples/ci/alloc8.config.ts': {
    args: ['--blocks', '1', '--warmup-blocks', '0', '--pairing', 'alone'],
    prints: /^heaps .*\n +before +active\b.*\n +after +active\b/m,
  },
  'examples/functions/compare.mjs': {
    args: ['2'],
    prints:
      /^heaps: default, system, simple\b.*\nunder simple: active, peak [1-9].*\n(?:(?:peak-rss|cpu) (?:system|simple): .*\n){4}$/,
  },
  'examples/lab/late-write.ts': {
    args: ['--heaps', 'system,simple', '--json', '-'],
    prints: /"meaning": "A late write ended the program for blocks of these sizes: [\s\S]*"heap": "simple"/,
  },
  'examples/lab/next-block.ts': {
    args: ['--heaps', 'system,simple', '--json', '-'],
    prints: /"meaning": "After [0-4] of 4 forks it was the same address\."[\s\S]*"kind": "matrix"/,
  },
  'examples/lab/who-gets-it-again.ts': {
    args: ['--heaps', 'system,simple', '--json', '-'],
    prints:
      /"meaning": "Only the thread that freed the block got it again[\s\S]*"meaning": "Another thread got the freed/,
  },
  'examples/redis/redis.sh': {
    args: ['2000'],
    prints: /^SET: [1-9][\d.]+\nLPUSH: [1-9]/,
    needs: 'redis-server',
  },
  'examples/suite/alloc8.config.ts': {
    args: ['--blocks', '1', '--warmup-blocks', '0', '--pairing', 'alone'],
    prints: /^heaps .*\n +system +active\b.*\n +simple +active\b/m,
  },
  'examples/thumbnails/thumbnails.mjs': {
    args: ['4', '2'],
    prints: /^4 thumbnails, [1-9]\d+ bytes\nimages per second: [1-9]\d*\.\d\d\n$/,
  },
}

const files = repositoryFiles((path) => /^examples\/[^/]+\/[^/]+\.(?:mjs|ts|sh)$/.test(path))

describe('the examples', () => {
  test('are all listed here', () => {
    expect(files).toEqual(Object.keys(examples).sort())
  })

  test('import only packages, as a user would', () => {
    const reaching = files.filter(
      (path) => !path.endsWith('.sh') && typescriptImports(textOf(path)).some((name) => name.startsWith('../')),
    )
    expect(reaching).toEqual([])
  })

  test.for(files)('%s runs', async (path, context) => {
    const example = examples[path]
    if (example?.needs !== undefined && !installed(example.needs)) {
      expect(process.env['CI'], `${example.needs} is not installed`).not.toBe('true')
      context.skip(`${example.needs} is not installed`)
    }
    const program = path.endsWith('.sh') ? 'sh' : process.execPath
    const args = [...before(path), path, ...(example?.args ?? [])]
    const { stdout } = await promisify(execFile)(program, args, { cwd: root, timeout: 300_000 })
    expect(stdout).toMatch(example?.prints ?? /never/)
  })
})

/** What an example is given to: a configuration or an experiment to alloc8, TypeScript to what can run it. */
function before(path: string): string[] {
  if (path.endsWith('.config.ts')) return ['dist/cli/main.js', 'compare', '--suite']
  if (path.startsWith('examples/lab/')) return ['dist/cli/main.js', 'lab']
  return path.endsWith('.ts') ? ['--import', './test/support/typescript-hooks.mjs'] : []
}

function installed(tool: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0
}
