/**
 * What a heap does at the edge of the machine: an address space of 64 MiB that is used up and freed again, also by threads,
 * and ten thousand threads, one after the other and all at once. Under libc too, so that it is the heap that is judged.
 */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compile } from '../support/compile.ts'
import { heapEnvironment, type TestHeap, testHeaps } from '../support/heaps.ts'
import { scratch } from '../support/launching.ts'
import { buildPlantedHeaps, plantedHeapFile } from '../support/planted-heaps.ts'

const run = promisify(execFile)
const folder = scratch()
afterAll(folder.remove)

/** `exhaust SIZE THREADS`: as many blocks as there are, all back, and as many again. */
const exhaustSource = `
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define CHECK(what) do { if (!(what)) { fprintf(stderr, "line %d: %s\\n", __LINE__, #what); _exit(1); } } while (0)
static size_t size;
static long filled(void) {
  struct Block { struct Block *next; } *first = NULL;
  long count = 0;
  for (struct Block *block; errno = 0, (block = malloc(size)) != NULL; ++count) {
    memset(block, 0xa5, size);
    block->next = first;
    first = block;
  }
  CHECK(errno == ENOMEM);
  while (first != NULL) {
    struct Block *next = first->next;
    CHECK(size < 64 || ((unsigned char *)first)[size - 1] == 0xa5);
    free(first);
    first = next;
  }
  return count;
}
static pthread_barrier_t start;
static void *thread(void *p) {
  for (int round = 0; round < 3; ++round) {
    pthread_barrier_wait(&start);
    *(long *)p += filled();
  }
  return NULL;
}
int main(int argc, char **argv) {
  size = (size_t)atol(argv[1]);
  const int many = atoi(argv[2]);
  if (many == 0) {
    const long first = filled();
    CHECK(first * (long)size > 24 << 20);
    for (int round = 0; round < 3; ++round) CHECK(filled() >= first * 3 / 4);
    return 0;
  }
  // Stacks need addresses, too, and no heap gives all of them back: the threads come first.
  pthread_t threads[8];
  long counts[8] = {0}, sum = 0;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 << 10);
  pthread_barrier_init(&start, NULL, (unsigned)many);
  for (int i = 0; i < many; ++i) CHECK(pthread_create(&threads[i], &small, thread, &counts[i]) == 0);
  for (int i = 0; i < many; ++i) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    sum += counts[i];
  }
  CHECK(sum * (long)size > 3 * (16 << 20));
  CHECK(filled() > 0);
  return 0;
}
`

/** `crowd waves|once`: 10,000 threads, two hundred at a time or all at once; each keeps a block while it lives. */
const crowdSource = `
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define CHECK(what) do { if (!(what)) { fprintf(stderr, "line %d: %s\\n", __LINE__, #what); _exit(1); } } while (0)
enum { all = 10000 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
static int open_ = 1;
static void *body(void *p) {
  char *block = malloc(100), *larger = malloc(3000);
  CHECK(block != NULL && larger != NULL);
  memset(block, 1, 100);
  free(larger);
  pthread_mutex_lock(&lock);
  while (!open_) pthread_cond_wait(&turn, &lock);
  pthread_mutex_unlock(&lock);
  for (int i = 0; i < 100; ++i) CHECK(block[i] == 1);
  free(block);
  free(p);
  return NULL;
}
static long residentPages(void) {
  FILE *file = fopen("/proc/self/statm", "r");
  long pages = 0, resident = 0;
  CHECK(file != NULL && fscanf(file, "%ld %ld", &pages, &resident) == 2);
  fclose(file);
  return resident;
}
static void wave(const pthread_attr_t *attributes, int count) {
  static pthread_t threads[all];
  for (int i = 0; i < count; ++i) {
    if (pthread_create(&threads[i], attributes, body, malloc(50)) != 0) _exit(77);
  }
  pthread_mutex_lock(&lock);
  open_ = 1;
  pthread_cond_broadcast(&turn);
  pthread_mutex_unlock(&lock);
  for (int i = 0; i < count; ++i) pthread_join(threads[i], NULL);
}
int main(int argc, char **argv) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 32 << 10);
  if (strcmp(argv[1], "once") == 0) {
    open_ = 0;
    wave(&attributes, all);
    return 0;
  }
  for (int i = 0; i < 10; ++i) wave(&attributes, 200);
  const long before = residentPages();
  for (int i = 0; i < 40; ++i) wave(&attributes, 200);
  const long grown = residentPages() - before;
  if (grown > 1024) fprintf(stderr, "grown by %ld pages\\n", grown);
  return grown > 1024;
}
`

const hooked: TestHeap = {
  name: 'one with thread hooks',
  kind: 'builtin',
  library: plantedHeapFile('thread-hooks'),
  missing: null,
  version: null,
}
const heaps = [...testHeaps().filter((heap) => heap.kind !== 'found'), hooked]

/** From the program's start on, as an administrator has it. */
const limited = ['-c', 'ulimit -v 65536; exec "$0" "$@"']

let exhaust = ''
let crowd = ''
beforeAll(async () => {
  await buildPlantedHeaps(['thread-hooks'])
  exhaust = await compile(folder.path, { name: 'exhaust', source: exhaustSource, flags: ['-pthread'] })
  crowd = await compile(folder.path, { name: 'crowd', source: crowdSource, flags: ['-pthread'] })
})

/** Status and messages of a program under the heap. */
async function endOf(heap: TestHeap, program: string, ...args: string[]): Promise<{ status: number; stderr: string }> {
  // glibc has two arenas then, and our arena heap chunks of which ten thousand stay below its limit.
  const env = { ...heapEnvironment(heap, [], []), MALLOC_ARENA_MAX: '2', ALLOC8_ARENA: 'chunk=64k' }
  const options = { env, timeout: 300_000 }
  try {
    return { status: 0, stderr: (await run(program, args, options)).stderr }
  } catch (error) {
    const { code, signal, stderr } = error as { code: number | null; signal: string | null; stderr: string }
    return { status: code ?? -1, stderr: `${signal ?? ''}${stderr}` }
  }
}

describe.each(heaps.map((heap) => [heap.name, heap] as const))('heap %s', (name, heap) => {
  // The arena takes back what has a mapping of its own.
  const sizes = name === 'arena' ? ['1000000'] : ['40', '1000', '20000', '1000000']
  test.each(sizes)('blocks of %s bytes in 64 MiB, and again', async (size) => {
    expect(await endOf(heap, 'sh', ...limited, exhaust, size, '0')).toEqual({ status: 0, stderr: '' })
  })

  test('by four threads at once', async () => {
    expect(await endOf(heap, 'sh', ...limited, exhaust, name === 'arena' ? '1000000' : '1000', '4')).toEqual({
      status: 0,
      stderr: '',
    })
  })

  test('10,000 threads leave nothing behind', async () => {
    expect(await endOf(heap, crowd, 'waves')).toEqual({ status: 0, stderr: '' })
  })

  test('10,000 threads at once', async ({ skip }) => {
    const end = await endOf(heap, crowd, 'once')
    if (end.status === 77) return skip('this machine lets no process have 10,000 threads')
    expect(end).toEqual({ status: 0, stderr: '' })
  })
})
