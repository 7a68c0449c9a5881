/** Names of code made at run time, from the maps that runtimes write: real names of V8, and files that nobody should trust. */

import {
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildProfile, keepPerfMaps } from '../../../lib/profile/index.ts'
import { lookUp, namesFromPerfMap, readJitName } from '../../../lib/profile/perf-map.ts'
import { scratch } from '../../support/launching.ts'
import { frameAt, raw, session, site } from './raw.ts'

test.each([
  ['JS:*handle /srv/app.js:12:34', 'handle', '/srv/app.js', 12],
  ['JS:^handle /srv/app.js:12:34', 'handle', '/srv/app.js', 12],
  ['LazyCompile:~Server.on request /srv/a b.js:1:2', 'Server.on request', '/srv/a b.js', 1],
  ['LazyCompile:*~odd /a.js:3:4', '~odd', '/a.js', 3],
  ['Function:^get size file:///srv/m.mjs:7:1', 'get size', '/srv/m.mjs', 7],
  ['Function:~ node:internal/timers:512:9', '(anonymous)', 'node:internal/timers', 512],
  ['JS:~ /srv/app.js:1:1', '(anonymous)', '/srv/app.js', 1],
  ['JS:~run [eval]:1:5', 'run', '[eval]', 1],
  ['JS:+fast evalmachine.<anonymous>:2:3', 'fast', 'evalmachine.<anonymous>', 2],
  ['Script:~ C:/x', 'C:/x', null, null],
  ['JS:*', '(anonymous)', null, null],
  ['RegExp:a:1:2', 'RegExp:a:1:2', null, null],
  ['BytecodeHandler:Star0', 'BytecodeHandler:Star0', null, null],
  ['py::work:/srv/job.py', 'work', '/srv/job.py', null],
  ['Interpreter', 'Interpreter', null, null],
])('%s', (text, name, file, line) => {
  expect(readJitName(text)).toEqual({ function: name, file, line })
})

describe('lookUp', () => {
  const found = (text: string, ...addresses: number[]) =>
    addresses.map((address) => lookUp(Buffer.from(text), addresses).get(address)?.function ?? null)

  test('covers from the start up to the end, without it', () => {
    expect(found('1000 10 f\n', 0xfff, 0x1000, 0x100f, 0x1010)).toEqual([null, 'f', 'f', null])
  })

  test('the last line that covers an address holds', () => {
    const map = '1000 100 old\n1080 10 small\n1000 20 new\n'
    expect(found(map, 0x1000, 0x1030, 0x1085)).toEqual(['new', 'old', 'small'])
  })

  test('lines that are none are passed over, the last one may lack its end', () => {
    const map = 'garbage\n\n1000\n1000 10\nzz 10 a\n1000 10 \xff\xfe\n2000 ffffffffffffffff wide\n3000 1 last'
    expect(found(map, 0x2000, 0x3000)).toEqual(['wide', 'last'])
  })

  test('a hundred thousand lines and addresses in a moment', () => {
    const lines = Array.from({ length: 100_000 }, (_, n) => `${(n * 64).toString(16)} 40 f${n}`)
    const addresses = Array.from({ length: 100_000 }, (_, n) => n * 64 + 5)
    expect(lookUp(Buffer.from(lines.join('\n')), addresses).get(64 * 77_777 + 5)?.function).toBe('f77777')
  })
})

