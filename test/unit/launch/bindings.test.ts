/** One process image: which heap its entry points landed in. Records are made by witnessed.ts. */

import { describe, expect, test } from 'vitest'
import { type JournalEntry, journalFlags } from '../../../lib/binding/native.ts'
import { judgeImage } from '../../../lib/launch/bindings.ts'
import {
  cxxRuntime,
  entry,
  executablePath,
  heap,
  heapPath,
  image,
  libc,
  libcPath,
  type ObjectSketch,
  program,
  wholeHeap,
} from './witnessed.ts'

const judge = (...objects: ObjectSketch[]) => judgeImage(image(objects), (path) => path === heapPath)

const without = (...names: string[]) => heap(...wholeHeap.filter((name) => !names.includes(name)))

const everything = [
  ...['malloc', 'calloc', 'realloc', 'free', 'reallocarray', 'memalign', 'aligned_alloc', 'posix_memalign'],
  ...['valloc', 'pvalloc', 'malloc_usable_size'],
]

describe('a heap in effect', () => {
  test('takes every entry point', () => {
    const { state, reasons, bindings } = judge(program(...everything), heap(...wholeHeap), libc)
    expect({ state, reasons }).toEqual({ state: 'active', reasons: [] })
    expect(bindings).toEqual(Object.fromEntries(everything.map((name) => [name, heapPath])))
  })

  test('serves a program that refers to nothing itself: libc’s own calls reach it', () => {
    const { state, bindings } = judge(program(), heap(...wholeHeap), libc)
    expect(state).toBe('active')
    expect(bindings).toEqual({ malloc: heapPath, calloc: heapPath, realloc: heapPath, free: heapPath })
  })

  test('need not export what nobody refers to', () => {
    const smallest = heap('malloc', 'calloc', 'realloc', 'free')
    expect(judge(program('malloc', 'free'), smallest, libc)).toMatchObject({ state: 'active', reasons: [] })
  })

  test('need not export what reports: statistics of another heap corrupt nothing', () => {
    const { state, bindings } = judge(program('malloc_trim', 'mallopt'), heap(...wholeHeap), libc)
    expect(state).toBe('active')
    expect(bindings).toMatchObject({ malloc_trim: libcPath, mallopt: libcPath })
  })

  test('need not export the operators: the C++ runtime’s call its malloc', () => {
    const found = judge(program('_Znwm', '_ZdlPv'), without('_Znwm', '_ZdlPv'), cxxRuntime, libc)
    expect(found).toMatchObject({ state: 'active', reasons: [], bindings: { _Znwm: cxxRuntime.path } })
  })

  test('may take the blocks of its own reallocarray wherever it likes', () => {
    const behind = { ...libc, defines: [...(libc.defines ?? []), '__libc_realloc@GLIBC_2.2.5'] }
    const wrapper = { ...heap(...wholeHeap), refers: ['__libc_realloc@GLIBC_2.2.5'] }
    expect(judge(program(...everything), wrapper, behind)).toMatchObject({ state: 'active', reasons: [] })
  })

  test('need not export reallocarray: libc’s calls its realloc', () => {
    const found = judge(program('reallocarray'), without('reallocarray'), libc)
    expect(found).toMatchObject({ state: 'active', bindings: { reallocarray: libcPath } })
  })

  test('may itself use libc’s malloc', () => {
    const layered = { ...heap(...wholeHeap), refers: ['__libc_malloc@GLIBC_2.2.5', 'memalign@GLIBC_2.2.5'] }
    expect(judge(program('malloc', 'free'), layered, libc)).toMatchObject({ state: 'active', reasons: [] })
  })

  test('may come before an allocator that uses libc’s malloc', () => {
    const unused = { path: '/lib/libother.so', defines: wholeHeap, refers: ['__libc_malloc@GLIBC_2.2.5'] }
    expect(judge(program('malloc'), heap(...wholeHeap), unused, libc)).toMatchObject({ state: 'active', reasons: [] })
    expect(judge(program('malloc'), unused, heap(...wholeHeap), libc).state).toBe('inactive')
  })

  test('is libc itself for `system`, before an allocator that the program is linked to', () => {
    const linked = { path: '/lib/libjemalloc.so.2', defines: wholeHeap }
    const record = image([program('malloc', '_Znwm'), libc, linked, cxxRuntime])
    const found = judgeImage(record, (path) => path === libcPath)
    // Its operators are still the linked allocator's, which has no malloc that libc could take.
    expect(found.state).toBe('partial')
    const inC = image([program('malloc', 'free'), libc, linked])
    expect(judgeImage(inC, (path) => path === libcPath)).toMatchObject({ state: 'active', reasons: [] })
  })
})

