/**
 * Libraries that are loaded after start: what they are bound to, in every way to open them and to end; and that a program
 * finds its own libraries as it does without us.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nativeFile } from '../../lib/binding/native.ts'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { faultLibrary } from '../support/programs.ts'
import { runUnder } from '../support/run-under.ts'

const folder = scratch()
afterAll(folder.remove)

const simple = nativeFile('liballoc8-simple.so')

/** opener LIBRARY WAY END: opens it, calls it, ends. */
const opener = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static int flags(const char* way) {
  if (!strcmp(way, "deep")) return RTLD_LAZY | RTLD_DEEPBIND;
  if (!strcmp(way, "deep-now")) return RTLD_NOW | RTLD_DEEPBIND;
  return !strcmp(way, "global") ? RTLD_NOW | RTLD_GLOBAL : RTLD_LAZY | RTLD_LOCAL;
}
static int open_and_call(char** words) {
  int apart = !strcmp(words[2], "apart");
  void* library = apart ? dlmopen(LM_ID_NEWLM, words[1], RTLD_NOW) : dlopen(words[1], flags(words[2]));
  int (*work)(void) = library ? (int (*)(void))dlsym(library, "work") : 0;
  if (!work) puts(dlerror());
  return work ? work() : 100;
}
int main(int count, char** words) {
  const char* end = words[3];
  int result = 0;
  if (!strcmp(end, "fork")) {
    pid_t child = fork();
    if (child == 0) _exit(open_and_call(words));
    waitpid(child, &result, 0);
    return WEXITSTATUS(result);
  }
  result = open_and_call(words);
  if (!strcmp(end, "_exit")) _exit(result);
  if (!strcmp(end, "quick")) quick_exit(result);
  if (!strcmp(end, "kill")) raise(SIGKILL);
  if (!strcmp(end, "exec")) execlp("true", "true", (char*)0);
  return result;
}
`
const plugin = `
#include <malloc.h>
#include <stdlib.h>
int work(void) {
  void* volatile block = malloc(100);
  void* volatile pages = pvalloc(10);
  int good = block && pages;
  free(block);  // not the pages: where their heap is another, it would not know them
  return good ? 7 : 1;
}
`

let program = ''
let library = ''
beforeAll(async () => {
  program = await compile(folder.path, { name: 'opener', source: opener })
  library = await compile(folder.path, { name: 'libplugin.so', source: plugin, flags: ['-shared', '-fPIC'] })
})

const open = (heap: string, way: string, end: string) => runUnder(heap, [program, library, way, end])

describe('dlopen', () => {
  test.each(['local', 'global'])('%s: active, and its entry points are listed', async (way) => {
    const { result } = await open('simple', way, 'return')
    expect(result).toMatchObject({ exitCode: 7, verdict: { state: 'active', reasons: [] } })
    expect(result.verdict.processes[0]?.bindings).toMatchObject({ malloc: simple, pvalloc: simple })
  })

  test.each(['return', '_exit', 'quick', 'exec', 'fork'])('is looked at before %s', async (end) => {
    const lacking = faultLibrary('without-pvalloc')
    const { result } = await open(lacking, 'local', end)
    expect(result.exitCode).toBe(end === 'exec' ? 0 : 7)
    const opened = result.verdict.processes.find(({ state }) => state === 'partial')
    expect(opened?.reasons.map(({ code }) => code)).toEqual(['missing-entry-points'])
    expect(opened?.reasons[0]?.message).toMatch(/^pvalloc@GLIBC_2.2.5: .*libc\.so\.6$/)
  })

  test('in a process that is killed, it is named all the same', async () => {
    const { result } = await open('simple', 'local', 'kill')
    expect(result).toMatchObject({
      signal: 'SIGKILL',
      verdict: { state: 'active', reasons: [{ code: 'late-unseen' }] },
    })
    expect(result.verdict.reasons[0]?.message).toContain(library)
  })
})

describe('RTLD_DEEPBIND', () => {
  test.each(['deep', 'deep-now'])('%s: partial; the library and whose malloc it uses are named', async (way) => {
    for (const end of ['return', '_exit', 'kill']) {
      const { result } = await open('simple', way, end)
      expect(result.verdict, end).toMatchObject({ state: 'partial', reasons: [{ code: 'deep-bind' }] })
      expect(result.verdict.reasons[0]?.message).toContain(library)
      if (end !== 'kill') expect(result.verdict.reasons[0]?.message).toMatch(/malloc@.*pvalloc@.*libc\.so\.6$/)
      expect(result.verdict.processes[0]?.bindings.malloc).toBe(simple)
    }
  })

  test('is of no consequence under `system`, where libc is the heap', async () => {
    expect((await open('system', 'deep', 'return')).result.verdict).toMatchObject({ state: 'active', reasons: [] })
  })
})

test('dlmopen: partial; a namespace of its own has a libc of its own', async () => {
  for (const end of ['return', 'kill']) {
    const { result } = await open('simple', 'apart', end)
    expect(result.verdict, end).toMatchObject({ state: 'partial', reasons: [{ code: 'own-namespace' }] })
    expect(result.verdict.reasons[0]?.message).toContain(library)
  }
})

describe('a library with an allocator inside', () => {
  // What is asked for by dlopen, and refers to no entry point of libc's at all.
  const carrying = `
