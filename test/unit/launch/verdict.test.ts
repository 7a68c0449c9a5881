/** The verdict on a whole run: every process, every reason, and what is known of processes that left no record. */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { journalFlags } from '../../../lib/binding/native.ts'
import { type ExecutableFacts, type judge, staticReason } from '../../../lib/launch/verdict.ts'
import { scratch } from '../../support/launching.ts'
import { good, plain, verdict } from './judging.ts'
import { entry, executablePath, fork, heap, heapPath, image, journal, libc, program, wholeHeap } from './witnessed.ts'

const folder = scratch()
afterAll(folder.remove)

const lacking = [program('malloc', 'free', 'valloc'), heap('malloc', 'calloc', 'realloc', 'free'), libc]
const unloaded = [program('malloc', 'free'), libc]

const states = ({ processes }: ReturnType<typeof judge>) => processes.map(({ pid, state }) => [pid, state])
const codes = ({ reasons }: ReturnType<typeof judge>) => reasons.map(({ code }) => code)

describe('one process', () => {
  test('active', () => {
    const found = verdict({ records: [image(good)] })
    expect(found).toMatchObject({ state: 'active', reasons: [] })
    expect(found.processes).toHaveLength(1)
    expect(found.processes[0]).toMatchObject({ pid: 100, ppid: 1, executable: executablePath, state: 'active' })
  })

  test('a library reached through links is the same library', () => {
    const real = join(folder.path, 'libreal.so.1.2')
    const link = join(folder.path, 'libreal.so')
    const linkedFolder = join(folder.path, 'linked')
    mkdirSync(join(folder.path, 'deep'))
    writeFileSync(real, '')
    symlinkSync(real, link)
    symlinkSync(folder.path, linkedFolder)
    const objects = [program('malloc'), { path: join(linkedFolder, 'libreal.so'), defines: wholeHeap }, libc]
    expect(verdict({ heapLibraries: [link], records: [image(objects)] }).state).toBe('active')
    expect(verdict({ heapLibraries: [`${link}.2`], records: [image(objects)] }).state).toBe('inactive')
  })

  test('one of several libraries is enough', () => {
    const found = verdict({ heapLibraries: ['/heaps/libpart.so', heapPath], records: [image(good)] })
    expect(found.state).toBe('active')
  })

  test('a malloc that only the symbol table shows is as good as an exported one', () => {
    const target = { ...plain, definesMalloc: 'malloc in its symbol table' }
    const found = verdict({ target, records: [image(good)] })
    expect(found).toMatchObject({ state: 'inactive', reasons: [{ code: 'own-malloc' }] })
    expect(found.reasons[0]?.message).toContain('malloc in its symbol table')
    // Exported, the bindings say more of it.
    const own = { path: '', defines: ['malloc', 'calloc', 'realloc', 'free'] }
    const exported = verdict({ target, records: [image([own, ...good.slice(1)])] })
    expect(codes(exported)).toEqual(['own-malloc'])
    expect(exported.reasons[0]?.message).toContain('malloc@')
  })

  test('exec after exec: each image has its own entry, and the worst counts', () => {
    const shell = image(good, { executable: '/bin/sh', sequenceNs: 1n })
    const found = verdict({ records: [shell, image(unloaded, { sequenceNs: 2n })] })
    expect(found.processes.map(({ executable, state }) => [executable, state])).toEqual([
      ['/bin/sh', 'active'],
      [executablePath, 'inactive'],
    ])
    expect(found.state).toBe('inactive')
  })
})