describe('the executable in the bindings', () => {
  test('is named by its path, though the loader leaves its name empty', () => {
    const own = { path: '', defines: ['malloc', 'calloc', 'realloc', 'free'] }
    expect(judge(own, heap(...wholeHeap), libc).bindings.malloc).toBe(executablePath)
  })

  test('has the last word where two objects’ references differ by version', () => {
    const library = { path: '/lib/libold.so', refers: ['aligned_alloc'] }
    const stamped = heap('malloc', 'calloc', 'realloc', 'free', 'aligned_alloc@HEAP_1')
    const { bindings } = judge(program('aligned_alloc'), stamped, library, libc)
    expect(bindings.aligned_alloc).toBe(libcPath)
  })

  test('is null where the loader found nothing', () => {
    const { state, bindings } = judge(program('free_sized@GLIBC_2.43'), heap(...wholeHeap), libc)
    expect(state).toBe('active')
    expect(bindings.free_sized).toBeNull()
  })
})

describe('nothing requested', () => {
  test('whatever is bound is in effect', () => {
    const record = image([program('malloc', 'aligned_alloc'), libc])
    expect(judgeImage(record, null)).toEqual({
      state: 'active',
      reasons: [],
      bindings: { malloc: libcPath, calloc: libcPath, realloc: libcPath, free: libcPath, aligned_alloc: libcPath },
    })
  })
})

describe('library-not-loaded', () => {
  test('is what a library is that is not among the objects', () => {
    const { state, reasons, bindings } = judge(program('malloc'), libc)
    expect(state).toBe('inactive')
    expect(reasons.map(({ code }) => code)).toEqual(['library-not-loaded'])
    expect(bindings.malloc).toBe(libcPath)
  })

  test('is not fooled by the executable’s empty name', () => {
    const record = image([program('malloc'), libc])
    expect(judgeImage(record, () => true).reasons.map(({ code }) => code)).not.toContain('library-not-loaded')
    expect(judgeImage(image([program('malloc')]), () => true)).toMatchObject({ state: 'inactive' })
  })
})

describe('missing-entry-points', () => {
  test.each([
    ['aligned_alloc', 'GLIBC_2.16'],
    ['posix_memalign', 'GLIBC_2.2.5'],
    ['pvalloc', 'GLIBC_2.2.5'],
    ['malloc_usable_size', 'GLIBC_2.2.5'],
    ['realloc', 'GLIBC_2.2.5'],
  ])('a reference to %s, which the heap does not export', (name, version) => {
    const { state, reasons, bindings } = judge(program('malloc', 'free', name), without(name), libc)
    expect(state).toBe('partial')
    const message = `${name}@${version}: the heap's library does not export it, so it is bound to ${libcPath}`
    expect(reasons).toMatchObject([{ code: 'missing-entry-points', message }])
    expect(bindings).toMatchObject({ malloc: heapPath, free: heapPath, [name]: libcPath })
  })

  test('calloc is always in use, by libc’s own calls', () => {
    expect(judge(program('malloc'), without('calloc'), libc)).toMatchObject({
      state: 'partial',
      reasons: [{ code: 'missing-entry-points' }],
    })
  })

  test('several go into one reason', () => {
    const { reasons } = judge(program('valloc', 'pvalloc'), without('valloc', 'pvalloc'), libc)
    expect(reasons).toHaveLength(1)
    expect(reasons[0]?.message).toContain('valloc@GLIBC_2.2.5, pvalloc@GLIBC_2.2.5: ')
  })

  test('without malloc a heap is inactive, whatever else it has', () => {
    expect(judge(program('malloc', 'free'), without('malloc'), libc)).toMatchObject({
      state: 'inactive',
      reasons: [{ code: 'missing-entry-points' }],
    })
  })

  test('a reference of any library counts, not the executable’s alone', () => {
    const library = { path: '/lib/libimage.so', refers: ['aligned_alloc@GLIBC_2.16'] }
    expect(judge(program('malloc'), without('aligned_alloc'), library, libc).state).toBe('partial')
  })

  test('operators of an allocator that the program is linked to do not reach the heap', () => {
    const linked = { path: '/lib/libtcmalloc.so.4', defines: wholeHeap }
    const found = judge(program('_Znwm'), without('_Znwm', '_ZdlPv'), linked, cxxRuntime, libc)
    expect(found.state).toBe('partial')
    expect(found.reasons[0]?.message).toContain(linked.path)
  })
})