int je_mallctl(void) { return 0; }
int je_mallocx(void) { return 1; }
int je_sdallocx(void) { return 2; }
int work(void) { return 7; }
`
  const shared = ['-shared', '-fPIC']

  test('is suspected when it is opened late, by whatever path', async () => {
    const path = await compile(folder.path, { name: 'libcarrying.so', source: carrying, flags: shared })
    for (const name of [path, './libcarrying.so']) {
      const { result } = await runUnder('simple', [program, name, 'local', 'return'], { cwd: folder.path })
      expect(result, name).toMatchObject({
        exitCode: 7,
        verdict: { state: 'partial', reasons: [{ code: 'suspected' }] },
      })
      expect(result.verdict.reasons[0]?.message).toMatch(`${path} carries jemalloc of its own: symbols je_mallctl`)
    }
  })

  test('is not to be looked at where the program has gone to another folder: that is said', async () => {
    await compile(folder.path, { name: 'libelsewhere.so', source: carrying, flags: shared })
    const script = 'cd "$1" && exec "$0" ./libelsewhere.so local return'
    const { result } = await runUnder('simple', ['sh', '-c', script, program, folder.path], { cwd: '/' })
    expect(result).toMatchObject({ exitCode: 7, verdict: { reasons: [{ code: 'library-unseen' }] } })
    expect(result.verdict.reasons[0]?.message).toContain('./libelsewhere.so')
  })

  test('is suspected when a late library needs it', async () => {
    const uses = `#include <stdlib.h>\n${carrying}int use(void) { void* volatile b = malloc(9); free(b); return 7; }\n`
    const inside = await compile(folder.path, { name: 'libinside.so', source: uses, flags: shared })
    const user = await compile(folder.path, {
      name: 'libneeding.so',
      source: 'int use(void);\nint work(void) { return use(); }\n',
      flags: [...shared, inside],
    })
    const { result } = await runUnder('simple', [program, user, 'local', 'return'])
    expect(result).toMatchObject({ exitCode: 7, verdict: { state: 'partial', reasons: [{ code: 'suspected' }] } })
    expect(result.verdict.reasons[0]?.message).toContain(`${inside} carries jemalloc`)
  })

  test('is suspected in a program that is linked to it by a relative path', async () => {
    const main = 'int work(void);\nint main(void) { return work(); }\n'
    await compile(folder.path, { name: 'librelative.so', source: carrying, flags: shared })
    const linked = await compile(folder.path, {
      name: 'relative',
      source: main,
      flags: [join(folder.path, 'librelative.so')],
    })
    // The linker takes the path that it is given for the library's name.
    const text = readFileSync(linked, 'latin1')
    const whole = join(folder.path, 'librelative.so')
    const short = './librelative.so'
    writeFileSync(linked, text.replaceAll(`${whole}\0`, short.padEnd(whole.length + 1, '\0')), 'latin1')
    const { result } = await runUnder('simple', [linked], { cwd: folder.path })
    expect(result).toMatchObject({ exitCode: 7, verdict: { state: 'partial', reasons: [{ code: 'suspected' }] } })
    expect(result.verdict.reasons[0]?.message).toContain(`${whole} carries jemalloc`)
  })
})

