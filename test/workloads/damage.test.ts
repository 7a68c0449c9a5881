/**
 * A heap that gives one block's last bytes to the next: every workload that fills its blocks says so and ends with
 * status 1, which is also the proof that blocks are written to and looked at.
 */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root, textOf } from '../repo/tree.ts'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'

const native = process.env['ALLOC8_NATIVE_DIR'] || `${root}build/Release`
const list = JSON.parse(textOf('native/sources.json')) as { products: Record<string, { kind: string }> }
const workloads = Object.keys(list.products).filter((name) => list.products[name]?.kind === 'workload')

/** Their blocks have content of their own, which nobody checks: nodes of graphs, and strings of the C++ library. */
const ownContent = ['graph', 'strings']

const folder = scratch()
afterAll(folder.remove)
let library = ''

beforeAll(async () => {
  library = await compile(folder.path, {
    name: 'liboverlapping.so',
    language: 'c',
    flags: ['-shared', '-fPIC', '-fno-builtin'],
    source: `
#include <stdatomic.h>
#include <stddef.h>
extern void *__libc_malloc(size_t), *__libc_realloc(void *, size_t);
extern void __libc_free(void *);
static char arena[1 << 28];
static atomic_size_t used;
static int mine(char *p) { return p >= arena && p < arena + sizeof arena; }
/* What C++ makes for itself stays whole: the state of a thread that starts, tables, the message. */
void *_Znwm(size_t size) { return __libc_malloc(size); }
void _ZdlPv(void *p) { __libc_free(p); }
void _ZdlPvm(void *p, size_t size) { (void)size, __libc_free(p); }
void *malloc(size_t size) {
  if (size > (1 << 20)) return __libc_malloc(size);
  size_t step = size > 8 ? (size - 1) & ~(size_t)7 : size;
  size_t at = atomic_fetch_add(&used, step);
  return at + size > sizeof arena ? __libc_malloc(size) : arena + at;
}
void free(void *p) { if (!mine(p)) __libc_free(p); }
void *realloc(void *p, size_t size) {
  if (p && !mine(p)) return __libc_realloc(p, size);
  char *to = malloc(size);
  for (size_t i = 0; p && i < size; ++i) to[i] = ((char *)p)[i];
  return to;
}
`,
  })
})

describe.each(workloads.filter((name) => !ownContent.includes(name)))('%s', (name) => {
  test('sees that its blocks overlap', () => {
    // Bytes of a block, or of all that live.
    const size = /big|mix|phases/.test(name) ? '100000' : '400'
    const args = ['--threads', '2', '--operations', '2000', '--size', size]
    const { status, stdout, stderr } = spawnSync(join(native, 'workloads', name), args, {
      encoding: 'utf8',
      timeout: 20_000,
      env: { ...process.env, LD_PRELOAD: library },
    })
    expect(stderr).toMatch(new RegExp(`^${name}: a block of \\d+ bytes has lost what was written to it\\n$`))
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  })
})
