/** action.yml: what it runs is what GitHub would run, with the built alloc8, and its status is the gate's. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { scratch } from '../support/launching.ts'
import { root, textOf } from './tree.ts'

const folder = scratch()
afterAll(folder.remove)

const action = textOf('action.yml')

/** The script of the step with that id, its indentation taken off. */
function scriptOf(id: string): string {
  const step = action.split(/^ {4}- /m).find((text) => text.includes(`id: ${id}`)) ?? ''
  const [, block = ''] = step.split(/^ {6}run: \|\n/m)
  return block.replace(/^ {8}/gm, '')
}

let count = 0

/** Runs the gate's step in a folder of its own, on a program that holds so much more memory than before. */
function gate(
  blocks: number,
  more: number,
  inconclusive: string,
): { status: number | null; output: string; path: string } {
  count++
  const path = join(folder.path, String(count))
  mkdirSync(path)
  const hold = (mebibytes: number) => ['python3', '-c', `print(len(bytearray(${mebibytes} << 20)))`]
  const workloads = [{ name: 'hold', command: hold(20 + more), against: hold(20) }]
  const config = { heaps: ['default'], metrics: ['peak-rss'], threshold: 0.05, workloads }
  writeFileSync(join(path, 'suite.json'), JSON.stringify(config))
  const env = {
    ...{ PATH: process.env['PATH'], HOME: path, ALLOC8: `${root}dist/cli/main.js`, REPORTS: join(path, 'reports') },
    ...{ CONFIG: 'suite.json', ARGUMENTS: `--blocks ${blocks} --warmup-blocks 0`, INCONCLUSIVE: inconclusive },
    ...{ GITHUB_OUTPUT: join(path, 'output'), GITHUB_STEP_SUMMARY: join(path, 'summary') },
  }
  const { status } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', scriptOf('gate')], { cwd: path, env })
  return { status, output: readFileSync(join(path, 'output'), 'utf8'), path }
}

describe('the action', () => {
  test('passes a build that is no worse, with its reports', () => {
    const { status, output, path } = gate(6, 0, 'fail')
    expect(output).toBe(`status=0\nreports=${join(path, 'reports')}\n`)
    expect(status).toBe(0)
    for (const name of ['report.html', 'junit.xml', 'result.json'])
      expect(existsSync(join(path, 'reports', name))).toBe(true)
    expect(readFileSync(join(path, 'summary'), 'utf8')).toContain('gate: passed')
  })

  test('fails a build that holds more memory', () => {
    const { status, output } = gate(6, 20, 'pass')
    expect([status, output.split('\n')[0]]).toEqual([1, 'status=1'])
  })

  test('does with an inconclusive gate what it is told', () => {
    expect(gate(2, 0, 'pass').status).toBe(0)
    expect(gate(2, 0, 'fail').status).toBe(4)
  })

  test('has each input that it uses, and uses each that it has', () => {
    const declared = [...(/^inputs:\n([\s\S]*?)^outputs:/m.exec(action)?.[1] ?? '').matchAll(/^ {2}([\w-]+):$/gm)]
    const used = [...action.matchAll(/inputs\.([\w-]+)/g)].map((match) => match[1] ?? '')
    expect(declared.length).toBeGreaterThan(3)
    expect([...new Set(used)].sort()).toEqual(declared.map((match) => match[1] ?? '').sort())
  })
})
