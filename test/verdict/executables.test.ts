/**
 * Verdicts on real executables of every kind that keeps a heap out, built here: each is named, and each runs as it does
 * without us, down to what it writes on stderr.
 */

import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nativeFile } from '../../lib/binding/native.ts'
import { alloc8, cliPath } from '../support/cli.ts'
import { type Build, compile, lackingCompiler, lackingKernel } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { asNobody, findTool, lackingNobody, lackingTool, requireOrSkip } from '../support/needs.ts'
import { reasonCodes, runUnder } from '../support/run-under.ts'

const folder = scratch()
afterAll(folder.remove)

const simple = nativeFile('liballoc8-simple.so')

/** Allocates by every entry point that programs use, and says so. */
const source = `
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char** argv) {
  void* aligned = 0;
  char* blocks[] = {malloc(100), calloc(10, 10), strdup("x"), aligned_alloc(64, 128), memalign(64, 100)};
  if (posix_memalign(&aligned, 64, 100) != 0) return 2;
  for (unsigned i = 0; i < sizeof blocks / sizeof *blocks; ++i) {
    blocks[i] = realloc(blocks[i], 5000);
    if (!blocks[i] || malloc_usable_size(blocks[i]) < 5000) return 3;
    free(blocks[i]);
  }
  free(aligned);
  printf("done %d %s\\n", argc, argv[argc - 1]);
  return 7;
}
`

let dynamic = ''
beforeAll(async () => {
  dynamic = await compile(folder.path, { name: 'dynamic', source })
})

async function build(skip: (note?: string) => never, name: string, ...flags: string[]): Promise<string> {
  requireOrSkip(skip, await lackingCompiler(folder.path, 'c', ...flags))
  return compile(folder.path, { name, source, flags })
}

/** Runs it with an argument; whatever the verdict, the target must not notice. */
async function observe(heap: string, path: string) {
  const observed = await runUnder(heap, [path, 'an argument'])
  expect(observed).toMatchObject({ stdout: 'done 2 an argument\n', stderr: '', result: { exitCode: 7, signal: null } })
  return observed
}

describe('a dynamic program', () => {
  test('is active, every entry point named', async () => {
    const { result } = await observe('simple', dynamic)
    expect(result.verdict).toMatchObject({ state: 'active', reasons: [] })
    expect(result.verdict.processes).toHaveLength(1)
    const { executable, bindings } = result.verdict.processes[0] ?? expect.fail('no process')
    expect(executable).toBe(dynamic)
    const names = ['malloc', 'calloc', 'realloc', 'free', 'aligned_alloc', 'memalign', 'posix_memalign']
    for (const name of [...names, 'malloc_usable_size']) expect(bindings[name], name).toBe(simple)
  })

  test('under `system` is bound to libc, under `default` too', async () => {
    for (const heap of ['system', 'default']) {
      const { result } = await observe(heap, dynamic)
      expect(result.verdict).toMatchObject({ state: 'active', reasons: [] })
      expect(result.verdict.processes[0]?.bindings.malloc, heap).toMatch(/libc\.so\.6$/)
    }
  })

  test('position-dependent, or bound at start, is no different', async ({ skip }) => {
    for (const [name, ...flags] of [
      ['fixed', '-no-pie'],
      ['bound', '-Wl,-z,now'],
      ['oldhash', '-Wl,--hash-style=sysv'],
    ]) {
      const path = await build(skip, name ?? '', ...flags)
      const { result } = await observe('simple', path)
      expect(result.verdict, name).toMatchObject({ state: 'active', reasons: [] })
      expect(result.verdict.processes[0]?.bindings.aligned_alloc, name).toBe(simple)
    }
  })
})

