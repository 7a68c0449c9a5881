/**
 * Heaps as others write them, behind our interposer: in the style of upstream alloc8, with constructors that allocate,
 * with pointers of their own, misaligned, with versions on their exports. Real programs run under each as they do
 * without one. programs.test.ts has the faults that the test programs must catch; this has what must work.
 */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { lackingTool, requireOrSkip } from '../support/needs.ts'
import {
  buildChurn,
  buildPlantedHeaps,
  complaintAbout,
  plantedHeapFile,
  plantedHeaps,
} from '../support/planted-heaps.ts'
import { reasonCodes, runUnder } from '../support/run-under.ts'
import { runWith } from '../support/run-with.ts'

/** Heaps that do all that a heap must. */
const working = [
  'allocating-constructor',
  'burn0',
  'burn20',
  'burn3',
  'c-bridge',
  'header-form',
  'large-constructor',
  'misaligned8',
  'one-arena',
  'owns',
  'thread-hooks',
  'upstream-runtime',
  'upstream-style',
]

const folder = scratch()
afterAll(folder.remove)

const lacking = lackingTool(process.env.CXX || 'g++', 'g++')
let where = ''
let threads = ''
beforeAll(async () => {
  if (lacking !== null) return
  await buildPlantedHeaps()
  where = await compile(folder.path, { name: 'where', source: whereSource })
  threads = await compile(folder.path, { name: 'threads', source: threadsSource, flags: ['-pthread'] })
})