describe('mis-versioned-exports', () => {
  const stamped = (version: string) => heap(...wholeHeap.map((name) => `${name}@${version}`))

  test('one node for all: what has another version in libc is bound there', () => {
    const { state, reasons } = judge(program('malloc', 'free', 'aligned_alloc'), stamped('GLIBC_2.2.5'), libc)
    expect(state).toBe('partial')
    const message =
      "aligned_alloc@GLIBC_2.16: the heap's library exports it as version GLIBC_2.2.5, " +
      `so this reference is bound to ${libcPath}`
    expect(reasons).toMatchObject([{ code: 'mis-versioned-exports', message }])
  })

  test('a version of its own keeps every reference out, though dlsym without a version would find it', () => {
    const { state, reasons, bindings } = judge(program('malloc', 'free'), stamped('HEAP_1.0'), libc)
    expect(state).toBe('inactive')
    expect(new Set(reasons.map(({ code }) => code))).toEqual(new Set(['mis-versioned-exports']))
    expect(bindings).toMatchObject({ malloc: libcPath, calloc: libcPath })
  })

  test('operators of another version do no harm while the C++ runtime’s reach the heap', () => {
    const found = judge(program('_Znwm'), stamped('GLIBC_2.2.5'), cxxRuntime, libc)
    expect(found).toMatchObject({ state: 'active', bindings: { _Znwm: cxxRuntime.path, malloc: heapPath } })
  })
})

describe('own-malloc', () => {
  test('an executable that exports malloc comes before everything preloaded', () => {
    const own = { path: '', defines: ['malloc', 'calloc', 'realloc', 'free'] }
    const { state, reasons } = judge(own, heap(...wholeHeap), libc)
    expect(state).toBe('inactive')
    expect(reasons).toHaveLength(1)
    expect(reasons[0]).toMatchObject({ code: 'own-malloc' })
    expect(reasons[0]?.message).toContain(executablePath)
  })

  test('an executable’s own operators count by what they call', () => {
    const forwards = { path: '', defines: ['_Znwm', '_ZdlPv'], refers: ['malloc@GLIBC_2.2.5', 'free@GLIBC_2.2.5'] }
    const library = { path: '/lib/libuser.so', refers: ['_Znwm@GLIBCXX_3.4'] }
    expect(judge(forwards, heap(...wholeHeap), library, cxxRuntime, libc).state).toBe('active')
    const pool = { path: '', defines: ['_Znwm', '_ZdlPv'] }
    expect(judge(pool, heap(...wholeHeap), library, cxxRuntime, libc)).toMatchObject({
      state: 'partial',
      reasons: [{ code: 'own-malloc' }],
    })
  })

  test('operators that call other operators are followed', () => {
    const wrapper = { path: '/lib/libwrap.so', defines: ['_Znam'], refers: ['_Znwm@GLIBCXX_3.4'] }
    const user = { path: '', refers: ['_Znam'] }
    const smallest = heap('malloc', 'calloc', 'realloc', 'free')
    expect(judge(user, smallest, wrapper, cxxRuntime, libc).state).toBe('active')
  })
})

