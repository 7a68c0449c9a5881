/** Heaps that are hard to build: threads, forks and the loader meet one that is half-built, and one comes to nothing. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { lackingTool, requireOrSkip } from '../support/needs.ts'
import { buildPlantedHeaps, plantedHeapFile } from '../support/planted-heaps.ts'
import { runWith } from '../support/run-with.ts'

const folder = scratch()
afterAll(folder.remove)

const lacking = lackingTool(process.env.CXX || 'g++', 'g++')
beforeAll(async () => {
  if (lacking === null) await buildPlantedHeaps(['busy-constructor', 'empty', 'forgets-sizes'])
})

test('a constructor may start threads and wait for them, and fork; whoever forks meanwhile waits', async ({ skip }) => {
  requireOrSkip(skip, lacking)
  const library = plantedHeapFile('busy-constructor')
  for (const command of [['true'], ['ls', '/usr'], ['sh', '-c', 'echo $(ls /usr | sort)']]) {
    expect(await runWith(library, command)).toEqual(await runWith(null, command))
  }
})

test('a heap that has nothing from the start is no memory, and no more', async ({ skip }) => {
  requireOrSkip(skip, lacking)
  const source = `
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
  void *out = &out;
  if (malloc(1) != NULL || errno != ENOMEM) return 1;
  if ((errno = 0, calloc(1, 1)) != NULL || errno != ENOMEM) return 2;
  if ((errno = 0, realloc(NULL, 1)) != NULL || errno != ENOMEM) return 3;
  if ((errno = 0, aligned_alloc(64, 64)) != NULL || errno != ENOMEM) return 4;
  if ((errno = 0, strdup("x")) != NULL || errno != ENOMEM) return 5;
  if ((errno = 0, posix_memalign(&out, 64, 1)) != ENOMEM || errno != 0 || out != &out) return 6;
  free(NULL);
  pid_t child = fork();
  if (child == 0) _exit(malloc(1) == NULL ? 0 : 1);
  int status = 1;
  return waitpid(child, &status, 0) == child && status == 0 ? 0 : 7;
}
`
  const program = await compile(folder.path, { name: 'nothing', source, flags: ['-fno-builtin'] })
  expect(await runWith(plantedHeapFile('empty'), [program])).toMatchObject({ status: 0, signal: null, stderr: '' })
})

test('a heap whose getSize says less than was asked for ends with a message before it can lose bytes', async ({
  skip,
}) => {
  requireOrSkip(skip, lacking)
  const end = await runWith(plantedHeapFile('forgets-sizes'), ['ls'])
  expect([end.signal, end.stderr]).toEqual([
    'SIGABRT',
    expect.stringMatching(/^alloc8: the heap's getSize says less than was asked for: 0x[0-9a-f]+\n$/),
  ])
})
