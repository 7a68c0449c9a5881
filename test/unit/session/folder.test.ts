/** Session folders: private, never anybody else's, swept only when their controller cannot come back. */

import { spawnSync } from 'node:child_process'
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createSession, sweep } from '../../../lib/session/folder.ts'
import { scratch } from '../../support/launching.ts'

let folder: ReturnType<typeof scratch>
let parent = ''
beforeEach(() => {
  folder = scratch()
  parent = folder.path
})
afterEach(() => folder.remove())

describe('a folder of ours', () => {
  test('is private, is named after this process and goes with what is in it', () => {
    const session = createSession({ parent })
    expect(session.kept).toBe(false)
    expect(basename(session.directory)).toMatch(new RegExp(`^alloc8-${process.pid}\\.\\d+-[A-Za-z0-9]{6}$`))
    expect(statSync(session.directory).mode & 0o777).toBe(0o700)
    mkdirSync(join(session.directory, 'deep'))
    writeFileSync(join(session.directory, 'deep', 'file'), '')
    session.remove()
    expect(readdirSync(parent)).toEqual([])
    session.remove()
  })

  test('is opened to one more group where a target goes on as another user', () => {
    // Our own group: only root may give a folder to another.
    const group = process.getgid?.() ?? 0
    const session = createSession({ parent, group })
    const { mode, gid, uid } = statSync(session.directory)
    expect([mode & 0o777, gid, uid]).toEqual([0o770, group, process.getuid?.()])
    session.remove()
    expect(readdirSync(parent)).toEqual([])
  })

  test('is never the same twice', () => {
    expect(createSession({ parent }).directory).not.toBe(createSession({ parent }).directory)
  })

  test('follows no link when it goes', () => {
    const outside = join(parent, 'outside')
    mkdirSync(outside)
    writeFileSync(join(outside, 'precious'), 'kept')
    const session = createSession({ parent })
    symlinkSync(outside, join(session.directory, 'link'))
    session.remove()
    expect(readFileSync(join(outside, 'precious'), 'utf8')).toBe('kept')
  })

  test.each(['/proc/self', '/no/such/folder', '/dev/null'])('cannot be made in %s, and the error says so', (place) => {
    expect(() => createSession({ parent: place })).toThrow(
      expect.objectContaining({
        code: 'OUTPUT_PATH',
        message: expect.stringContaining(`cannot make a session folder in ${place}: E`),
        hint: 'set TMPDIR to a folder that can be written',
      }),
    )
  })
})

describe('a folder that the user names', () => {
  test('is made when absent, and kept', () => {
    const path = join(parent, 'mine')
    const session = createSession({ path })
    expect(session).toMatchObject({ directory: path, kept: true })
    expect(statSync(path).mode & 0o777).toBe(0o700)
    writeFileSync(join(path, 'file'), '')
    session.remove()
    expect(readdirSync(path)).toEqual(['file'])
  })

  test('may be there already, empty', () => {
    const path = join(parent, 'empty')
    mkdirSync(path)
    expect(createSession({ path }).directory).toBe(path)
  })

  const wrong: [string, RegExp, (path: string) => void][] = [
    [
      'a folder with something in it',
      /expected it to be empty/,
      (path) => mkdirSync(join(path, 'x'), { recursive: true }),
    ],
    ['a file', /expected a folder/, (path) => writeFileSync(path, '')],
    ['a link to a folder', /expected a folder/, (path) => symlinkSync(dirname(path), path)],
    ['a link to nothing', /expected a folder/, (path) => symlinkSync('/no/such', path)],
  ]
  test.each(wrong)('must not be %s', (_, message, make) => {
    const path = join(parent, 'named')
    make(path)
    expect(() => createSession({ path })).toThrow(
      expect.objectContaining({ code: 'OUTPUT_PATH', message: expect.stringMatching(message) }),
    )
    expect(() => createSession({ path })).toThrow(path)
  })

  test('needs a parent', () => {
    expect(() => createSession({ path: join(parent, 'a', 'b') })).toThrow(
      expect.objectContaining({ code: 'OUTPUT_PATH', message: expect.stringContaining('ENOENT') }),
    )
  })
})