describe('the target left no record', () => {
  test.each<[string, Partial<ExecutableFacts>, RegExp]>([
    ['static-executable', { isStatic: true }, /linked statically/],
    ['secure-exec', { setuid: true }, /set-user-id or set-group-id/],
    ['secure-exec', { capabilities: true }, /file capabilities/],
    ['sanitizer', { sanitizer: 'address' }, /the address sanitizer/],
    ['wrong-elf-class', { bits: 32 }, /is a 32-bit program and the heap a 64-bit library/],
    ['not-an-elf', { isElf: false, bits: null }, /is not an ELF file/],
  ])('%s', (code, facts, message) => {
    const found = verdict({ target: { ...plain, ...facts } })
    expect(found).toMatchObject({ state: 'inactive', reasons: [{ code }] })
    expect(found.reasons[0]?.message).toMatch(message)
    expect(found.reasons[0]?.message).toContain(executablePath)
    expect(found.processes).toMatchObject([{ pid: 100, executable: executablePath, state: 'inactive', bindings: {} }])
  })

  test('not-witnessed: nothing is known of it, as of others', () => {
    const found = verdict({})
    expect(found).toMatchObject({ state: 'partial', reasons: [{ code: 'not-witnessed' }] })
    expect(found.reasons[0]?.message).toContain(`${executablePath} left no record`)
    // The shell has 127 for what it does not find, too.
    const removed = verdict({ sessionRemoved: true, rootExitCode: 127 })
    expect(removed).toMatchObject({ state: 'partial', reasons: [{ code: 'not-witnessed' }] })
    expect(removed.reasons[0]?.message).toContain('the session folder was removed')
    const still = verdict({ sessionRemoved: true, target: { ...plain, isStatic: true } })
    expect(still).toMatchObject({ state: 'inactive', reasons: [{ code: 'static-executable' }] })
  })

  test('the target untouched is what it is, whether or not it could be witnessed', () => {
    const found = verdict({ heapLibraries: [], target: { ...plain, isStatic: true } })
    expect(found).toMatchObject({ state: 'active', reasons: [{ code: 'static-executable' }] })
  })

  test('the loader’s exit status means that it gave up', () => {
    const found = verdict({ rootExitCode: 127 })
    expect(found).toMatchObject({ state: 'inactive', reasons: [{ code: 'library-not-loaded' }] })
    expect(found.reasons[0]?.message).toContain('the loader gave up')
    expect(codes(verdict({ rootExitCode: null }))).toEqual(['not-witnessed'])
    expect(codes(verdict({ rootExitCode: 127, heapLibraries: [] }))).toEqual(['not-witnessed'])
    expect(verdict({ rootExitCode: 127, records: [image(good)] })).toMatchObject({ state: 'active', reasons: [] })
  })

  test('its children do not stand for it', () => {
    const found = verdict({ records: [image(good, { pid: 101, ppid: 100 })] })
    expect(states(found)).toEqual([
      [100, 'partial'],
      [101, 'active'],
    ])
    expect(codes(found)).toEqual(['not-witnessed'])
  })

  test('the first thing that keeps libraries out is the one that is named', () => {
    const facts = { ...plain, bits: 32 as const, isStatic: true, setuid: true, sanitizer: 'thread' }
    expect(staticReason(facts, 64)?.code).toBe('wrong-elf-class')
    expect(staticReason({ ...facts, bits: 64 }, 64)?.code).toBe('sanitizer')
    expect(staticReason({ ...facts, bits: 64, sanitizer: null }, 64)?.code).toBe('static-executable')
    expect(staticReason(plain, 64)).toBeNull()
  })
})

