/**
 * What the READMEs show is true: commands run or at least exist, links lead somewhere, paths are there. `commands.ts`
 * says how a block is marked; alloc8 is the built one.
 */

import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  commandProblems,
  commandsInHelp,
  examplesInHelp,
  type Surroundings,
  scriptOf,
  simpleCommands,
  useOf,
} from './commands.ts'
import { codeBlocks, headingAnchors, inlineCode, linkTargets } from './markdown.ts'
import { repositoryFiles, root, textOf } from './tree.ts'

// What `alloc8 new` writes is read in the project that it writes (test/author/build.test.ts).
const elsewhere = /^(?:test\/fixtures|lib\/author\/template)\//
const readmes = repositoryFiles((path) => path.endsWith('.md') && !elsewhere.test(path))
const main = join(root, 'dist/cli/main.js')
const tracked = [...new Set(repositoryFiles((path) => path.includes('/')).map((path) => path.split('/')[0] ?? ''))]

const helps = new Map<string, string>()
function help(command: string): string {
  const words = command === '' ? ['--help'] : [command, '--help']
  const known = helps.get(command) ?? execFileSync(process.execPath, [main, ...words], { encoding: 'utf8' })
  helps.set(command, known)
  return known
}

const around: Surroundings = {
  exists: (path) => existsSync(root + path),
  folders: [...tracked, 'build', 'build-cmake', 'dist'],
  scripts: Object.keys((JSON.parse(textOf('package.json')) as { scripts: object }).scripts),
  programs: readdirSync(`${root}node_modules/.bin`),
  help,
}

const problemsOf = (script: string) => simpleCommands(script).flatMap((command) => commandProblems(command, around))

test('the READMEs that one looks for are there', () => {
  const wanted = ['CHANGELOG.md', 'CONTRIBUTING.md', 'README.md', 'lib/README.md', 'native/README.md', 'test/README.md']
  expect(readmes).toEqual(expect.arrayContaining(wanted))
})

describe.each(readmes)('%s', (file) => {
  const markdown = textOf(file)
  const blocks = codeBlocks(markdown).map((block) => ({ block, use: useOf(block), script: scriptOf(block) }))

  test('links to what is there', () => {
    const broken = linkTargets(markdown).filter((target) => !/^[a-z]+:/.test(target) && !leads(file, target))
    expect(broken).toEqual([])
  })

  test('names paths that are there', () => {
    const named = inlineCode(markdown).filter((code) => /^[\w.-]+\/[\w./-]*$/.test(code))
    const ours = named.filter((path) => tracked.includes(path.split('/')[0] ?? ''))
    expect(ours.filter((path) => !existsSync(root + path))).toEqual([])
  })

  test.each(blocks.filter(({ use }) => use === 'check'))(
    'shows commands that exist, line $block.line',
    ({ script }) => {
      expect(problemsOf(script)).toEqual([])
    },
  )

  test.each(blocks.filter(({ use }) => use === 'run'))(
    'shows commands that run, line $block.line',
    async ({ script }) => {
      await runScript(script)
    },
    180_000,
  )
})

describe('the help of the command line', () => {
  test('shows commands and options that exist', () => {
    for (const command of ['', ...commandsInHelp(help(''))]) {
      const examples = examplesInHelp(help(command)).join('\n')
      expect(simpleCommands(examples).length, command).toBeGreaterThan(0)
      expect(problemsOf(examples), command).toEqual([])
    }
  })
})

describe('running a script', () => {
  test('fails where one of its commands does', async () => {
    await expect(runScript('true\nfalse\ntrue')).rejects.toThrow()
    await expect(runScript('false | cat')).rejects.toThrow()
    await expect(runScript('alloc8 no-such-command')).rejects.toThrow()
  })

  test('has the built alloc8, at the root', async () => {
    const { version } = JSON.parse(textOf('package.json')) as { version: string }
    expect((await runScript('alloc8 --version; npx alloc8 --version; test -f package.json')).split('\n')).toEqual([
      version,
      version,
      '',
    ])
  })
})

/** Whether a link from a file leads to a file or folder of ours, and to a heading in it where it names one. */
function leads(file: string, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const to = path === '' ? file : posix.join(posix.dirname(file), path)
  if (!existsSync(root + to)) return false
  return anchor === undefined || headingAnchors(textOf(to)).includes(anchor)
}

let shims = ''
beforeAll(() => {
  shims = mkdtempSync(join(tmpdir(), 'alloc8-readme-'))
  const alloc8 = `exec '${process.execPath}' '${main}' "$@"`
  // In a project that depends on alloc8, npx runs the installed one; in our own folder it would install us first.
  const npx = `if [ "$1" = alloc8 ]; then shift; ${alloc8}; fi\nexec '${root}node_modules/.bin/'"$@"`
  for (const [name, body] of Object.entries({ alloc8, npx })) {
    writeFileSync(join(shims, name), `#!/bin/sh\n${body}\n`)
    chmodSync(join(shims, name), 0o755)
  }
})
afterAll(() => rmSync(shims, { recursive: true, force: true }))

/** Runs a script as a reader would type it, from the root; gives what it printed. Throws where any command fails. */
async function runScript(script: string): Promise<string> {
  const env = { ...process.env, PATH: `${shims}:${process.env['PATH']}`, TMPDIR: shims, NO_COLOR: '1' }
  const options = { cwd: root, env, timeout: 300_000, maxBuffer: 16 << 20 }
  const running = promisify(execFile)('bash', ['-eu', '-o', 'pipefail', '-c', script], options)
  running.child.stdin?.end()
  return (await running).stdout
}