describe('the file', () => {
  let folder: ReturnType<typeof scratch>
  let path = ''
  beforeEach(() => {
    folder = scratch()
    path = join(folder.path, 'perf-100.map')
  })
  afterEach(() => folder.remove())
  const read = (since = 0) => namesFromPerfMap(100, [0x1005], since, folder.path)?.get(0x1005)?.function

  test('is read where it is a regular one of this user', () => {
    expect(read()).toBeUndefined()
    writeFileSync(path, '1000 10 JS:*f /a.js:1:1\n')
    expect(read()).toBe('f')
  })

  test('of another user, a link, a folder or one with a second name is not', ({ skip }) => {
    const other = join(folder.path, 'other')
    writeFileSync(other, '1000 10 f\n')
    symlinkSync(other, path)
    expect(() => read()).toThrow('ELOOP')
    rmSync(path)
    linkSync(other, path)
    expect(() => read()).toThrow('another name')
    rmSync(path)
    mkdirSync(path)
    expect(() => read()).toThrow('not a regular file')
    rmSync(path, { recursive: true })
    if (process.getuid?.() !== 0) skip('only root can give a file away')
    writeFileSync(path, '1000 10 f\n')
    chownSync(path, 65534, 65534)
    expect(() => read()).toThrow('belongs to user 65534')
  })

  test('that was left by an earlier process of the same number is not', () => {
    writeFileSync(path, '1000 10 f\n')
    utimesSync(path, 1000, 1000)
    expect(read(2_000_000)).toBeUndefined()
    expect(read(500_000)).toBe('f')
  })

  test('names frames of a process and of its forked children', async () => {
    writeFileSync(path, '1000 10 JS:*parent /srv/app.js:3:1\n2000 10 JS:*both /srv/app.js:5:1\n')
    writeFileSync(join(folder.path, 'perf-101.map'), '2000 10 JS:^own /srv/app.js:9:1\n')
    const frames = [frameAt(null, 0x1006), frameAt(null, 0x2006), frameAt(null, 0x9000)]
    const parent = raw([], [site(frames)])
    const child = raw([], [site(frames)], { pid: 101, ppid: 100, startNs: 2000n })
    const stranger = raw([], [site(frames)], { pid: 102, ppid: 7, startNs: 3000n })
    const profile = await buildProfile(session(parent, child, stranger), { perfMaps: folder.path })
    const names = (pid: number) => {
      const stack = profile.stacks.find(({ thread }) => profile.threads[thread]?.pid === pid)
      return stack?.frames.map((at) => {
        const { function: name, file, line, kind } = profile.frames[at] ?? expect.fail()
        return `${kind} ${name} ${file}:${line}`
      })
    }
    const none = 'unknown null null:null'
    expect(names(100)).toEqual(['jit parent /srv/app.js:3', 'jit both /srv/app.js:5', none])
    expect(names(101)).toEqual(['jit parent /srv/app.js:3', 'jit own /srv/app.js:9', none])
    expect(names(102)).toEqual([none, none, none])
    expect(profile.warnings).toEqual([])
  })

  describe('in a kept session', () => {
    const frames = [frameAt(null, 0x1006), frameAt(null, 0x2006), frameAt(null, 0x9000)]
    const parent = raw([], [site(frames)])
    const child = raw([], [site(frames)], { pid: 101, ppid: 100, startNs: 2000n })
    const samples = session(parent, child)
    const maps = () => join(folder.path, 'maps')
    const kept = () => join(folder.path, 'session')
    const write = (pid: number, text: string) => writeFileSync(join(maps(), `perf-${pid}.map`), text)
    beforeEach(() => {
      for (const path of [maps(), kept()]) mkdirSync(path)
    })
    const names = async (pid: number) => {
      const profile = await buildProfile(samples, { perfMaps: maps(), session: kept() })
      const stack = profile.stacks.find(({ thread }) => profile.threads[thread]?.pid === pid)
      const found = stack?.frames.map((at) => profile.frames[at]?.function ?? null)
      return { found, warnings: profile.warnings.map(({ message }) => message) }
    }

    test('are the lines that name what was sampled, and nothing that is written later', async () => {
      const others = Array.from({ length: 10_000 }, (_, n) => `${(0x10000 + n * 64).toString(16)} 40 other${n}`)
      write(100, ['1000 10 old', ...others, '1000 10 parent', '2000 10 both', '1100 10 no'].join('\n'))
      write(101, '2000 10 own')
      keepPerfMaps(samples, kept(), maps())
      expect(readFileSync(join(kept(), '100-1000.map'), 'utf8')).toBe('1000 10 parent\n2000 10 both\n')
      expect(readFileSync(join(kept(), '101-2000.map'), 'utf8')).toBe('1000 10 parent\n2000 10 own\n')
      for (const pid of [100, 101]) write(pid, '0 ffffff another process')
      expect(await names(100)).toEqual({ found: ['parent', 'both', null], warnings: [] })
      expect(await names(101)).toEqual({ found: ['parent', 'own', null], warnings: [] })
    })

    test('are not there where nothing is named, and do not take the place of what is there', async () => {
      keepPerfMaps(samples, kept(), maps())
      expect(readdirSync(kept())).toEqual([])
      write(100, '1000 10 f')
      writeFileSync(join(kept(), '100-1000.map'), 'mine')
      keepPerfMaps(samples, kept(), maps())
      expect(readFileSync(join(kept(), '100-1000.map'), 'utf8')).toBe('mine')
      keepPerfMaps(samples, join(folder.path, 'nowhere'), maps())
    })

    test('that cannot be read are said, and the others are looked for', async () => {
      write(100, '1000 10 f')
      mkdirSync(join(kept(), '100-1000.map'))
      const { found, warnings } = await names(100)
      expect(found).toEqual(['f', null, null])
      expect(warnings).toEqual([
        expect.stringMatching(/^the kept names of process 100 are not read: not a regular file/),
      ])
    })

    test('are no more than 16 MiB, in whole lines', () => {
      const many = Array.from({ length: 6000 }, (_, n) => frameAt(null, 0x100000 + n * 16))
      const lines = many.map((_, n) => `${(0x100000 + n * 16 - 8).toString(16)} 10 ${n} ${'x'.repeat(5000)}`)
      write(100, lines.join('\n'))
      keepPerfMaps(session(raw([], [site(many)])), kept(), maps())
      const text = readFileSync(join(kept(), '100-1000.map'), 'latin1')
      expect(text.length).toBeGreaterThan(15 << 20)
      expect(text.length).toBeLessThanOrEqual(16 << 20)
      expect(text).toMatch(/ \d+ x{3990,}\n$/)
    })
  })
})