describe('a library that defines malloc and uses it itself', () => {
  const own = `
#include <stddef.h>
static char pool[1 << 16];
static size_t used;
void* malloc(size_t size) {
  used += (size + 15) / 16 * 16;
  return pool + used - (size + 15) / 16 * 16;
}
void free(void* block) { (void)block; }
void* calloc(size_t count, size_t size) { return malloc(count * size); }
void* realloc(void* old, size_t size) { return old ? old : malloc(size); }
`
  const work = `
int work(void) {
  char* block = malloc(10);
  int mine = block >= pool && block < pool + sizeof pool;
  free(block);
  return mine ? 7 : 8;
}
`
  const built = (name: string, ...flags: string[]) =>
    compile(folder.path, { name: `lib${name}.so`, source: own + work, flags: ['-shared', '-fPIC', ...flags] })

  test.each([
    ['is linked with -Bsymbolic', 'local', ['-Wl,-Bsymbolic']],
    ['was opened with RTLD_DEEPBIND', 'deep', []],
    ['was loaded into a namespace of its own', 'apart', []],
  ])('%s: partial', async (why, way, flags) => {
    const path = await built(`own-${way}`, ...flags)
    const { result } = await runUnder('simple', [program, path, way, 'return'])
    expect(result.exitCode).toBe(7)
    expect(result.verdict.state).toBe('partial')
    expect(result.verdict.reasons[0]).toMatchObject({ code: 'suspected' })
    expect(result.verdict.reasons[0]?.message).toBe(`${path} defines malloc and ${why}: it uses its own`)
    // Untouched it is what was asked for.
    expect((await runUnder('default', [program, path, way, 'return'])).result.verdict.reasons).toEqual([])
  })

  test('linked to the program with -Bsymbolic: partial', async () => {
    const path = await built('own-linked', '-Wl,-Bsymbolic')
    const main = 'int work(void);\nint main(void) { return work(); }\n'
    const linked = await compile(folder.path, { name: 'own-linked', source: main, flags: [path] })
    const { result } = await runUnder('simple', [linked])
    expect(result).toMatchObject({ exitCode: 7, verdict: { state: 'partial', reasons: [{ code: 'suspected' }] } })
    expect(result.verdict.reasons[0]?.message).toContain(`${path} defines malloc and is linked with -Bsymbolic`)
  })

  test('in any other way it reaches the heap: active', async () => {
    const { result } = await runUnder('simple', [program, await built('own-plain'), 'global', 'return'])
    expect(result).toMatchObject({ exitCode: 8, verdict: { state: 'active', reasons: [] } })
  })
})

test('dlmopen of what allocates nothing itself: its namespace has a libc that does', async () => {
  const silent = await compile(folder.path, {
    name: 'libsilent.so',
    source: '#include <stdio.h>\nint work(void) { return puts("") < 0 ? 1 : 7; }\n',
    flags: ['-shared', '-fPIC'],
  })
  for (const end of ['return', 'kill']) {
    const { result } = await runUnder('simple', [program, silent, 'apart', end])
    expect(result.verdict, end).toMatchObject({ state: 'partial', reasons: [{ code: 'own-namespace' }] })
    expect(result.verdict.reasons).toHaveLength(1)
  }
})