/** Names the library that each function of the program itself is bound to. */
const whereSource = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#define SHOW(function)                                          \\
  do {                                                          \\
    void *(*volatile address)() = (void *(*)())(function);      \\
    Dl_info info;                                               \\
    dladdr((void *)address, &info);                             \\
    printf("%s %s\\n", #function, info.dli_fname);              \\
  } while (0)
int main(void) {
  SHOW(malloc);
  SHOW(free);
  SHOW(posix_memalign);
  SHOW(aligned_alloc);
  SHOW(reallocarray);
  return 0;
}
`

/** Eight threads that allocate while the main thread forks children that allocate too. */
const threadsSource = `
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static volatile int done;
static void work(unsigned seed, int rounds) {
  for (int i = 0; i < rounds && !done; ++i) {
    size_t size = 1 + rand_r(&seed) % 5000, grown = 1 + rand_r(&seed) % 9000;
    unsigned char *p = rand_r(&seed) % 4 ? malloc(size) : calloc(1, size);
    if (!p || (uintptr_t)p % 16) abort();
    memset(p, (int)size, size);
    p = realloc(p, grown);
    if (!p || (uintptr_t)p % 16) abort();
    for (size_t at = 0; at < size && at < grown; ++at) if (p[at] != (unsigned char)size) abort();
    free(p);
  }
}
static void *thread(void *seed) {
  work((unsigned)(uintptr_t)seed, 1 << 30);
  return NULL;
}
int main(void) {
  pthread_t threads[8];
  for (uintptr_t i = 0; i < 8; ++i) if (pthread_create(&threads[i], NULL, thread, (void *)i)) return 2;
  for (int i = 0; i < 30; ++i) {
    pid_t child = fork();
    if (child == 0) {
      work((unsigned)i, 50);
      _exit(0);
    }
    int status;
    if (waitpid(child, &status, 0) != child || status != 0) return 3;
  }
  done = 1;
  for (int i = 0; i < 8; ++i) pthread_join(threads[i], NULL);
  return 0;
}
`

test('every planted heap is tested', () => {
  const others = [
    'busy-constructor',
    'empty',
    'every-seventh-null',
    'forgets-sizes',
    'hopeless',
    'misversioned',
    'never-reuses', // the program with threads would take gigabytes; the lab's tests run it
    'no-malloc',
    'slow-constructor',
    'throwing',
    'throwing-constructor',
  ]
  expect(plantedHeaps()).toEqual([...working, ...others].sort())
})

describe.each(working)('%s', (name) => {
  test.for([
    ['ls', '-la', '/usr/share'],
    ['bash', '-c', 'for i in 1 2 3; do echo $i; done | sort -r | tr 1 x; x=$(printf %5000s | wc -c); echo $x'],
    ['python3', '-c', 'import json; print(json.dumps({str(i): [i] * 3 for i in range(20000)})[-40:])'],
  ])('%s', async (command, { skip }) => {
    requireOrSkip(skip, lacking ?? lackingTool(command[0] as string, command[0] as string))
    expect(await runWith(plantedHeapFile(name), command)).toEqual(await runWith(null, command))
  })

  test('threads and forks', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    expect(await runWith(plantedHeapFile(name), [threads])).toEqual({ status: 0, signal: null, stdout: '', stderr: '' })
  })

  test('is in effect', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const library = plantedHeapFile(name)
    const names = ['malloc', 'free', 'posix_memalign', 'aligned_alloc', 'reallocarray']
    const { stdout } = await runWith(library, [where])
    expect(stdout).toBe(names.map((one) => `${one} ${library}\n`).join(''))
    const observed = await runUnder(library, ['ls', '/'])
    expect(reasonCodes(observed)).toEqual([])
    expect(observed.result.verdict.state).toBe('active')
  })
})

test('a heap that cannot align ends with a message that says so', async ({ skip }) => {
  requireOrSkip(skip, lacking)
  const end = await runWith(plantedHeapFile('hopeless'), ['ls'])
  expect(end.signal).toBe('SIGABRT')
  expect(end.stderr).toMatch(
    /^alloc8: the heap gives blocks that are not at a multiple of 16, from malloc and from memalign: 0x[0-9a-f]+\n$/,
  )
})

test('a heap whose constructor takes a second is waited for', async ({ skip }) => {
  requireOrSkip(skip, lacking)
  const library = plantedHeapFile('slow-constructor')
  expect(await runWith(library, [threads])).toMatchObject({ status: 0, stderr: '' })
  expect(await runWith(library, ['ls', '/usr'])).toEqual(await runWith(null, ['ls', '/usr']))
})

test('a version on the exports lets newer references past, and the verdict says which', async ({ skip }) => {
  requireOrSkip(skip, lacking)
  const library = plantedHeapFile('misversioned')
  const { stdout } = await runWith(library, [where])
  const bound = Object.fromEntries(stdout.split('\n').map((line) => line.split(' ')))
  expect(bound).toMatchObject({ malloc: library, free: library, posix_memalign: library })
  expect(bound['aligned_alloc']).toMatch(/libc\.so\.6$/)
  expect(bound['reallocarray']).toMatch(/libc\.so\.6$/)
  expect((await runUnder(library, [where])).result.verdict.state).toBe('partial')
})

test('a library without malloc is no heap', async ({ skip }) => {
  requireOrSkip(skip, lacking)
  await expect(runUnder(plantedHeapFile('no-malloc'), ['ls', '/'])).rejects.toThrow(/malloc/)
})

test('the burning heaps change nothing but the time', async ({ skip }) => {
  requireOrSkip(skip, lacking)
  const churn = await buildChurn()
  const expected = await runWith(null, [churn, '1'])
  expect(expected.stdout).toMatch(/^\d+\n$/)
  for (const name of ['burn0', 'burn3', 'burn20']) {
    expect(await runWith(plantedHeapFile(name), [churn, '1'])).toEqual(expected)
  }
})

describe('a heap with owns', () => {
  /** Three blocks of a library that the heap does not stand in front of, given back by the program. */
  const handsOverSource = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv) {
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_DEEPBIND);
  if (!library) return fprintf(stderr, "%s\\n", dlerror()), 2;
  void *(*make)(size_t) = (void *(*)(size_t))dlsym(library, "make");
  size_t size = (size_t)atol(argv[2]);
  char *kept = make(size), *grown = make(size), *sized = make(size);
  if (malloc_usable_size(sized) < size) return 3;
  errno = 4242;
  free(sized);
  if (errno != 4242) return 4;
  grown = realloc(grown, 2 * size);
  for (size_t at = 0; at < size; ++at) if (grown[at] != 'm' || kept[at] != 'm') return 5;
  free(grown);
  free(kept);
  free(malloc(10));
  malloc_stats();
  return 0;
}
`
  /** RTLD_DEEPBIND makes its malloc libc's. */
  const makerSource = `
#include <stdlib.h>
#include <string.h>
void *make(size_t size) { return memset(malloc(size), 'm', size); }
`

  test.for(['100', '1000000'])(
    'sends blocks of %s bytes that libc made back to libc, and counts them',
    async (size, { skip }) => {
      requireOrSkip(skip, lacking)
      const place = join(folder.path, size)
      mkdirSync(place)
      const maker = await compile(place, { name: 'libmaker.so', source: makerSource, flags: ['-shared', '-fPIC'] })
      const handsOver = await compile(place, { name: 'hands-over', source: handsOverSource, flags: ['-ldl'] })
      const end = await runWith(plantedHeapFile('owns'), [handsOver, maker, size])
      expect(end).toMatchObject({ status: 0, signal: null })
      expect(end.stderr).toMatch(/^foreign pointers = +3$/m)
      // The program is sound: libc alone frees the same blocks.
      expect(await runWith(null, [handsOver, maker, size])).toMatchObject({ status: 0, signal: null })
    },
  )
})

