/** Heaps that have no memory now and then, and heaps that throw: what their programs get, and what ends them. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { lackingTool, requireOrSkip } from '../support/needs.ts'
import { buildPlantedHeaps, plantedHeapFile } from '../support/planted-heaps.ts'
import { runWith } from '../support/run-with.ts'

const folder = scratch()
afterAll(folder.remove)

const lacking = lackingTool(process.env.CXX || 'g++', 'g++')
beforeAll(async () => {
  if (lacking === null) await buildPlantedHeaps(['every-seventh-null', 'throwing', 'throwing-constructor'])
})

describe('a heap that has no memory', () => {
  /** What libc promises when there is none, with failures in `every` calls of the heap. */
  const needsSource = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <new>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define CHECK(what) do { if (!(what)) { write(2, #what "\\n", sizeof #what); _exit(1); } } while (0)
static int nulls, blocks;
static void *seen(void *p) {
  CHECK(p != NULL || errno == ENOMEM);
  (p == NULL ? nulls : blocks)++;
  errno = 0;
  return p;
}
int main(int argc, char **argv) {
  const size_t big = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 100;
  void (*failEvery)(size_t) = (void (*)(size_t))dlsym(RTLD_DEFAULT, "failEvery");
  if (failEvery) failEvery(7);
  for (int i = 0; i < 1000; ++i) {
    errno = 0;
    free(seen(malloc(big)));
    free(seen(calloc(1, big)));
    free(seen(aligned_alloc(64, big)));
    char *kept = (char *)malloc(50);
    errno = 0;
    if (kept) {
      strcpy(kept, "kept");
      char *grown = (char *)seen(realloc(kept, big + 5000));
      CHECK(strcmp(grown ? grown : kept, "kept") == 0);
      free(grown ? grown : kept);
    }
    void *out = &out;
    const int error = posix_memalign(&out, 64, big);
    CHECK(errno == 0 && (error == 0 ? out != &out : error == ENOMEM && out == &out));
    if (error == 0) free(out); else nulls++;
    try {
      char *made = new char[big];
      delete[] made;
      blocks++;
    } catch (const std::bad_alloc &) {
      nulls++;
    }
    free(::operator new(big, std::nothrow));
  }
  if (failEvery) failEvery(0);
  CHECK(nulls > 0 && (failEvery == NULL || blocks > 0));
  return 0;
}
`
  const built = () =>
    compile(folder.path, { name: 'needs', source: needsSource, language: 'c++', flags: ['-ldl', '-w'] })

  test('now and then: null, ENOMEM, bad_alloc, and the old block stays', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    expect(await runWith(plantedHeapFile('every-seventh-null'), [await built()])).toMatchObject({
      status: 0,
      stderr: '',
    })
  })

  test('and throws: that is no memory, as far as a program can tell', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const large = String(2 << 20)
    expect(await runWith(plantedHeapFile('throwing'), [await built(), large])).toMatchObject({ status: 0, stderr: '' })
    expect(await runWith(plantedHeapFile('throwing'), ['ls', '/usr'])).toEqual(await runWith(null, ['ls', '/usr']))
  })

  test('a heap that throws in free, or where it is built, ends the program with a message', async ({ skip }) => {
    requireOrSkip(skip, lacking)
    const source =
      '#include <stdlib.h>\n#include <string.h>\nint main(void) { char *p = malloc(9); strcpy(p, "throw"); free(p); return 0; }'
    const program = await compile(folder.path, { name: 'throws', source })
    const freed = await runWith(plantedHeapFile('throwing'), [program])
    expect([freed.signal, freed.stderr]).toEqual([
      'SIGABRT',
      expect.stringMatching(/^alloc8: the heap threw an exception for this block: 0x[0-9a-f]+\n$/),
    ])
    const end = await runWith(plantedHeapFile('throwing-constructor'), ['ls'])
    expect([end.signal, end.stderr]).toEqual(['SIGABRT', "alloc8: the heap's constructor threw an exception\n"])
  })
})
