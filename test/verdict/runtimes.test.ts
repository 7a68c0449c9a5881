/** C++ runtimes in unusual places: inside a library of its own scope, and under operators that the program replaced. */

import { afterAll, expect, test } from 'vitest'
import { compile, lackingCompiler } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { requireOrSkip } from '../support/needs.ts'
import { runUnder } from '../support/run-under.ts'

const folder = scratch()
afterAll(folder.remove)

test('a library with a runtime inside, opened by a C program: new throws and calls its handler', async ({ skip }) => {
  const flags = ['-shared', '-fPIC', '-static-libstdc++', '-static-libgcc']
  requireOrSkip(skip, await lackingCompiler(folder.path, 'c++', '-static-libstdc++', '-static-libgcc'))
  const library = `
#include <new>
struct Thrown : std::bad_alloc {};
static int calls;
static void handler() { if (++calls == 3) throw Thrown(); }
static volatile std::size_t huge = static_cast<std::size_t>(1) << 62;
extern "C" int work() {
  int passed = 0;
  try {
    ::operator delete(::operator new(huge));
  } catch (const std::bad_alloc&) {
    ++passed;
  }
  std::set_new_handler(handler);
  try {
    ::operator delete(::operator new(huge));
  } catch (const Thrown&) {
    if (calls == 3) ++passed;
  }
  calls = 0;
  if (::operator new(huge, std::nothrow) == nullptr && calls == 3) ++passed;
  std::set_new_handler(nullptr);
  return passed;
}
`
  const source = `
#include <dlfcn.h>
int main(int count, char** arguments) {
  for (int round = 0; round < 3; ++round) {
    void* library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    int (*work)(void) = library ? (int (*)(void))dlsym(library, "work") : 0;
    if (!work) return 100;
    int passed = work();
    if (passed != 3) return 10 + passed;
    dlclose(library);
  }
  return 0;
}
`
  const path = await compile(folder.path, { name: 'libinside.so', source: library, language: 'c++', flags })
  const program = await compile(folder.path, { name: 'opens', source })
  const { result, stderr } = await runUnder('simple', [program, path])
  expect([stderr, result.exitCode, result.signal]).toEqual(['', 0, null])
})

test('nothrow new waits for nobody where the program has replaced operator new', async () => {
  const library = await compile(folder.path, {
    name: 'libjoins.so',
    language: 'c++',
    flags: ['-shared', '-fPIC', '-pthread'],
    // The loader's lock is held while this constructor waits.
    source: `
#include <new>
#include <pthread.h>
static void* body(void*) {
  ::operator delete(::operator new(100, std::nothrow), std::nothrow);
  return nullptr;
}
__attribute__((constructor)) static void start() {
  pthread_t thread;
  if (pthread_create(&thread, nullptr, body, nullptr) == 0) pthread_join(thread, nullptr);
}
`,
  })
  const program = await compile(folder.path, {
    name: 'replaces',
    language: 'c++',
    flags: ['-rdynamic'],
    source: `
#include <cstdlib>
#include <dlfcn.h>
#include <new>
void* operator new(std::size_t size) {
  if (void* block = std::malloc(size)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
int main(int, char** arguments) {
  int* one = new int(3);
  const bool opened = dlopen(arguments[1], RTLD_NOW) != nullptr;
  delete one;
  return opened ? 0 : 1;
}
`,
  })
  const { result } = await runUnder('simple', [program, library], { timeoutMs: 10_000 })
  expect(result).toMatchObject({ exitCode: 0, timedOut: false })
})
