/** Verdicts on runs of many processes: shells, forks, execs, servers, and children without our environment. */

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { nativeFile } from '../../lib/binding/native.ts'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { findTool, lackingTool, requireOrSkip } from '../support/needs.ts'
import { runUnder } from '../support/run-under.ts'

const folder = scratch()
afterAll(folder.remove)

const simple = nativeFile('liballoc8-simple.so')

const states = (verdict: { processes: { state: string }[] }) => new Set(verdict.processes.map(({ state }) => state))

describe('shells', () => {
  test('a pipeline: every process of it is active', async () => {
    const script = 'seq 20000 | sort -n | tail -1 | { read last; echo "last $last"; }; (echo sub); echo $(expr 1 + 2)'
    const { result, stdout, stderr } = await runUnder('simple', ['bash', '-c', script])
    expect([stdout, stderr]).toEqual(['last 20000\nsub\n3\n', ''])
    expect(result.verdict).toMatchObject({ state: 'active', reasons: [] })
    const names = result.verdict.processes.map(({ executable }) => executable.replace(/.*\//, ''))
    for (const name of ['bash', 'seq', 'sort', 'tail', 'expr']) expect(names).toContain(name)
    expect(states(result.verdict)).toEqual(new Set(['active']))
    expect(result.tree.processes).toBe(new Set(result.verdict.processes.map(({ pid }) => pid)).size)
    for (const { bindings } of result.verdict.processes) expect(bindings.malloc).toBe(simple)
  })

  test('exec after exec: each program of one process is listed', async () => {
    const { result } = await runUnder('simple', ['/usr/bin/env', 'sh', '-c', 'exec expr 1 + 2'])
    const [first, ...others] = result.verdict.processes
    expect(result.verdict.processes.map(({ executable }) => executable.replace(/.*\//, ''))).toEqual([
      'env',
      expect.stringMatching(/sh$/),
      'expr',
    ])
    expect(others.every(({ pid }) => pid === first?.pid)).toBe(true)
    expect(result.tree.processes).toBe(1)
  })
})

describe('forks', () => {
  const source = `
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
extern char** environ;
static int wait_for(pid_t child) {
  int status;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
int main(int argc, char** argv) {
  if (argc > 1 && !strcmp(argv[1], "child")) return 0;
  for (int i = 0; i < 300; ++i) {
    void* block = malloc(1000);
    pid_t child = fork();
    if (child == 0) {
      free(block);
      _exit(malloc(100000) ? 0 : 1);
    }
    free(block);
    if (child < 0 || !wait_for(child)) return 2;
  }
  char* again[] = {argv[0], "child", 0};
  pid_t child;
  if (posix_spawn(&child, argv[0], 0, 0, again, environ) != 0 || !wait_for(child)) return 3;
  child = vfork();
  if (child == 0) {
    execv(argv[0], again);
    _exit(1);
  }
  return wait_for(child) ? 0 : 4;
}
`

  test.each(['simple', 'system'])('three hundred of them, a spawn and a vfork under %s', async (heap) => {
    const path = await compile(folder.path, { name: 'forks', source })
    const { result } = await runUnder(heap, [path])
    expect(result.exitCode).toBe(0)
    expect(result.verdict).toMatchObject({ state: 'active', reasons: [] })
    expect(result.verdict.processes).toHaveLength(303)
    expect(result.tree.processes).toBe(303)
    const [root, ...children] = result.verdict.processes
    expect(children.every(({ ppid }) => ppid === root?.pid)).toBe(true)
    expect(states(result.verdict)).toEqual(new Set(['active']))
  })
})

describe('a fork in a tight place is what it would be without us', () => {
  // Each ends with 0 when its child, which ends at once with 42, did so.
  test('in a thread that is about to be cancelled: the child runs on', async () => {
    const source = `
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static pthread_barrier_t barrier;
static void* body(void* unused) {
  int state, status = 0;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
  pid_t child = fork();
  if (child == 0) _exit(42);
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
  waitpid(child, &status, 0);
  exit(WIFEXITED(status) && WEXITSTATUS(status) == 42 ? 0 : 1);
}
int main() {
  pthread_t thread;
  pthread_barrier_init(&barrier, 0, 2);
  if (pthread_create(&thread, 0, body, 0) != 0) return 2;
  pthread_barrier_wait(&barrier);
  pthread_cancel(thread);
  pthread_barrier_wait(&barrier);
  pthread_join(thread, 0);
  return 3;
}
`
    const path = await compile(folder.path, { name: 'cancelled', source, flags: ['-pthread'] })
    const { result } = await runUnder('simple', [path])
    expect(result.exitCode).toBe(0)
    expect(result.verdict.processes).toHaveLength(2)
  })

  test('in a signal handler with a stack of 4 KiB beyond its frame', async () => {
    const source = `
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
enum { page = 4096, large = 64 * page };
static char* top;
static unsigned long used;
static int status = 0;
static void measure(int number) {
  char here;
  used = (unsigned long)(top - &here);
}
static void crashed(int number) {
  pid_t child = fork();
  if (child == 0) _exit(42);
  waitpid(child, &status, 0);
}
static int raise_on(char* memory, unsigned long size, void (*handler)(int)) {
  stack_t stack = {.ss_sp = memory, .ss_size = size};
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
  top = memory + size;
  return sigaltstack(&stack, 0) == 0 && sigaction(SIGUSR1, &action, 0) == 0 && raise(SIGUSR1) == 0;
}
int main() {
  char* memory = mmap(0, large, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, page, PROT_NONE) != 0) return 2;
  // How much the processor's registers take varies.
  if (!raise_on(memory + page, large - page, measure)) return 3;
  if (!raise_on(memory + page, (used + 4096) & ~15ul, crashed)) return 4;
  return WIFEXITED(status) && WEXITSTATUS(status) == 42 ? 0 : 1;
}
`
    const path = await compile(folder.path, { name: 'crash-handler', source, flags: ['-D_GNU_SOURCE'] })
    const { result } = await runUnder('simple', [path])
    expect(result.exitCode).toBe(0)
    expect(result.verdict.processes).toHaveLength(2)
  })
})

describe('programs of another libc', () => {
  test('run as they would: what they inherit loads, and is silent', async ({ skip }) => {
    requireOrSkip(skip, lackingTool('musl-gcc', 'musl-tools'))
    const source = `
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main() {
  int status = 0;
  char* block = malloc(100000);
  pid_t child = fork();
  if (child == 0) _exit(block && realloc(block, 10) ? 3 : 4);
  free(block);
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
`
    const path = await compile(folder.path, { name: 'musl', source, compiler: 'musl-gcc' })
    const { result, stdout, stderr } = await runUnder('simple', ['sh', '-c', '"$0"; echo $?', path])
    expect([stdout, stderr]).toEqual(['3\n', ''])
    expect(result.verdict).toMatchObject({ state: 'inactive', reasons: [{ code: 'other-libc' }] })
    expect(result.verdict.processes.at(-1)).toMatchObject({ executable: path, state: 'inactive', bindings: {} })
    const alone = await runUnder('simple', [path])
    expect(alone.result.exitCode).toBe(3)
    expect(alone.result.verdict).toMatchObject({ state: 'inactive', reasons: [{ code: 'other-libc' }] })
  })
})

describe('real programs', () => {
  test('redis-server: its own jemalloc where it is untouched, libc under `system`', async ({ skip }) => {
    requireOrSkip(skip, lackingTool('redis-server', 'redis-server'))
    const path = findTool('redis-server') ?? ''
    const untouched = await runUnder('default', [path, '--version'])
    const linked = untouched.result.verdict.processes[0]?.bindings.malloc ?? ''
    // It prints what it was built with; the witness must say the same.
    const built = /malloc=(\w+)/.exec(untouched.stdout)?.[1] ?? ''
    expect(linked).toContain(built === 'jemalloc' ? 'jemalloc' : 'libc')
    for (const [heap, library] of [
      ['system', /libc\.so\.6$/],
      ['simple', /liballoc8-simple\.so$/],
    ] as const) {
      const { result } = await runUnder(heap, [path, '--version'])
      expect(result, heap).toMatchObject({ exitCode: 0, verdict: { state: 'active', reasons: [] } })
      expect(result.verdict.processes[0]?.bindings.malloc).toMatch(library)
    }
  })

  test('python3 with a C++ extension: the runtime that it brings along reaches the heap', async ({ skip }) => {
    const python = ['/usr/bin/python3', findTool('python3') ?? ''].find(existsSync) ?? ''
    requireOrSkip(skip, python === '' ? 'python3 is not installed: apt-get install python3' : null)
    const library = await compile(folder.path, {
      name: 'libextension.so',
      language: 'c++',
      flags: ['-shared', '-fPIC'],
      source: `
#include <malloc.h>
#include <new>
#include <string>
#include <vector>
extern "C" int work(int count) {
  std::vector<std::string> all;
  for (int i = 0; i < count; ++i) all.push_back(std::string(100, 'a' + i % 26));
  int* one = new int[100];
  const bool known = malloc_usable_size(one) >= 400;
  delete[] one;
  try {
    volatile std::size_t huge = static_cast<std::size_t>(-1) / 4;
    char* volatile block = new char[huge];
    delete[] block;
  } catch (const std::bad_alloc&) {
    return known ? static_cast<int>(all.size()) : -2;
  }
  return -1;
}
`,
    })
    const script = `import ctypes; print(ctypes.CDLL(${JSON.stringify(library)}).work(1000))`
    const { result, stdout, stderr } = await runUnder('simple', [python, '-c', script])
    expect([stdout, stderr]).toEqual(['1000\n', ''])
    expect(result.exitCode).toBe(0)
    expect(result.verdict.state).toBe('active')
  })
})

describe('a record that cannot be read', () => {
  test('leaves the verdict in doubt', async () => {
    // The target damages its own record; whatever lies in the folder was written by targets.
    const damage = 'for file in "$ALLOC8_SESSION"/*.witness; do echo no > "$file"; done'
    const { result } = await runUnder('simple', ['bash', '-c', damage])
    expect(result.verdict.state).toBe('partial')
    expect(result.verdict.reasons.map(({ code }) => code)).toEqual(['not-witnessed', 'witness-unreadable'])
    const another = 'echo no > "$ALLOC8_SESSION/1-1.witness"'
    const second = await runUnder('simple', ['bash', '-c', another])
    expect(second.result.verdict).toMatchObject({ state: 'partial', reasons: [{ code: 'witness-unreadable' }] })
  })

  test('a session that is kept has the records', async () => {
    const session = join(folder.path, 'session')
    const { result } = await runUnder('simple', ['true'], { sessionDirectory: session })
    expect(result.session).toBe(session)
    expect(readdirSync(session).filter((name) => name.endsWith('.witness'))).toHaveLength(1)
  })
})