describe('forks', () => {
  const all = journalFlags.preloadKept | journalFlags.preloadPresent | journalFlags.sessionKept

  /** The target, with what it and its children did. */
  const withJournal = (objects: Parameters<typeof image>[0], ...entries: ReturnType<typeof entry>[]) => {
    const target = image(objects)
    return { records: [target], journals: [journal(target, ...entries)] }
  }

  test('a child has its parent’s bindings', () => {
    const found = verdict(withJournal(lacking, fork(101, 100), fork(102, 101, 2n)))
    expect(states(found)).toEqual([
      [100, 'partial'],
      [101, 'partial'],
      [102, 'partial'],
    ])
    expect(found.processes[2]).toMatchObject({ ppid: 101, bindings: { malloc: heapPath } })
  })

  test('the reason of all is said once, with their number', () => {
    const found = verdict(withJournal(lacking, fork(101, 100), fork(102, 100)))
    expect(found.reasons).toHaveLength(1)
    expect(found.reasons[0]?.message).toMatch(/ \(3 processes\)$/)
  })

  test('a child that execs is judged by what it execs, whether or not its exec was entered', () => {
    const exec = image(unloaded, { pid: 101, ppid: 100, executable: '/bin/child', sequenceNs: 3n })
    const became = entry('exec', { pid: 101, ppid: 100, timeNs: 2n, text: '/bin/child', flags: all })
    for (const entries of [[fork(101, 100)], [fork(101, 100), became]]) {
      const { records, journals } = withJournal(good, ...entries)
      const found = verdict({ records: [...records, exec], journals })
      expect(found.processes.map(({ pid, executable, state }) => [pid, executable, state])).toEqual([
        [100, executablePath, 'active'],
        [101, '/bin/child', 'inactive'],
      ])
    }
  })

  test('one number for two processes: both are listed', () => {
    const again = image(good, { pid: 101, ppid: 103, executable: '/bin/other', sequenceNs: 9n })
    const { records, journals } = withJournal(good, fork(101, 100), fork(103, 100, 2n), fork(101, 103, 3n))
    const found = verdict({ records: [...records, again], journals })
    // The second fork execs; the first one ended before its number was given away.
    expect(found.processes.map(({ pid, ppid, executable }) => [pid, ppid, executable])).toEqual([
      [100, 1, executablePath],
      [101, 100, executablePath],
      [103, 100, executablePath],
      [101, 103, '/bin/other'],
    ])
    expect(verdict(withJournal(good, fork(101, 100), fork(101, 100, 2n))).processes).toHaveLength(3)
  })

  test('a number given to the target’s child a second time does not hide the target', () => {
    const found = verdict({ records: [image(good), image(unloaded, { pid: 100, ppid: 99, sequenceNs: 9n })] })
    expect(states(found)).toEqual([
      [100, 'active'],
      [100, 'inactive'],
    ])
    expect(found.state).toBe('inactive')
  })

  test('what a child loads is its own affair, what its parent loaded before is its too', () => {
    const plugin = { path: '/plugins/one.so', refers: ['pvalloc@GLIBC_2.2.5'] }
    const part = { ...image([plugin, libc]), kind: 'late' as const }
    const late = (pid: number, timeNs: bigint) => entry('late', { pid, timeNs, late: part })
    const before = verdict(
      withJournal(
        [program('malloc'), heap('malloc', 'calloc', 'realloc', 'free'), libc],
        late(100, 1n),
        fork(101, 100, 2n),
      ),
    )
    expect(states(before)).toEqual([
      [100, 'partial'],
      [101, 'partial'],
    ])
    const after = verdict(
      withJournal(
        [program('malloc'), heap('malloc', 'calloc', 'realloc', 'free'), libc],
        fork(101, 100, 1n),
        late(101, 2n),
      ),
    )
    expect(states(after)).toEqual([
      [100, 'active'],
      [101, 'partial'],
    ])
    expect(codes(after)).toEqual(['missing-entry-points'])
  })
})

