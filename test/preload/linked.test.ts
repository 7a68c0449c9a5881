/**
 * Heaps that are linked into a program instead of preloaded: in libc's place, from a static library, in programs that
 * are dynamic or static; and in prefixed mode, several beside libc's own.
 */

import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { scratch } from '../support/launching.ts'
import { lackingTool, requireOrSkip } from '../support/needs.ts'
import { buildHeapArchive } from '../support/planted-heaps.ts'

const run = promisify(execFile)
const folder = scratch()
afterAll(folder.remove)

const compiler = process.env.CXX || 'g++'
const lacking = lackingTool(compiler, 'g++')

/** Links a program of ours with the archives; gives its path. */
async function link(name: string, source: string, archives: string[], flags: string[] = []): Promise<string> {
  const output = join(folder.path, name)
  const file = `${output}.cpp`
  writeFileSync(file, source)
  const include = join(import.meta.dirname, '../../native/include')
  await run(compiler, [
    '-std=c++20',
    '-O1',
    '-fno-builtin',
    '-pthread',
    `-I${include}`,
    '-o',
    output,
    file,
    ...archives,
    ...flags,
  ])
  return output
}

describe('a heap in a static library takes the place of malloc', () => {
  /** Refers to mallinfo2 and operator new alone: the archive must not come in by halves. */
  const source = `
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>
#include <pthread.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>
static int handled = 0;
static volatile size_t tooMuch = SIZE_MAX / 2;
static bool throws() {
  try { ::operator new(tooMuch); return false; } catch (const std::bad_alloc &) { return true; }
}
int main() {
  const size_t before = mallinfo2().uordblks;
  char *text = strndup("a text of libc's own making", 10000);
  if (mallinfo2().uordblks <= before) return 1;
  free(text);
  if (mallinfo2().uordblks != before) return 2;
  if (!throws() || ::operator new(tooMuch, std::nothrow) != nullptr) return 3;
  std::set_new_handler([] { if (++handled == 3) std::set_new_handler(nullptr); });
  if (!throws() || handled != 3) return 4;
  pthread_atfork([] { free(strdup("x")); }, [] { free(strdup("x")); }, [] { free(strdup("x")); });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([] {
    for (int round = 0; round < 20000; ++round) std::string(static_cast<size_t>(round % 300), 'x');
  });
  for (int i = 0; i < 30; ++i) {
    const pid_t child = fork();
    if (child == 0) { alarm(30); delete new int; _exit(0); }
    int status;
    if (waitpid(child, &status, 0) != child || status != 0) return 5;
  }
  for (auto &thread : threads) thread.join();
  puts("good");
}
`
  test.for([
    ['a dynamic program', []],
    ['a program with its own C++ runtime', ['-static-libstdc++', '-static-libgcc']],
    ['a static program', ['-static']],
  ] as const)('%s', async ([, flags], { skip }) => {
    requireOrSkip(skip, lacking)
    const archive = await buildHeapArchive(folder.path, 'simple')
    const program = await link(`linked${flags.join('')}`, source, [archive], [...flags])
    expect((await run(program, { timeout: 300_000 })).stdout).toBe('good\n')
  })

  test('a program may have operators of its own', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const archive = await buildHeapArchive(folder.path, 'simple')
    const own = `
#include <cstdlib>
#include <malloc.h>
#include <new>
static int calls = 0;
void *operator new(size_t size) { ++calls; return malloc(size); }
void operator delete(void *p) noexcept { free(p); }
int main() {
  delete[] new int[10];
  void *p = malloc(100);
  const bool ours = mallinfo2().uordblks >= 100;
  free(p);
  return calls == 1 && ours ? 0 : 1;
}
`
    await run(await link('own-operators', own, [archive]), { timeout: 300_000 })
  })
})

