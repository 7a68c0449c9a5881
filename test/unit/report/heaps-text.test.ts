/** The list of heaps: whole paths, and what can be tuned on demand. */

import { expect, test } from 'vitest'
import { heapsText } from '../../../lib/report/index.ts'
import { ascii50, colour80, heaps, plain80 } from './fixtures.ts'

test('the list', () => {
  expect(heapsText(heaps, plain80, { verbose: false })).toMatchInlineSnapshot(`
    "heap      kind     version  library
    default   default  –        the program untouched
    system    system   2.36     /lib/x86_64-linux-gnu/libc.so.6
    simple    builtin  0.1.0
        /home/someone/project/node_modules/alloc8/build/Release/liballoc8-simple.so
    jemalloc  found    5.3.0    /usr/lib/x86_64-linux-gnu/libjemalloc.so.2

    Tune a heap in its name: system:arena_max=VALUE (all keys: --verbose). Any
    library file is a heap too: --heap ./libmine.so
    "
  `)
})

test('the list with tunables', () => {
  expect(heapsText(heaps, plain80, { verbose: true })).toMatchInlineSnapshot(`
    "heap      kind     version  library
    default   default  –        the program untouched
    system    system   2.36     /lib/x86_64-linux-gnu/libc.so.6
        system:arena_max=INTEGER                most arenas (default 8 per core)
    simple    builtin  0.1.0
        /home/someone/project/node_modules/alloc8/build/Release/liballoc8-simple.so
    jemalloc  found    5.3.0    /usr/lib/x86_64-linux-gnu/libjemalloc.so.2
        jemalloc:narenas=INTEGER                number of arenas; fewer take less
                                                memory and make threads wait more
                                                (default 4 per core)
        jemalloc:background_thread=BOOLEAN      purge in a thread (default false)

    Tune a heap in its name: system:arena_max=VALUE. Any library file is a heap too:
    --heap ./libmine.so
    "
  `)
})

test('narrow and in ASCII', () => {
  expect(heapsText(heaps, ascii50, { verbose: true })).toMatchInlineSnapshot(`
    "heap      kind     version  library
    default   default  -        the program untouched
    system    system   2.36
        /lib/x86_64-linux-gnu/libc.so.6
        system:arena_max=INTEGER
            most arenas (default 8 per core)
    simple    builtin  0.1.0
        /home/someone/project/node_modules/alloc8/build/Release/liballoc8-simple.so
    jemalloc  found    5.3.0
        /usr/lib/x86_64-linux-gnu/libjemalloc.so.2
        jemalloc:narenas=INTEGER
            number of arenas; fewer take less memory
            and make threads wait more (default 4 per
            core)
        jemalloc:background_thread=BOOLEAN
            purge in a thread (default false)

    Tune a heap in its name: system:arena_max=VALUE.
    Any library file is a heap too: --heap
    ./libmine.so
    "
  `)
})

test('in colour nothing moves', () => {
  const text = heapsText(heaps, colour80, { verbose: true })
  expect(text).toContain('<b>jemalloc</b>')
  expect(text).toContain('<cyan>jemalloc:narenas=INTEGER</cyan>')
  expect(text.replace(/<\/?(b|dim|cyan)>/g, '')).toBe(heapsText(heaps, plain80, { verbose: true }))
})

test('a path is never cut', () => {
  for (const width of [50, 80, 200]) {
    const text = heapsText(heaps, { ...plain80, width }, { verbose: false })
    for (const { path } of heaps.heaps) expect(text).toContain(path ?? 'untouched')
  }
})
