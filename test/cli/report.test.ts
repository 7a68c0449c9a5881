/** `alloc8 report`: a stored result in every format, and files that hold none. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import vm from 'node:vm'
import { afterAll, expect, test } from 'vitest'
import { alloc8 } from '../support/cli.ts'

const golden = new URL('../fixtures/compare-v1.json', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'alloc8-report-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('all formats at once; nothing is printed', async () => {
  const at = (name: string) => join(folder, name)
  const formats = ['--html', at('r.html'), '--markdown', at('r.md'), '--junit', at('r.xml')]
  expect(await alloc8(['report', golden, ...formats])).toMatchObject({ status: 0, stdout: '', stderr: '' })
  const html = readFileSync(at('r.html'), 'utf8')
  expect(html.startsWith('<!doctype html>')).toBe(true)
  expect(readFileSync(at('r.md'), 'utf8')).toMatch(/^## alloc8: 4 workloads\n/)
  expect(readFileSync(at('r.xml'), 'utf8')).toMatch(/^<\?xml [\s\S]*<testsuites name="alloc8 compare"/)
  // The page's script is the text of compiled functions: it must still be one after the build.
  const [, script = ''] = /<script>(.*?)<\/script>/s.exec(html) ?? []
  expect(script).toContain('theme();')
  expect(() => new vm.Script(script)).not.toThrow()
})

test('the table without an option, also from stdin', async () => {
  const { status, stdout } = await alloc8(['report', golden])
  expect(status).toBe(0)
  expect(stdout).toMatch(/^Over 3 workloads, /)
  expect(await alloc8(['report', '-'], { input: readFileSync(golden, 'utf8') })).toMatchObject({ status: 0, stdout })
})

test.each([
  ['no such file', () => join(folder, 'nothing.json'), /nothing\.json: cannot be read \(ENOENT\)/],
  ['a folder', () => folder, /cannot be read \(EISDIR\)/],
  [
    'cut short',
    () => written('cut.json', readFileSync(golden, 'utf8').slice(0, 5000)),
    /cut\.json: ends in the middle/,
  ],
  ['foreign', () => written('other.json', '{"results": []}'), /other\.json: is JSON, but no result of alloc8/],
  ['newer', () => written('new.json', '{"schema": 7}'), /new\.json: has schema 7, and this alloc8 reads schema 1/],
])('%s is wrong usage, and no report is written', async (_, path, words) => {
  const html = join(folder, 'none.html')
  const { status, stdout, stderr } = await alloc8(['report', path(), '--html', html])
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(words)
  expect(() => readFileSync(html)).toThrow('ENOENT')
})

function written(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