describe('programs that were started and left no record', () => {
  const { preloadKept, preloadPresent, sessionKept, otherRoot, otherUser } = journalFlags
  const start = (flags: number, kind: 'exec' | 'spawn' | 'shell' = 'spawn', facts: Partial<ExecutableFacts> = {}) => {
    const target = image(good)
    const text = '/bin/child'
    const started = entry(kind, { child: kind === 'spawn' ? 107 : 0, flags, text })
    return verdict({
      records: [target],
      journals: [journal(target, started)],
      inspect: (path) => ({ ...plain, path, ...facts }),
    })
  }

  test.each([
    ['preload-dropped', 0, 'inactive'],
    ['preload-dropped', preloadPresent | sessionKept, 'inactive'],
    ['session-dropped', preloadPresent | preloadKept, 'partial'],
    ['other-root', preloadPresent | preloadKept | sessionKept | otherRoot, 'partial'],
    ['preload-dropped', sessionKept | otherRoot, 'inactive'],
    ['not-witnessed', preloadPresent | preloadKept | sessionKept | otherUser, 'partial'],
    ['not-witnessed', preloadPresent | preloadKept | sessionKept, 'partial'],
  ])('%s (%i)', (code, flags, state) => {
    const found = start(flags)
    expect(found).toMatchObject({ state, reasons: [{ code }] })
    expect(found.processes[1]).toMatchObject({ pid: 107, ppid: 100, executable: '/bin/child', state, bindings: {} })
    expect(found.reasons[0]?.advice).not.toBe('')
  })

  test('what the file shows is the reason, whatever the environment', () => {
    expect(codes(start(preloadKept | preloadPresent | sessionKept, 'spawn', { isStatic: true }))).toEqual([
      'static-executable',
    ])
    expect(codes(start(0, 'exec', { setuid: true }))).toEqual(['secure-exec'])
    // Inside another root folder it is another file.
    expect(codes(start(preloadKept | otherRoot, 'spawn', { isStatic: true }))).toEqual(['other-root'])
  })

  test('a shell has no number', () => {
    expect(start(0, 'shell').processes[1]).toMatchObject({ pid: 0, ppid: 100, executable: '/bin/child' })
  })

  test('each start takes one record, the first that fits', () => {
    const target = image(good)
    const shell = image(good, { pid: 101, ppid: 100, executable: '/bin/dash', sequenceNs: 5n })
    const two = [entry('shell', { text: '/bin/sh', timeNs: 2n }), entry('shell', { text: '/bin/sh', timeNs: 7n })]
    const found = verdict({ records: [target, shell], journals: [journal(target, ...two)] })
    expect(found.processes.map(({ pid }) => pid)).toEqual([100, 101, 0])
  })

  test('are of no consequence where nothing was requested', () => {
    const target = image(good)
    const journals = [journal(target, entry('exec', { text: '/bin/child' }))]
    expect(verdict({ heapLibraries: [], records: [target], journals }).state).toBe('active')
  })
})

describe('other programs of a run', () => {
  test('are looked at for a malloc of their own', () => {
    const child = image(good, { pid: 101, executable: '/bin/child' })
    const asked: string[] = []
    const found = verdict({
      records: [image(good), child],
      inspect: (path) => {
        asked.push(path)
        return { ...plain, path, definesMalloc: 'malloc in its symbol table' }
      },
    })
    expect(asked).toEqual(['/bin/child'])
    expect(states(found)).toEqual([
      [100, 'active'],
      [101, 'inactive'],
    ])
    expect(found.reasons[0]?.message).toContain('/bin/child')
  })

  test('have reasons of their own', () => {
    const child = image(lacking, { pid: 101, executable: '/bin/child' })
    const found = verdict({ records: [image(unloaded), child] })
    expect(codes(found)).toEqual(['library-not-loaded', 'missing-entry-points'])
    expect(found.state).toBe('inactive')
  })
})

describe('records that cannot be read', () => {
  test('leave one process in doubt', () => {
    const found = verdict({ records: [image(good)], unreadable: ['101-5.witness: cut off at 96'] })
    expect(found.state).toBe('partial')
    expect(found.reasons).toMatchObject([{ code: 'witness-unreadable', message: '101-5.witness: cut off at 96' }])
  })

  test('are of no consequence where nothing was requested', () => {
    const found = verdict({ heapLibraries: [], records: [image(good)], unreadable: ['101-5.witness: cut off'] })
    expect(found).toMatchObject({ state: 'active', reasons: [{ code: 'witness-unreadable' }] })
  })

  test('do not make it better', () => {
    expect(verdict({ records: [image(unloaded)], unreadable: ['x'] }).state).toBe('inactive')
  })

  test('are not all listed when there are many', () => {
    const unreadable = Array.from({ length: 1000 }, (_, index) => `${index}-1.witness: empty`)
    const { reasons } = verdict({ records: [image(good)], unreadable })
    expect(reasons.length).toBeLessThan(10)
    expect(reasons.at(-1)?.message).toMatch(/995 more/)
  })
})
