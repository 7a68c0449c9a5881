/**
 * Children that the witness cannot be loaded into, or that nobody told of it: every way to start a program is followed,
 * so that each is listed, with the reason.
 */

import { afterAll, describe, expect, test } from 'vitest'
import type { Verdict } from '../../lib/types.ts'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { requireOrSkip } from '../support/needs.ts'
import { runUnder } from '../support/run-under.ts'

const folder = scratch()
afterAll(folder.remove)

describe('children without our environment', () => {
  const listed = (verdict: Verdict) =>
    verdict.processes.map(({ executable, state, reasons }) => [
      executable.replace(/.*\//, '').replace(/^dash$/, 'sh'),
      state,
      ...reasons.map(({ code }) => code),
    ])

  test('run as they would, and are listed', async () => {
    const { result, stdout, stderr } = await runUnder('simple', ['env', '-i', 'printenv'])
    expect([stdout, stderr, result.exitCode]).toEqual(['', '', 0])
    expect(result.verdict.state).toBe('inactive')
    expect(listed(result.verdict)).toEqual([
      ['env', 'active'],
      ['printenv', 'inactive', 'preload-dropped'],
    ])
  })

  test('stand beside those with it; each that lacks a part is named for that part', async () => {
    const script = 'env -i expr 1 + 1; expr 2 + 2; env -u ALLOC8_SESSION expr 3 + 3; LD_PRELOAD=libc.so.6 expr 4 + 4'
    const { result, stdout } = await runUnder('simple', ['sh', '-c', script])
    expect(stdout).toBe('2\n4\n6\n8\n')
    expect(listed(result.verdict)).toEqual([
      ['sh', 'active'],
      ['env', 'active'],
      ['expr', 'inactive', 'preload-dropped'],
      ['expr', 'active'],
      ['env', 'active'],
      ['expr', 'partial', 'session-dropped'],
      ['expr', 'inactive', 'preload-dropped'],
    ])
    for (const { advice } of result.verdict.reasons) expect(advice).toMatch(/pass (LD_PRELOAD|ALLOC8_SESSION) on/)
  })

  test('by posix_spawn, system and popen too', async () => {
    const source = `
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
int main() {
  char *arguments[] = {"true", 0}, *none[] = {0};
  pid_t child;
  int status = 0;
  FILE* stream;
  if (posix_spawnp(&child, "true", 0, 0, arguments, none) != 0 || waitpid(child, &status, 0) != child) return 2;
  if (posix_spawn(&child, "/nowhere", 0, 0, arguments, none) == 0) return 3;
  if (system("exit 3") != 3 << 8 || system(0) == 0) return 4;
  clearenv();
  if (system("exit 5") != 5 << 8) return 5;
  stream = popen("exit 6", "r");
  return status == 0 && stream && pclose(stream) == 6 << 8 ? 0 : 6;
}
`
    const path = await compile(folder.path, { name: 'spawns', source })
    const { result } = await runUnder('simple', [path])
    expect(result.exitCode).toBe(0)
    expect(listed(result.verdict)).toEqual([
      ['spawns', 'active'],
      ['true', 'inactive', 'preload-dropped'],
      ['sh', 'active'],
      ['sh', 'active'],
      ['sh', 'inactive', 'preload-dropped'],
      ['sh', 'inactive', 'preload-dropped'],
    ])
  })

  test('every form of exec: by name and by descriptor, from a vfork, after failures', async () => {
    const source = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static char *arguments[] = {"expr", "1", 0}, *none[] = {0};
static void become(int form) {
  int file = open("/usr/bin/expr", O_RDONLY | O_CLOEXEC);
  switch (form) {
    case 0: execve("/usr/bin/expr", arguments, none); break;
    case 1: execvpe("expr", arguments, none); break;
    case 2: execle("/usr/bin/expr", "expr", "1", (char*)0, none); break;
    case 3: fexecve(file, arguments, none); break;
    case 4: execveat(file, "", arguments, none, AT_EMPTY_PATH); break;
    case 5: clearenv(); setenv("PATH", "/nowhere:/usr/bin", 1); execlp("expr", "expr", "1", (char*)0); break;
    case 6: clearenv(); execl("/usr/bin/expr", "expr", "1", (char*)0); break;
    case 7: clearenv(); execv("/usr/bin/expr", arguments); break;
    case 8: clearenv(); execvp("expr", arguments); break;
  }
}
int main() {
  for (int form = 0; form < 9; ++form) {
    int status = 0;
    pid_t child = form < 5 ? vfork() : fork();
    if (child == 0) {
      execve("/nowhere", arguments, none);
      if (errno != ENOENT) _exit(9);
      become(form);
      _exit(10);
    }
    if (waitpid(child, &status, 0) != child || status != 0) return 20 + form;
  }
  return 0;
}
`
    const path = await compile(folder.path, { name: 'becomes', source })
    const { result, stdout } = await runUnder('simple', [path])
    expect([result.exitCode, stdout]).toEqual([0, '1\n'.repeat(9)])
    const [first, ...children] = listed(result.verdict)
    expect(first).toEqual(['becomes', 'active'])
    expect(children).toEqual(Array(9).fill(['expr', 'inactive', 'preload-dropped']))
  })

  test('static ones, whatever their environment', async () => {
    const path = await compile(folder.path, { name: 'still', source: 'int main() { return 0; }', flags: ['-static'] })
    const { result } = await runUnder('simple', ['sh', '-c', '"$0"; exec "$0"', path])
    expect(result.verdict).toMatchObject({ state: 'inactive', reasons: [{ code: 'static-executable' }] })
    expect(listed(result.verdict)).toEqual([
      ['sh', 'active'],
      ['still', 'inactive', 'static-executable'],
      ['still', 'inactive', 'static-executable'],
    ])
  })

  test('inside another root folder', async ({ skip }) => {
    requireOrSkip(skip, process.getuid?.() === 0 ? null : 'only root can change the root folder')
    await compile(folder.path, { name: 'inside', source: 'int main() { return 7; }', flags: ['-static'] })
    const { result } = await runUnder('simple', ['chroot', folder.path, '/inside'])
    expect(result.exitCode).toBe(7)
    expect(listed(result.verdict)).toEqual([
      ['chroot', 'active'],
      ['inside', 'partial', 'other-root'],
    ])
  })
})