describe('a program that nothing can be preloaded into', () => {
  test.for(['static', 'static-pie'])('linked with -%s', async (name, { skip }) => {
    const path = await build(skip, name, `-${name}`)
    const observed = await observe('simple', path)
    expect(observed.result.verdict.state).toBe('inactive')
    expect(reasonCodes(observed)).toEqual(['static-executable'])
    // Untouched, it is what was asked for.
    expect((await observe('default', path)).result.verdict.state).toBe('active')
  })

  test('of 32 bits', async ({ skip }) => {
    const path = await build(skip, 'narrow', '-m32')
    const lacking = await lackingKernel(folder.path, '-m32')
    if (lacking !== null) skip(lacking)
    const observed = await observe('simple', path)
    expect(observed.result.verdict.state).toBe('inactive')
    expect(reasonCodes(observed)).toEqual(['wrong-elf-class'])
    expect(observed.result.verdict.reasons[0]?.message).toContain('32-bit program')
  })

  test.for(['address', 'thread', 'leak'])('with the %s sanitizer', async (name, { skip }) => {
    const path = await build(skip, `with-${name}`, `-fsanitize=${name}`)
    const observed = await observe('simple', path)
    expect(observed.result.verdict.state).toBe('inactive')
    expect(reasonCodes(observed)).toEqual(['sanitizer'])
    expect(observed.result.verdict.reasons[0]?.message).toContain(`the ${name} sanitizer`)
  })

  test('with a sanitizer linked into it', async ({ skip }) => {
    const path = await build(skip, 'with-static-address', '-fsanitize=address', '-static-libasan')
    expect(reasonCodes(await observe('simple', path))).toEqual(['sanitizer'])
  })
})

describe('a program with more rights than its caller', () => {
  const nobody = 65534
  const isRoot = process.getuid?.() === 0

  test('setuid', async ({ skip }) => {
    if (!isRoot) skip('only root can give a file away')
    const path = join(folder.path, 'setuid')
    copyFileSync(dynamic, path)
    chownSync(path, nobody, nobody)
    chmodSync(path, 0o4755)
    const observed = await observe('simple', path)
    expect(observed.result.verdict.state).toBe('inactive')
    expect(reasonCodes(observed)).toEqual(['secure-exec'])
    expect(observed.result.verdict.reasons[0]?.message).toContain('set-user-id')
  })

  test('setgid', async ({ skip }) => {
    if (!isRoot) skip('only root can give a file away')
    const path = join(folder.path, 'setgid')
    copyFileSync(dynamic, path)
    chownSync(path, 0, nobody)
    chmodSync(path, 0o2755)
    expect(reasonCodes(await observe('simple', path))).toEqual(['secure-exec'])
  })

  test('set-user-id to oneself gives none: active', async () => {
    const path = join(folder.path, 'own-setuid')
    copyFileSync(dynamic, path)
    chmodSync(path, 0o4755)
    expect((await observe('simple', path)).result.verdict).toMatchObject({ state: 'active', reasons: [] })
  })

  test('file capabilities: nothing to root, secure-exec to anybody else', async ({ skip }) => {
    requireOrSkip(skip, lackingTool('setcap', 'libcap2-bin'))
    const lacking = lackingNobody(cliPath, process.execPath)
    if (lacking !== null) skip(lacking)
    const path = join(folder.path, 'capable')
    copyFileSync(dynamic, path)
    execFileSync(findTool('setcap') ?? '', ['cap_net_bind_service=ep', path])
    expect((await observe('simple', path)).result.verdict.state).toBe('active')
    chmodSync(folder.path, 0o755)
    const as = asNobody
    const args = ['run', '--heap', 'simple', '--require-active', '--json', '-', '--', path, 'x']
    const { status, stdout, stderr } = await alloc8(args, { as })
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({ exitCode: 7, verdict: { state: 'inactive', reasons: [{ code: 'secure-exec' }] } })
    expect(result.verdict.reasons[0].message).toContain('file capabilities')
    expect(stderr).toContain('done 2 x')
    expect(status).toBe(3)
    // The same user without them: active, so that nothing else about that user is in the way.
    const plain = ['run', '--heap', 'simple', '--require-active', '--no-summary', '--', dynamic, 'x']
    expect(await alloc8(plain, { as })).toMatchObject({ status: 7, stdout: 'done 2 x\n', stderr: '' })
  })
})