describe('the sweep', () => {
  /** A process id that was just given up. */
  const dead = () => spawnSync('/bin/true').pid

  /** A folder as a controller leaves it; `owner` changes what it says of its controller. */
  function leaveBehind(pid: number, owner: object | null = {}, suffix = 'abcDE9'): string {
    const directory = join(parent, `alloc8-${pid}-${suffix}`)
    mkdirSync(directory, { mode: 0o700 })
    const session = createSession({ parent })
    const real = JSON.parse(readFileSync(join(session.directory, '.owner.json'), 'utf8'))
    session.remove()
    if (owner !== null) writeFileSync(join(directory, '.owner.json'), JSON.stringify({ ...real, pid, ...owner }))
    writeFileSync(join(directory, '1-1.witness'), 'x')
    return directory
  }

  test('removes what a dead controller left', () => {
    const directory = leaveBehind(dead())
    expect(sweep(parent)).toEqual([directory])
    expect(existsSync(directory)).toBe(false)
  })

  test('leaves what belongs to a living one: this process, and another', () => {
    const { directory } = createSession({ parent })
    const other = leaveBehind(process.ppid, { started: null })
    expect(sweep(parent)).toEqual([])
    expect([directory, other].every(existsSync)).toBe(true)
  })

  test('is not misled by a process id used again', () => {
    const directory = leaveBehind(process.pid, { started: '1' })
    expect(sweep(parent)).toEqual([directory])
  })

  test('leaves what belongs to another pid namespace, whose process ids mean nothing here', () => {
    leaveBehind(dead(), { namespace: 'pid:[1]' })
    expect(sweep(parent)).toEqual([])
  })

  test('removes what an earlier boot left', () => {
    const directory = leaveBehind(process.pid, { boot: 'another', namespace: 'pid:[1]' })
    expect(sweep(parent)).toEqual([directory])
  })

  test('gives a folder without an owner a day', () => {
    const directory = leaveBehind(dead(), null)
    expect(sweep(parent)).toEqual([])
    const old = Date.now() / 1000 - 25 * 3600
    utimesSync(directory, old, old)
    expect(sweep(parent)).toEqual([directory])
  })

  test('needs no owner where the name tells of a dead process of this pid namespace', () => {
    const own = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0]
    const killed = join(parent, `alloc8-${dead()}.${own}-abcDE9`)
    const [alive, elsewhere] = [`alloc8-${process.ppid}.${own}-abcDE9`, `alloc8-${dead()}.1-abcDE9`]
    for (const directory of [killed, join(parent, alive), join(parent, elsewhere)])
      mkdirSync(directory, { mode: 0o700 })
    expect(sweep(parent)).toEqual([killed])
    expect(readdirSync(parent).sort()).toEqual([alive, elsewhere].sort())
  })

  test('takes a file that names another owner for none', () => {
    leaveBehind(dead(), { pid: 1 })
    expect(sweep(parent)).toEqual([])
  })

  test('touches nothing that only looks like a session', () => {
    const pid = dead()
    writeFileSync(join(parent, `alloc8-${pid}-aaaaaa`), 'a file')
    renameSync(leaveBehind(pid), join(parent, 'real'))
    symlinkSync(join(parent, 'real'), join(parent, `alloc8-${pid}-bbbbbb`))
    for (const name of ['alloc8-x-cccccc', `alloc8-${pid}-toolong`, `xalloc8-${pid}-dddddd`, `alloc8-0${pid}-eeeeee`]) {
      mkdirSync(join(parent, name))
    }
    const before = readdirSync(parent)
    expect(sweep(parent)).toEqual([])
    expect(readdirSync(parent)).toEqual(before)
  })

  test('touches nothing of another user', (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can make a folder of another user')
    const directory = leaveBehind(dead())
    chownSync(directory, 65534, 65534)
    expect(sweep(parent)).toEqual([])
    expect(existsSync(directory)).toBe(true)
  })

  test('of a folder that is not there is nothing', () => {
    rmdirSync(parent)
    expect(sweep(parent)).toEqual([])
  })
})
