/** `alloc8 lab` as its users meet it: what it writes, where, and what it answers to wrong words. */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { labExperiments } from '../../lib/index.ts'
import { pictureFileName } from '../../lib/report/index.ts'
import { alloc8, start } from '../support/cli.ts'
import { schemaProblems } from '../support/schema.ts'

const folder = mkdtempSync(join(tmpdir(), 'alloc8-lab-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const mine = `
  import { defineExperiment, outcomeOf, PuppetDied } from 'alloc8'
  export default defineExperiment({
    name: 'mine',
    question: 'Is a block freed by another thread given again to the one that allocated it?',
    did: 'Thread 0 allocates, thread 1 frees, thread 0 allocates.',
    async observe(lab) {
      const p = await lab.puppet({ threads: 2 })
      const a = await p.thread(0).malloc(64)
      await p.thread(1).free(a)
      lab.fact('the same address again', (await p.thread(0).malloc(64)) === a)
      lab.picture({ kind: 'bars', title: 'one', xTitle: 'x', yTitle: 'y', unit: 'B', bars: [{ label: 'a', value: 64 }] })
      const died = await outcomeOf(p.main.load(8n))
      lab.fact('a wild load ends it', died instanceof PuppetDied)
    },
    explain: (facts) => [facts.yes('the same address again') ? 'It is.' : 'It is not, at once.'],
    model: (facts) => ({ 'a block freed elsewhere': facts.yes('the same address again') ? 'comes back' : 'stays there' }),
  })`

describe('an experiment of one’s own', () => {
  const file = join(folder, 'mine.ts')

  test('is run under every heap named, and written in every format', async () => {
    writeFileSync(file, mine)
    const paths = { json: join(folder, 'r.json'), markdown: join(folder, 'r.md'), svg: join(folder, 'r.svg') }
    const outputs = Object.entries(paths).flatMap(([name, path]) => [`--${name}`, path])
    const { status, stdout, stderr } = await alloc8(['lab', file, '--heaps', 'system,hoard', ...outputs])
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toContain('Is a block freed by another thread given again')
    const result = JSON.parse(readFileSync(paths.json, 'utf8'))
    expect(schemaProblems('lab', result)).toEqual([])
    expect(result.heaps.map(({ heap }: { heap: string }) => heap)).toEqual(['system', 'hoard'])
    for (const { facts, meaning, error } of result.heaps) {
      expect(error).toBeNull()
      expect(facts.at(-1)).toEqual({ name: 'a wild load ends it', value: true, unit: null })
      expect(meaning).toBe(facts[0].value ? 'It is.' : 'It is not, at once.')
    }
    const markdown = readFileSync(paths.markdown, 'utf8')
    const pictures = [...markdown.matchAll(/\]\(<?([^)>]+\.svg)>?\)/g)].map(([, name = '']) => name)
    expect(pictures).toEqual(['r-mine-system-1.svg', 'r-mine-hoard-1.svg'])
    for (const picture of pictures) expect(readFileSync(join(folder, picture), 'utf8')).toMatch(/<svg[\s\S]+<\/svg>/)
    expect(readFileSync(paths.svg, 'utf8').match(/<svg/g)).toHaveLength(3)
  })

  test('that goes wrong under a heap is told, and gives status 1', async () => {
    writeFileSync(file, mine.replace("lab.fact('the same", "await p.main.free(16n); lab.fact('the same"))
    const { status, stdout } = await alloc8(['lab', file, '--heap', 'hoard'])
    expect(status).toBe(1)
    expect(stdout.replace(/\s+/g, ' ')).toMatch(
      /could not be carried through: free: 0x10 was never allocated in puppet \d+ \(hoard\)/,
    )
  })

  test.each([
    ['throws', 'throw new Error("not today")', /it could not be loaded: not today/],
    ['is no TypeScript', 'export default {', /it could not be loaded/],
    ['exports nothing', 'export const a = 1', /expected an experiment as its default export, got none/],
    ['has no name', 'export default {}', /name: expected small letters, digits and hyphens, got undefined/],
    ['lacks a question', 'export default { name: "x", observe() {}, explain() {} }', /question: expected a sentence/],
  ])('that %s is refused by name', async (_, text, message) => {
    writeFileSync(file, text)
    const { status, stderr } = await alloc8(['lab', file, '--heap', 'hoard'])
    expect(status).toBe(2)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^ +at /m)
  })
})

test('a map has a page of its own, and the report a link to it', async () => {
  const { status, stderr } = await alloc8(['lab', 'inspector', '--heap', 'hoard', '--markdown', join(folder, 'm.md')])
  expect([status, stderr]).toEqual([0, ''])
  const markdown = readFileSync(join(folder, 'm.md'), 'utf8')
  const pages = [...markdown.matchAll(/\]\(<([^>]+\.html)>\)/g)].map(([, name = '']) => name)
  expect(pages).toEqual(['m-inspector-hoard-1.html'])
  expect(readFileSync(join(folder, 'm-inspector-hoard-1.html'), 'utf8')).toMatch(/^<!doctype html>[\s\S]+<canvas/)
})

test('where a picture cannot be written, the rest is there, and nothing empty', async () => {
  const own = join(folder, 'unwritable')
  mkdirSync(join(own, 'inspector-hoard-1.svg'), { recursive: true })
  const [json, markdown] = [join(own, 'r.json'), join(own, 'inspector.md')]
  const words = ['lab', 'inspector', '--heap', 'hoard', '--json', json, '--markdown', markdown]
  const { status, stderr } = await alloc8(words)
  expect([status, stderr]).toEqual([2, expect.stringMatching(/inspector-hoard-1\.svg: cannot be written \(EISDIR\)/)])
  expect(JSON.parse(readFileSync(json, 'utf8')).name).toBe('inspector')
  expect(existsSync(markdown)).toBe(false)
})

test('two experiments of one name are refused before anything is run', async () => {
  const [one, two] = [join(folder, 'one.ts'), join(folder, 'two.ts')]
  for (const file of [one, two]) writeFileSync(file, mine)
  const { status, stdout, stderr } = await alloc8(['lab', one, two, '--heap', 'hoard'])
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/two of the experiments are called "mine"/)
})

test('no two heaps have their pictures in one file', () => {
  const heaps = ['hoard', './a b.so', './a_b.so', './a;b.so', `/x/${'d/'.repeat(60)}h.so`, `/y/${'d/'.repeat(60)}h.so`]
  const names = heaps.map((heap) => pictureFileName('layout-map', heap, 0))
  expect(names[0]).toBe('layout-map-hoard-1.svg')
  expect(new Set(names).size).toBe(heaps.length)
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_.=-]{1,160}$/)
})

describe('wrong words', () => {
  test.each([
    [['lab'], /expected an experiment, got none/],
    [['lab', 'inspectr'], /no experiment is called "inspectr"\n {2}did you mean inspector\?/],
    [['lab', './none.ts'], /\.\/none\.ts: there is no such file/],
    [['lab', '--all', 'inspector'], /expected experiments or --all, got --all and inspector/],
    [['lab', 'inspector', '--heaps', 'hoard,,'], /--heaps: expected names with commas between them, got "hoard,,"/],
    [['lab', 'inspector', '--heap', 'hord'], /no heap is called "hord"/],
    [
      ['lab', 'inspector', '--heap', 'hoard', '--json', '/nowhere/x.json'],
      /\/nowhere\/x\.json: cannot be written \(ENOENT\)/,
    ],
    [['lab', '--all', '--markdown', '/dev/null'], /\/dev\/null: expected a folder for a lab book, got a file/],
    [['lab', '--list', 'inspector'], /--list runs nothing/],
  ])('%j', async (words, message) => {
    const { status, stdout, stderr } = await alloc8(words)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
  })

  test('a full disk is told once all was seen', async () => {
    for (const option of ['--svg', '--json', '--markdown']) {
      const { status, stdout, stderr } = await alloc8(['lab', 'inspector', '--heap', 'hoard', option, '/dev/full'])
      expect(status, option).toBe(2)
      expect(stdout).toContain('Which threads and processes are there')
      expect(stderr).toMatch(/cannot be written \(ENOSPC\)/)
    }
  })
})

test('--list names every experiment with its question', async () => {
  const { status, stdout } = await alloc8(['lab', '--list'])
  expect(status).toBe(0)
  for (const { name } of labExperiments()) expect(stdout).toContain(`${name}\n`)
})

test('Ctrl-C ends it, its puppets too, with status 130 and no file', async () => {
  const file = join(folder, 'slow.ts')
  const json = join(folder, 'slow.json')
  writeFileSync(
    file,
    `import { defineExperiment } from 'alloc8'
     export default defineExperiment({ name: 'slow', question: 'q', did: 'd', explain: () => [],
       async observe(lab) { const p = await lab.puppet(); console.error('puppet', p.pid); await p.main.sleep(9_000) } })`,
  )
  const running = start(['lab', file, '--heap', 'hoard', '--json', json])
  let pid = 0
  running.child.stderr?.on('data', (text: string) => {
    if (pid > 0) return
    pid = Number(/puppet (\d+)/.exec(text)?.[1] ?? 0)
    if (pid > 0) running.signalGroup('SIGINT')
  })
  const { status } = await running.end
  expect(status).toBe(130)
  expect(pid).toBeGreaterThan(0)
  expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
  expect(existsSync(json)).toBe(false)
})

test('a lab book has a page for each experiment, pictures that are there, and a model of each heap', async () => {
  const book = join(folder, 'book')
  const { status, stderr } = await alloc8(['lab', '--all', '--heaps', 'hoard', '--markdown', book])
  expect([status, stderr]).toEqual([0, ''])
  const files = readdirSync(book)
  const pages = files.filter((name) => name.endsWith('.md')).sort()
  expect(pages).toEqual(['index.md', ...labExperiments().map(({ name }) => `${name}.md`)].sort())
  const texts = pages.map((page) => readFileSync(join(book, page), 'utf8'))
  const links = texts.flatMap((text) => [...text.matchAll(/\]\(<?([^)#>]+)>?\)/g)].map(([, name = '']) => name))
  expect(links.length).toBeGreaterThan(labExperiments().length)
  expect(links.filter((link) => !/^https?:/.test(link) && !files.includes(link))).toEqual([])
  expect(readFileSync(join(book, 'index.md'), 'utf8')).toContain('## A mental model of each heap')
})
