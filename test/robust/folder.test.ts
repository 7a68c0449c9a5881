/**
 * Whatever a target does in its session folder or to it, the controller reads nothing else, waits for nothing, and
 * removes nothing else.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { createSession, sweep } from '../../lib/session/folder.ts'
import { readRecords } from '../../lib/session/records.ts'
import { alloc8, cliPath } from '../support/cli.ts'
import { scratch } from '../support/launching.ts'
import { asNobody, lackingNobody, lackingTool, requireOrSkip } from '../support/needs.ts'
import { runUnder } from '../support/run-under.ts'

const folder = scratch()
// Hard links and moves need one file system for what targets do here.
vi.stubEnv('TMPDIR', tmpdir())
afterAll(folder.remove)

/** A folder that must stay as it is, with one file. */
function precious(): string {
  const path = mkdtempSync(join(folder.path, 'precious-'))
  writeFileSync(join(path, 'file.witness'), 'precious')
  return path
}

const untouched = (path: string) =>
  expect(readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'utf8')])).toEqual([
    ['file.witness', 'precious'],
  ])

/** Runs a script under bash with `simple`; checks that its session folder has gone. */
async function target(script: string, ...words: string[]) {
  const { result } = await runUnder('simple', ['bash', '-c', `echo "$ALLOC8_SESSION" > "$0"; ${script}`, log, ...words])
  const session = readFileSync(log, 'utf8').trim()
  expect(session).toMatch(/\/alloc8-\d+\.\d+-\w{6}$/)
  return { result, session }
}

const log = join(folder.path, 'session')

describe('in place of a record', () => {
  // Each plants $ALLOC8_SESSION/1-1.witness.
  const plants: [string, string, string][] = [
    ['a link to a record elsewhere', 'ln -s "$1/file.witness" "$ALLOC8_SESSION/1-1.witness"', 'not a regular file'],
    ['a hard link', 'ln "$1/file.witness" "$ALLOC8_SESSION/1-1.witness"', 'another name'],
    ['a FIFO', 'mkfifo "$ALLOC8_SESSION/1-1.witness"', 'not a regular file'],
    ['a folder', 'mkdir "$ALLOC8_SESSION/1-1.witness"', 'not a regular file'],
    ['a link to a device', 'ln -s /dev/zero "$ALLOC8_SESSION/1-1.witness"', 'not a regular file'],
    ['an endless hole', 'truncate -s 1T "$ALLOC8_SESSION/1-1.witness"', 'more records than can be read'],
    ['a large hole', 'truncate -s 20M "$ALLOC8_SESSION/1-1.witness"', 'more than 16 MiB'],
    ['an empty file', ': > "$ALLOC8_SESSION/1-1.witness"', 'truncated'],
  ]
  test.each(plants)('%s is named, neither read nor waited for', async (_, script, words) => {
    const elsewhere = precious()
    const { result, session } = await target(script, elsewhere)
    expect(result.exitCode).toBe(0)
    const unreadable = result.verdict.reasons.filter(({ code }) => code === 'witness-unreadable')
    expect(unreadable.map(({ message }) => message).join()).toContain(words)
    expect(unreadable[0]?.message).toContain(session)
    expect(JSON.stringify(result)).not.toContain('precious"')
    expect(existsSync(session)).toBe(false)
    untouched(elsewhere)
  })

  test('a name with a line break and an escape sequence does not reach the terminal', async () => {
    const script = ': > "$ALLOC8_SESSION"/$\'a\\nb\\e[31mred.witness\''
    const { status, stderr } = await alloc8(['run', '--heap', 'simple', '--', 'bash', '-c', script])
    expect(status).toBe(0)
    expect(stderr).toContain('red.witness')
    expect(stderr).not.toContain('\u001b')
    expect(stderr).not.toContain('a\nb')
  })

  test('thousands of files are read or counted, and go', async () => {
    const script =
      'cd "$ALLOC8_SESSION" && seq -f "2-%g.witness" 5000 | xargs touch && seq -f "other-%g" 5000 | xargs touch'
    const { result, session } = await target(script)
    expect(result.exitCode).toBe(0)
    expect(result.verdict.reasons.at(-1)?.message).toContain('4995 more records cannot be read')
    expect(existsSync(session)).toBe(false)
  })

  test('more bytes than fit in memory are not read', () => {
    const session = createSession({ parent: folder.path })
    for (let i = 0; i < 20; ++i) {
      execFileSync('truncate', ['-s', '15M', join(session.directory, `1-${i}.witness`)])
    }
    const { records, unreadable } = readRecords(session.anchor, session.directory)
    session.remove()
    expect(records).toEqual([])
    // 17 files of 15 MiB fit into 256.
    expect(unreadable).toHaveLength(18)
    expect(unreadable.at(-1)).toBe(
      `${session.directory}: 3 more records than can be read (200000 files, 268435456 bytes)`,
    )
  })
})