test('a caller’s own RUNPATH and $ORIGIN hold, in the program and in a library of it', async () => {
  const deep = join(folder.path, 'deep')
  mkdirSync(join(deep, 'plugins'), { recursive: true })
  const flags = ['-shared', '-fPIC']
  await compile(join(deep, 'plugins'), { name: 'libfound.so', source: 'int found(void) { return 7; }', flags })
  const opens = `
#include <dlfcn.h>
int opens(void) {
  void* library = dlopen("libfound.so", RTLD_NOW);
  int (*found)(void) = library ? (int (*)(void))dlsym(library, "found") : 0;
  return found ? found() : 1;
}
`
  const runpath = '-Wl,--enable-new-dtags,-rpath,$ORIGIN/plugins'
  await compile(deep, { name: 'libopens.so', source: opens, flags: [...flags, runpath] })
  const main = 'int opens(void);\nint main(void) { return opens(); }\n'
  const linked = ['-Wl,--enable-new-dtags,-rpath,$ORIGIN', `-L${deep}`, '-lopens']
  const byLibrary = await compile(deep, { name: 'by-library', source: main, flags: linked })
  const byProgram = await compile(deep, { name: 'by-program', source: opens + main, flags: [runpath] })
  for (const path of [byLibrary, byProgram]) {
    const { result } = await runUnder('simple', [path])
    expect(result, path).toMatchObject({ exitCode: 7, verdict: { state: 'active', reasons: [] } })
  }
})

/** Sends everybody's malloc and free to libc's, which it finds in libc's own table of symbols. */
const auditor = `
#define _GNU_SOURCE
#include <link.h>
#include <stdint.h>
#include <string.h>
static struct link_map* libc;
unsigned la_version(unsigned version) { return version; }
unsigned la_objopen(struct link_map* map, Lmid_t space, uintptr_t* cookie) {
  if (space == LM_ID_BASE && strstr(map->l_name, "/libc.so.6")) libc = map;
  return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}
static uintptr_t in_libc(const char* name) {
  const Elf64_Sym* symbols = 0;
  const char* strings = 0;
  for (const Elf64_Dyn* entry = libc->l_ld; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_SYMTAB) symbols = (const Elf64_Sym*)entry->d_un.d_ptr;
    if (entry->d_tag == DT_STRTAB) strings = (const char*)entry->d_un.d_ptr;
  }
  for (const Elf64_Sym* symbol = symbols; (const char*)symbol < strings; ++symbol) {
    if (symbol->st_shndx != 0 && !strcmp(strings + symbol->st_name, name)) return libc->l_addr + symbol->st_value;
  }
  return 0;
}
uintptr_t la_symbind64(Elf64_Sym* symbol, unsigned index, uintptr_t* from, uintptr_t* to, unsigned* flags,
                       const char* name) {
  uintptr_t own = libc && (!strcmp(name, "malloc") || !strcmp(name, "free")) ? in_libc(name) : 0;
  return own ? own : symbol->st_value;
}
`

test('LD_AUDIT is named; where the auditor sends calls elsewhere, that shows', async () => {
  const silent = await compile(folder.path, {
    name: 'libaudit.so',
    source: 'unsigned la_version(unsigned version) { return version; }',
    flags: ['-shared', '-fPIC'],
  })
  const { result } = await runUnder('simple', ['/bin/true'], { env: { ...process.env, LD_AUDIT: silent } })
  expect(result).toMatchObject({ exitCode: 0, verdict: { state: 'active', reasons: [{ code: 'audited' }] } })
  const away = await compile(folder.path, { name: 'libaway.so', source: auditor, flags: ['-shared', '-fPIC'] })
  const bound = await compile(folder.path, {
    name: 'bound',
    source: '#include <stdlib.h>\nint main(void) { void* volatile block = malloc(10); free(block); return 7; }\n',
    flags: ['-Wl,-z,now'],
  })
  const sent = await runUnder('simple', [bound], { env: { ...process.env, LD_AUDIT: away } })
  expect(sent.result.exitCode).toBe(7)
  expect(sent.result.verdict.reasons.map(({ code }) => code)).toEqual(['bound-elsewhere', 'audited'])
  expect(sent.result.verdict.state).not.toBe('active')
})

test('another heap that the target puts in front of ours is named', async () => {
  const other = faultLibrary()
  const { result } = await runUnder('simple', ['sh', '-c', `LD_PRELOAD=${other}:$LD_PRELOAD expr 1 + 1`])
  expect(result.verdict).toMatchObject({ state: 'inactive', reasons: [{ code: 'preload-in-front' }] })
  expect(result.verdict.reasons[0]?.message).toContain(other)
})