describe('a program with a malloc of its own', () => {
  const own = `
#include <stddef.h>
#include <string.h>
static char pool[1 << 22];
static size_t used;
void* malloc(size_t size) {
  size_t* block = (size_t*)(pool + used);
  used += (size + 31) / 16 * 16;
  *block = size;
  return used <= sizeof pool ? block + 2 : NULL;
}
void free(void* block) { (void)block; }
void* calloc(size_t count, size_t size) { return malloc(count * size); }
void* realloc(void* old, size_t size) {
  void* block = malloc(size);
  if (old && block) memcpy(block, old, ((size_t*)old)[-2] < size ? ((size_t*)old)[-2] : size);
  return block;
}
`
  const main = `
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char** argv) {
  char* block = malloc(10);
  snprintf(block, 10, "done %d", argc);
  printf("%s %s\\n", block, argv[argc - 1]);
  free(block);
  return 7;
}
`

  test.each<[string, Partial<Build>]>([
    ['exported', { flags: ['-rdynamic'] }],
    ['hidden', { flags: ['-fvisibility=hidden'] }],
    ['hidden and bound at start', { flags: ['-fvisibility=hidden', '-Wl,-z,now', '-no-pie'] }],
  ])('%s', async (name, extra) => {
    const path = await compile(folder.path, { name: name.replaceAll(' ', '-'), source: own + main, ...extra })
    const observed = await observe('simple', path)
    expect(observed.result.verdict.state).toBe('inactive')
    expect(reasonCodes(observed)).toEqual(['own-malloc'])
    expect(observed.result.verdict.reasons[0]?.message).toContain(path)
    expect((await observe('default', path)).result.verdict).toMatchObject({ state: 'active', reasons: [] })
  })
})

describe('an allocator inside that no table of symbols tells of', () => {
  test('is suspected by what its texts say', async ({ skip }) => {
    const archive = '/usr/lib/x86_64-linux-gnu/libjemalloc.a'
    requireOrSkip(skip, existsSync(archive) ? null : 'libjemalloc.a is not there: apt-get install libjemalloc-dev')
    // Its own calls go to jemalloc by a name that is not exported; libc's calls go to the heap, and no block from one to
    // the other.
    const path = await compile(folder.path, {
      name: 'inside',
      source: `
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char** argv) {
  void* volatile block = malloc(100);
  free(block);
  printf("done %d %s\\n", argc, argv[argc - 1]);
  return 7;
}
`,
      flags: [archive, '-Wl,--exclude-libs,ALL', '-lstdc++', '-lm', '-ldl', '-lpthread'],
    })
    execFileSync('strip', [path])
    const { result } = await observe('simple', path)
    expect(result.verdict).toMatchObject({ state: 'partial', reasons: [{ code: 'suspected' }] })
    expect(result.verdict.reasons[0]?.message).toMatch(/inside carries jemalloc of its own: .*text/)
    expect((await observe('default', path)).result.verdict).toMatchObject({ state: 'active', reasons: [] })
  })
})

describe('scripts', () => {
  test('are judged by the program that runs them', async () => {
    const path = join(folder.path, 'script')
    writeFileSync(path, `#!${dynamic} -x\n`)
    chmodSync(path, 0o755)
    const { result } = await runUnder('simple', [path])
    expect(result.verdict).toMatchObject({ state: 'active', processes: [{ executable: dynamic }] })
    const still = join(folder.path, 'static-script')
    const interpreter = await compile(folder.path, { name: 'interpreter', source, flags: ['-static'] })
    writeFileSync(still, `#!${interpreter}\n`)
    chmodSync(still, 0o755)
    expect(reasonCodes(await runUnder('simple', [still]))).toEqual(['static-executable'])
  })

  test('without a first line are run by the shell', async () => {
    const path = join(folder.path, 'plain-script')
    writeFileSync(path, 'echo "$0" "$@"; exit 9\n')
    chmodSync(path, 0o755)
    const { result, stdout } = await runUnder('simple', [path, 'a b'])
    expect(stdout).toBe(`${path} a b\n`)
    expect(result).toMatchObject({ exitCode: 9, verdict: { state: 'active' } })
  })
})