describe('in place of the folder', () => {
  test('a link: records are read from the folder itself, and nothing is removed elsewhere', async () => {
    const elsewhere = precious()
    const { result, session } = await target(
      'mv "$ALLOC8_SESSION" "$1" && ln -s "$2" "$ALLOC8_SESSION"',
      join(folder.path, 'moved'),
      elsewhere,
    )
    // What was started after the move has lost its folder.
    expect(result.verdict).toMatchObject({ state: 'partial', reasons: [{ code: 'not-witnessed' }] })
    expect(existsSync(session)).toBe(false)
    untouched(elsewhere)
    // It is empty; where it was moved to is the target's affair.
    expect(readdirSync(join(folder.path, 'moved'))).toEqual([])
  })

  test('another folder stays', async () => {
    const elsewhere = precious()
    const { session } = await target(
      'mv "$ALLOC8_SESSION" "$1" && mv "$2" "$ALLOC8_SESSION"',
      join(folder.path, 'away'),
      elsewhere,
    )
    untouched(session)
    rmSync(session, { recursive: true })
  })

  test('nothing: the verdict says that there is no record', async () => {
    const { result } = await target('rm -rf "$ALLOC8_SESSION"')
    expect(result.verdict.reasons.map(({ code }) => code)).toEqual(['not-witnessed'])
  })
})

describe('what is left in it goes', () => {
  test.each([
    [
      'folders that nobody may enter',
      'cd "$ALLOC8_SESSION"; mkdir -p a/b/c d; touch a/b/c/file; chmod 000 a/b/c a/b a d .',
    ],
    [
      'a link to a folder',
      'ln -s "$1" "$ALLOC8_SESSION/link"; mkdir "$ALLOC8_SESSION/sub"; ln -s "$1" "$ALLOC8_SESSION/sub/link"',
    ],
    [
      'deeper folders than a path can name',
      `exec "$(python3 -c 'import sys; print(sys.executable)')" -c '
import os
os.chdir(os.environ["ALLOC8_SESSION"])
for _ in range(1000): os.mkdir("deep"); os.chdir("deep")
open("end", "w")'`,
    ],
    [
      'names that are no text',
      "cd \"$ALLOC8_SESSION\"; touch $'\\xff\\xfe' $'\\n' -- -rf; mkdir $'\\x80' && touch $'\\x80'/x",
    ],
  ])('%s', async (_, script) => {
    const elsewhere = precious()
    const { result, session } = await target(script, elsewhere)
    expect(result.exitCode).toBe(0)
    expect(existsSync(session)).toBe(false)
    untouched(elsewhere)
  })

  test('also where the controller is an ordinary user', async ({ skip }) => {
    requireOrSkip(skip, process.getuid?.() === 0 ? lackingNobody(cliPath) : null)
    const as = process.getuid?.() === 0 ? asNobody : []
    const script = 'cd "$ALLOC8_SESSION"; mkdir -p a/b/c d; touch a/b/c/file; chmod 000 a/b/c a/b a d; chmod 000 .'
    const { status } = await alloc8(['run', '--no-summary', '--', 'bash', '-c', script], { as })
    expect(status).toBe(0) // alloc8() checks that nothing is left
  })

  test('but not what is mounted there, or cannot be changed', async ({ skip }) => {
    requireOrSkip(skip, lackingMounts())
    requireOrSkip(skip, lackingTool('chattr', 'e2fsprogs'))
    const elsewhere = precious()
    const { result, session } = await target(
      'mkdir "$ALLOC8_SESSION/mounted" && mount --bind "$1" "$ALLOC8_SESSION/mounted"',
      elsewhere,
    )
    try {
      expect(result.exitCode).toBe(0)
      untouched(elsewhere)
      expect(readdirSync(session)).toEqual(['mounted'])
    } finally {
      execFileSync('umount', [join(session, 'mounted')])
      rmSync(session, { recursive: true })
    }
    const immutable = await target(
      'cd "$ALLOC8_SESSION" && touch stone && { chattr +i stone || echo no > "$1/chattr"; }',
      folder.path,
    )
    if (existsSync(join(folder.path, 'chattr'))) return
    expect(readdirSync(immutable.session)).toEqual(['stone'])
    execFileSync('chattr', ['-i', join(immutable.session, 'stone')])
    rmSync(immutable.session, { recursive: true })
  })

  test('while a process goes on writing there, the removal ends', async () => {
    const script =
      '(while mkdir -p "$ALLOC8_SESSION/x/y" 2> /dev/null && [ $SECONDS -lt 20 ]; do :; done) > /dev/null 2>&1 &'
    const { session } = await target(script)
    rmSync(session, { recursive: true, force: true })
  })
})