describe('preload-in-front', () => {
  test('another preloaded library comes first', () => {
    const first = { path: '/tools/libtrace.so', defines: ['malloc', 'free'] }
    const { state, reasons } = judge(program('malloc', 'free', 'calloc'), first, heap(...wholeHeap), libc)
    expect(state).toBe('inactive')
    const names = 'malloc@GLIBC_2.2.5, free@GLIBC_2.2.5'
    expect(reasons).toMatchObject([
      { code: 'preload-in-front', message: `${names}: another is preloaded in front: /tools/libtrace.so` },
    ])
    const record = image([program('malloc', 'free', 'calloc'), first, heap(...wholeHeap), libc])
    const byFile = judgeImage(record, (path) => path === heapPath, [], ['/tools/libtrace.so'])
    expect(byFile.reasons[0]?.message).toContain('/etc/ld.so.preload names another library')
  })

  test('is the reason even where the versions fit', () => {
    const first = { path: '/tools/libtrace.so', defines: ['malloc'] }
    const fitting = heap(...['malloc', 'calloc', 'realloc', 'free'].map((name) => `${name}@GLIBC_2.2.5`))
    expect(judge(program('malloc'), first, fitting, libc).reasons).toMatchObject([{ code: 'preload-in-front' }])
  })

  test('half of a pair is partial', () => {
    const first = { path: '/tools/libfree.so', defines: ['free'] }
    expect(judge(program('malloc', 'free'), first, heap(...wholeHeap), libc).state).toBe('partial')
  })
})

describe('what was loaded later', () => {
  const late = (flags: number, ...objects: ObjectSketch[]) => [
    entry('late', { flags, late: { ...image(objects), kind: 'late' } }),
  ]
  const plugin: ObjectSketch = { path: '/plugins/one.so', refers: ['malloc@GLIBC_2.2.5', 'pvalloc@GLIBC_2.2.5'] }
  const judgeWith = (entries: JournalEntry[], ...objects: ObjectSketch[]) =>
    judgeImage(image(objects), (path) => path === heapPath, entries)

  test('is judged like what was there', () => {
    const bound = late(0, plugin, heap(...wholeHeap), libc)
    expect(judgeWith(bound, program('malloc'), heap(...wholeHeap), libc)).toMatchObject({
      state: 'active',
      reasons: [],
    })
    const lacking = late(0, plugin, without('pvalloc'), libc)
    const found = judgeWith(lacking, program('malloc'), without('pvalloc'), libc)
    expect(found).toMatchObject({ state: 'partial', reasons: [{ code: 'missing-entry-points' }] })
    expect(found.reasons[0]?.message).toMatch(/^pvalloc@GLIBC_2.2.5: .*libc.so.6$/)
  })

  test('deep-bind names the library and what it uses; the program’s own bindings are the program’s', () => {
    const found = judgeWith(late(journalFlags.deepBound, plugin, libc), program('malloc'), heap(...wholeHeap), libc)
    expect(found).toMatchObject({ state: 'partial', reasons: [{ code: 'deep-bind' }] })
    for (const word of ['/plugins/one.so', 'malloc@', 'pvalloc@', libcPath]) {
      expect(found.reasons[0]?.message).toContain(word)
    }
    expect(found.bindings.malloc).toBe(heapPath)
  })

  test('own-namespace: another libc’s malloc is not taken for that of the program', () => {
    const apart = late(journalFlags.ownNamespace, plugin, { ...libc, path: '/other/libc.so.6' })
    const found = judgeWith(apart, program('malloc'), heap(...wholeHeap), libc)
    expect(found).toMatchObject({ state: 'partial', reasons: [{ code: 'own-namespace' }] })
    expect(found.reasons[0]?.message).toBe(
      '/plugins/one.so was loaded into a namespace of its own, where malloc is that of /other/libc.so.6',
    )
    expect(found.bindings.malloc).toBe(heapPath)
  })
})