describe('a heap source that lacks something', () => {
  const methods = {
    malloc: 'void* malloc(size_t size);',
    free: 'void free(void* p);',
    memalign: 'void* memalign(size_t alignment, size_t size);',
    getSize: 'size_t getSize(void* p);',
    lock: 'void lock();',
    unlock: 'void unlock();',
  }
  const heapWith = (bodies: string[]) => `
#include <alloc8/alloc8.h>
class MyHeap { public: ${bodies.join(' ')} };
using MyRedirect = alloc8::HeapRedirect<MyHeap>;
ALLOC8_REDIRECT(MyRedirect);
`

  test('compiles with all six methods', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    expect(await complaintAbout(heapWith(Object.values(methods)))).toBe(null)
  })

  test.for(Object.keys(methods))('the compiler names %s', async (missing, { skip }) => {
    requireOrSkip(skip, lacking)
    const others = Object.entries(methods).filter(([name]) => name !== missing)
    const complaint = await complaintAbout(heapWith(others.map(([, body]) => body)))
    expect(complaint).toMatch(/static assertion failed: this heap lacks one of malloc, /)
    // Short enough to be read: one error, or one more where the method is used.
    expect(complaint?.match(/\berror:/g)?.length).toBeLessThanOrEqual(2)
    expect(complaint?.trim().split('\n').length).toBeLessThan(25)
    expect(complaint).toMatch(new RegExp(`the required expression .heap\\.${missing}\\(`))
    for (const [name] of others) expect(complaint).not.toContain(`the required expression ‘heap.${name}(`)
  })

  test.for(['threadInit', 'threadCleanup'])('the compiler names the hook %s', async (missing, { skip }) => {
    requireOrSkip(skip, lacking)
    const hooks = ['threadInit', 'threadCleanup'].filter((name) => name !== missing).map((name) => `void ${name}();`)
    const source = heapWith([...Object.values(methods), ...hooks]).replace(
      'ALLOC8_REDIRECT',
      'ALLOC8_REDIRECT_WITH_THREADS',
    )
    const complaint = await complaintAbout(source)
    expect(complaint).toMatch(new RegExp(`the required expression .heap\\.${missing}\\(`))
    expect(complaint?.match(/\berror:/g)?.length).toBeLessThanOrEqual(2)
  })

  test('the compiler names a method of the wrong type', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const complaint = await complaintAbout(heapWith(Object.values({ ...methods, getSize: 'void getSize(void* p);' })))
    expect(complaint).toMatch(/heap\.getSize\(pointer\)/)
  })
})