describe('the sweep', () => {
  /** A folder as a killed controller leaves it, whose target did `change` to it. */
  function abandoned(parent: string, change: (directory: string) => void): string {
    const code = `
      import { createSession } from ${JSON.stringify(join(import.meta.dirname, '../../dist/session/folder.js'))}
      console.log(createSession({ parent: ${JSON.stringify(parent)} }).directory)
      process.kill(process.pid, 'SIGKILL')`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
    const directory = stdout.trim()
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    change(directory)
    return directory
  }

  test('waits for no FIFO and believes no link in place of the owner', async () => {
    const parent = mkdtempSync(join(folder.path, 'sweep-'))
    const changes: ((owner: string) => void)[] = [
      (owner) => execFileSync('mkfifo', [owner]),
      (owner) => symlinkSync('/dev/zero', owner),
      (owner) => mkdirSync(owner),
      (owner) => writeFileSync(owner, 'x'.repeat(100_000)),
    ]
    await alloc8(['heaps']) // builds dist/
    const directories = changes.map((change) =>
      abandoned(parent, (directory) => {
        rmSync(join(directory, '.owner.json'))
        change(join(directory, '.owner.json'))
      }),
    )
    // Their names say enough: made in this pid namespace, by processes that are gone. Each one's maker swept the last's.
    expect(sweep(parent)).toEqual(directories.slice(-1))
    expect(readdirSync(parent)).toEqual([])
  })

  test('removes what a killed controller left, whatever is in it', async () => {
    const parent = mkdtempSync(join(folder.path, 'sweep-'))
    const elsewhere = precious()
    await alloc8(['heaps'])
    const directory = abandoned(parent, (made) => {
      symlinkSync(elsewhere, join(made, 'link'))
      mkdirSync(join(made, 'closed'))
      writeFileSync(join(made, 'closed', 'file'), '')
      chmodSync(join(made, 'closed'), 0)
    })
    expect(sweep(parent)).toEqual([directory])
    expect(existsSync(directory)).toBe(false)
    untouched(elsewhere)
  })
})

describe('where it is made', () => {
  test('a folder in which anybody may rename it is refused', async () => {
    const parent = mkdtempSync(join(folder.path, 'open-'))
    chmodSync(parent, 0o777)
    const env = { TMPDIR: parent }
    const refused = await alloc8(['run', '--', 'true'], { env })
    expect(refused.status).toBe(125)
    expect(refused.stderr).toContain('everybody may rename what is made there (mode 777)')
    expect(refused.stderr).toContain(`chmod +t ${parent}`)
    chmodSync(parent, 0o1777)
    expect((await alloc8(['run', '--', 'true'], { env })).status).toBe(0)
    expect(readdirSync(parent)).toEqual([])
  })

  test('a link to a folder is as good as the folder', async () => {
    const parent = mkdtempSync(join(folder.path, 'real-'))
    const link = join(folder.path, 'link-to-real')
    symlinkSync(parent, link)
    const end = await alloc8(['run', '--heap', 'simple', '--require-active', '--', 'true'], { env: { TMPDIR: link } })
    expect(end.status).toBe(0)
    expect(readdirSync(parent)).toEqual([])
  })
})

/** Null when this process may mount things. */
function lackingMounts(): string | null {
  const { status } = spawnSync('unshare', ['-m', 'true'])
  return status === 0 && process.getuid?.() === 0 ? null : `mounting needs root, here with ${tmpdir()}`
}