describe('prefixed heaps', () => {
  const source = `
#include <alloc8/prefixed.h>
ALLOC8_DECLARE_PREFIXED(one)
ALLOC8_DECLARE_PREFIXED(two)
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <pthread.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#define CHECK(what) do { if (!(what)) { write(2, #what "\\n", sizeof #what); _exit(1); } } while (0)

#define TRY(P)                                                                          \\
  do {                                                                                  \\
    char *p = static_cast<char *>(P##_malloc(100));                                     \\
    CHECK(p != nullptr && reinterpret_cast<uintptr_t>(p) % 16 == 0);                     \\
    CHECK(P##_malloc_usable_size(p) >= 100);                                            \\
    memset(p, 7, 100);                                                                  \\
    p = static_cast<char *>(P##_realloc(p, 5000));                                      \\
    CHECK(p[99] == 7);                                                                  \\
    errno = 4242;                                                                       \\
    P##_free(p);                                                                        \\
    P##_free(nullptr);                                                                  \\
    P##_free_sized(P##_malloc(10), 10);                                                 \\
    P##_free_aligned_sized(P##_aligned_alloc(64, 128), 64, 128);                        \\
    CHECK(errno == 4242);                                                               \\
    CHECK(P##_calloc(SIZE_MAX / 2, 3) == nullptr && errno == ENOMEM);                   \\
    errno = 0;                                                                          \\
    CHECK(P##_reallocarray(nullptr, SIZE_MAX / 2, 3) == nullptr && errno == ENOMEM);    \\
    char *zeroed = static_cast<char *>(P##_calloc(10, 100));                            \\
    for (int i = 0; i < 1000; ++i) CHECK(zeroed[i] == 0);                               \\
    P##_free(P##_reallocarray(zeroed, 20, 100));                                        \\
    void *aligned = nullptr;                                                            \\
    CHECK(P##_posix_memalign(&aligned, 3, 10) == EINVAL && aligned == nullptr);         \\
    CHECK(P##_posix_memalign(&aligned, 4096, 10) == 0);                                 \\
    CHECK(reinterpret_cast<uintptr_t>(aligned) % 4096 == 0);                            \\
    P##_free(aligned);                                                                  \\
    aligned = P##_memalign(256, 10);                                                    \\
    CHECK(reinterpret_cast<uintptr_t>(aligned) % 256 == 0);                             \\
    P##_free(aligned);                                                                  \\
    P##_free(P##_valloc(1));                                                            \\
    CHECK(P##_malloc_usable_size(aligned = P##_pvalloc(1)) >= 4096);                    \\
    P##_free(aligned);                                                                  \\
    char *copy = P##_strdup("a text"), *part = P##_strndup("a text", 3);                \\
    CHECK(strcmp(copy, "a text") == 0 && strcmp(part, "a t") == 0);                     \\
    P##_free(copy);                                                                     \\
    P##_free(part);                                                                     \\
    P##_malloc_lock();                                                                  \\
    P##_malloc_unlock();                                                                \\
  } while (0)

int main() {
  const size_t before = mallinfo2().uordblks;
  void *held = one_malloc(1 << 20);
  void *other = two_malloc(1 << 20);
  CHECK(mallinfo2().uordblks == before && mallinfo2().hblkhd == 0);
  CHECK(held != other);
  one_free(held);
  two_free(other);
  TRY(one);
  TRY(two);
  bool done = false;
  std::thread busy([&] { while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) { one_free(one_malloc(40)); two_free(two_malloc(40)); } });
  pthread_atfork([] { one_free(one_malloc(1)); }, [] { two_free(two_malloc(1)); }, [] { one_free(one_malloc(1)); });
  for (int i = 0; i < 100; ++i) {
    const pid_t child = fork();
    if (child == 0) { alarm(30); TRY(one); TRY(two); _exit(0); }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
  }
  __atomic_store_n(&done, true, __ATOMIC_RELAXED);
  busy.join();
  return 0;
}
`

  test.for([
    ['a dynamic program', []],
    ['a static program', ['-static']],
  ] as const)('two in %s, beside libc', async ([, flags], { skip }) => {
    requireOrSkip(skip, lacking)
    // Ours, and one in the style of upstream, which is built when it is first used.
    const archives = [
      await buildHeapArchive(folder.path, 'simple', 'one'),
      await buildHeapArchive(folder.path, 'upstream-style', 'two'),
    ]
    await run(await link(`prefixed${flags.join('')}`, source, archives, [...flags]), { timeout: 300_000 })
  })

  test('give the linker no name without the prefix', async ({ skip }) => {
    requireOrSkip(skip, lacking ?? lackingTool('nm', 'binutils'))
    const archive = await buildHeapArchive(folder.path, 'simple', 'one')
    const { stdout } = await run('nm', ['--defined-only', '--extern-only', '--format=posix', archive])
    const names = stdout
      .split('\n')
      .filter((line) => / [A-Z] /i.test(line))
      .map((line) => line.split(' ')[0] ?? '')
    expect(names).toContain('one_malloc')
    expect(names.filter((name) => !/^one_|^_Z.*10alloc8_one/.test(name))).toEqual([])
  })
})
