/** The verdict on a whole run: every process, every reason, and what is known of processes that left no record. */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type ExecutableFacts, judge, staticReason, type VerdictInput } from '../../../lib/launch/verdict.ts'
import { scratch } from '../../support/launching.ts'
import { executablePath, fork, heap, heapPath, image, libc, program, wholeHeap } from './witnessed.ts'

const folder = scratch()
afterAll(folder.remove)

const plain: ExecutableFacts = {
  path: executablePath,
  isElf: true,
  bits: 64,
  isStatic: false,
  setuid: false,
  capabilities: false,
  definesMalloc: null,
  sanitizer: null,
}

/** A run whose target, process 100, left the given records. */
function verdict(overrides: Partial<VerdictInput>) {
  return judge({
    heapLibraries: [heapPath],
    heapBits: 64,
    rootPid: 100,
    rootExitCode: 0,
    target: plain,
    records: [],
    unreadable: [],
    inspect: () => null,
    ...overrides,
  })
}

const good = [program('malloc', 'free'), heap(...wholeHeap), libc]
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
    ['static-executable', { isStatic: true }, /link it dynamically/],
    ['secure-exec', { setuid: true }, /set-user-id or set-group-id/],
    ['secure-exec', { capabilities: true }, /file capabilities/],
    ['sanitizer', { sanitizer: 'address' }, /the address sanitizer/],
    ['wrong-elf-class', { bits: 32 }, /is a 32-bit program and the heap a 64-bit library/],
    ['not-an-elf', { isElf: false, bits: null }, /is not an ELF file/],
    ['not-witnessed', {}, /left no record/],
  ])('%s', (code, facts, message) => {
    const found = verdict({ target: { ...plain, ...facts } })
    expect(found).toMatchObject({ state: 'inactive', reasons: [{ code }] })
    expect(found.reasons[0]?.message).toMatch(message)
    expect(found.reasons[0]?.message).toContain(executablePath)
    expect(found.processes).toMatchObject([{ pid: 100, executable: executablePath, state: 'inactive', bindings: {} }])
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
      [100, 'inactive'],
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
  test('a child has its parent’s bindings', () => {
    const found = verdict({ records: [image(lacking), fork(101, 100), fork(102, 101)] })
    expect(states(found)).toEqual([
      [100, 'partial'],
      [101, 'partial'],
      [102, 'partial'],
    ])
    expect(found.processes[2]).toMatchObject({ ppid: 101, bindings: { malloc: heapPath } })
  })

  test('the reason of all is said once, with their number', () => {
    const found = verdict({ records: [image(lacking), fork(101, 100), fork(102, 100)] })
    expect(found.reasons).toHaveLength(1)
    expect(found.reasons[0]?.message).toMatch(/ \(3 processes\)$/)
  })

  test('a child that execs is judged by what it execs', () => {
    const exec = image(unloaded, { pid: 101, ppid: 100, executable: '/bin/child', sequenceNs: 3n })
    const found = verdict({ records: [image(good), fork(101, 100), exec] })
    expect(found.processes.map(({ pid, executable, state }) => [pid, executable, state])).toEqual([
      [100, executablePath, 'active'],
      [101, '/bin/child', 'inactive'],
    ])
  })

  test('a child of that child has the bindings after the exec', () => {
    const exec = image(lacking, { pid: 101, ppid: 100, executable: '/bin/child' })
    const found = verdict({ records: [image(good), fork(101, 100), exec, fork(102, 101)] })
    expect(found.processes.at(-1)).toMatchObject({ pid: 102, state: 'partial' })
  })

  test('one number for two processes: both are listed', () => {
    const again = image(good, { pid: 101, ppid: 103, executable: '/bin/other' })
    const found = verdict({ records: [image(good), fork(101, 100), fork(103, 100), fork(101, 103), again] })
    // The second fork execs; the first one ended before its number was given away.
    expect(found.processes.map(({ pid, ppid, executable }) => [pid, ppid, executable])).toEqual([
      [100, 1, executablePath],
      [101, 100, executablePath],
      [103, 100, executablePath],
      [101, 103, '/bin/other'],
    ])
    const spawned = verdict({ records: [image(good), fork(101, 100), fork(103, 100), again] })
    expect(spawned.processes.map(({ pid }) => pid)).toEqual([100, 101, 103, 101])
    const sameParent = verdict({ records: [image(good), fork(101, 100), fork(101, 100)] })
    expect(sameParent.processes).toHaveLength(3)
  })

  test('a number given to the target’s child a second time does not hide the target', () => {
    const found = verdict({ records: [image(good), image(unloaded, { pid: 100, ppid: 99, sequenceNs: 9n })] })
    expect(states(found)).toEqual([
      [100, 'active'],
      [100, 'inactive'],
    ])
    expect(found.state).toBe('inactive')
  })

  test('a child whose parent is gone is told by its program', () => {
    const other = image(lacking, { pid: 200, executable: '/bin/other' })
    const found = verdict({ records: [image(good), other, fork(101, 1), fork(201, 1, { executable: '/bin/other' })] })
    expect(states(found).slice(2)).toEqual([
      [101, 'active'],
      [201, 'partial'],
    ])
  })

  test('a child of a program that left no record is not passed over', () => {
    const stranger = fork(301, 300, { executable: '/bin/stranger' })
    const found = verdict({ records: [image(good), stranger] })
    expect(found).toMatchObject({ state: 'inactive', reasons: [{ code: 'not-witnessed' }] })
    expect(found.processes[1]).toMatchObject({ pid: 301, executable: '/bin/stranger', state: 'inactive' })
    expect(verdict({ heapLibraries: [], records: [image(good), stranger] }).state).toBe('active')
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
    expect(found.reasons).toEqual([{ code: 'witness-unreadable', message: '101-5.witness: cut off at 96' }])
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
