/**
 * A heap's thread hooks: called once each for every thread, whatever starts it and however it ends, and counted in the
 * result of the run. The heap (planted/thread-hooks.cpp) ends the process where a hook comes twice or out of turn.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compile } from '../support/compile.ts'
import { pythonPath, scratch } from '../support/launching.ts'
import { buildPlantedHeaps, plantedHeapFile } from '../support/planted-heaps.ts'
import { runUnder } from '../support/run-under.ts'

const folder = scratch()
afterAll(folder.remove)

let program = ''

/** Runs as many threads as it is told in the way that it is told, ten at a time. */
const source = `
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>
#include <thread>
#include <threads.h>
#include <unistd.h>

static void *ends(void *p) { free(p); return nullptr; }
static void *exits(void *p) { free(p); pthread_exit(nullptr); }
static int endsC11(void *p) { free(p); return 7; }
static int exitsC11(void *p) { free(p); thrd_exit(7); }
static void *waits(void *p) { free(p); for (;;) pause(); }

static std::atomic<int> left{0};
static void *detached(void *p) { free(p); --left; return nullptr; }

// Frees in destructors of C++ and in a key's, in every round.
struct Late { void *p = nullptr; ~Late() { free(p); } };
static thread_local Late late;
static pthread_key_t key;
static void again(void *p) {
  const size_t round = *static_cast<size_t *>(p);
  free(p);
  auto *next = static_cast<size_t *>(malloc(sizeof(size_t)));
  *next = round + 1;
  if (round < 4) pthread_setspecific(key, next); else free(next);
}
static void *frees(void *p) {
  late.p = malloc(100);
  auto *round = static_cast<size_t *>(malloc(sizeof(size_t)));
  *round = 1;
  pthread_setspecific(key, round);
  free(p);
  return nullptr;
}

static void posix(void *(*body)(void *), int count, bool cancel) {
  for (int at = 0; at < count; at += 10) {
    pthread_t threads[10];
    for (auto &thread : threads) if (pthread_create(&thread, nullptr, body, malloc(30)) != 0) abort();
    for (auto &thread : threads) {
      if (cancel) pthread_cancel(thread);
      void *result;
      pthread_join(thread, &result);
      if (result != (cancel ? PTHREAD_CANCELED : nullptr)) abort();
    }
  }
}

static void c11(int (*body)(void *), int count) {
  for (int i = 0; i < count; ++i) {
    thrd_t thread;
    int result = 0;
    if (thrd_create(&thread, body, malloc(30)) != thrd_success) abort();
    thrd_join(thread, &result);
    if (result != 7) abort();
  }
}

static long residentPages() {
  long total = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (fscanf(file, "%ld %ld", &total, &resident) != 2) abort();
  fclose(file);
  return resident;
}

int main(int, char **argv) {
  const int count = atoi(argv[2]);
  auto is = [&](const char *way) { return strcmp(argv[1], way) == 0; };
  auto *created = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "threadCreated"));
  if (created != nullptr && created() != 0) abort();
  pthread_key_create(&key, again);
  if (is("return")) posix(ends, count, false);
  if (is("exit")) posix(exits, count, false);
  if (is("cancel")) posix(waits, count, true);
  if (is("destructors")) posix(frees, count, false);
  if (is("thrd")) c11(endsC11, count);
  if (is("thrd-exit")) c11(exitsC11, count);
  if (is("std")) for (int i = 0; i < count; ++i) std::thread([p = malloc(9)] { free(p); }).join();
  if (is("detached")) {
    left = count;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    for (int i = 0; i < count; ++i) {
      pthread_t thread;
      if (pthread_create(&thread, &attributes, detached, malloc(30)) != 0) abort();
    }
    while (left != 0) usleep(1000);
    usleep(100000);
  }
  if (is("main-exits")) {
    std::thread([] { usleep(50000); exit(3); }).detach();
    pthread_exit(nullptr);
  }
  if (is("fork")) {
    const pid_t child = fork();
    if (child == 0) { posix(ends, count, false); exit(0); }
    int status = 1;
    waitpid(child, &status, 0);
    if (status != 0) abort();
  }
  if (is("_exit")) _exit(0);
  if (is("refused")) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, size_t{1} << 46);
    pthread_t thread;
    for (int i = 0; i < count; ++i) if (pthread_create(&thread, &attributes, ends, nullptr) == 0) abort();
  }
  if (is("growth")) {
    posix(frees, count / 10, false);
    const long before = residentPages();
    posix(frees, count, false);
    if (residentPages() > before + 256) abort();
  }
  if (created != nullptr && created() != (is("none") || is("fork") ? 0 : 1)) abort();
  return 0;
}
`

beforeAll(async () => {
  await buildPlantedHeaps(['thread-hooks', 'header-form', 'upstream-style'])
  const flags = ['-std=c++20', '-pthread']
  program = await compile(folder.path, { name: 'ways', language: 'c++', source, flags })
})

/** What the run says of threads, once it is certain that it went well. */
async function threadsOf(command: string[], status = 0, heap = 'thread-hooks') {
  const { result, stderr } = await runUnder(plantedHeapFile(heap), command)
  expect(stderr).toBe('')
  expect(result).toMatchObject({ exitCode: status, signal: null })
  expect(result.verdict.state).toBe('active')
  return result.threads
}

describe('threads that begin and end by', () => {
  test.each(['return', 'exit', 'cancel', 'destructors', 'thrd', 'thrd-exit', 'std', 'detached'])(
    '%s have each hook once, as has main',
    async (way) => {
      expect(await threadsOf([program, way, '100'])).toEqual({ begun: 101, ended: 101 })
    },
  )

  test.each([
    ['none', 1, 1],
    ['refused', 1, 1],
    ['fork', 102, 102],
    ['_exit', 1, 0],
  ])('%s: %i begun, %i ended', async (way, begun, ended) => {
    expect(await threadsOf([program, way, '100'])).toEqual({ begun, ended })
  })

  test('pthread_exit in main, and exit in another thread', async () => {
    expect(await threadsOf([program, 'main-exits', '0'], 3)).toEqual({ begun: 2, ended: 2 })
  })

  test('20,000 short threads leave nothing behind', async () => {
    expect(await threadsOf([program, 'growth', '20000'])).toEqual({ begun: 22_001, ended: 22_001 })
  })
})

test('a program with threads of its own is counted with its children', async () => {
  const script =
    'import threading, subprocess\nfor i in range(5): t = threading.Thread(target=len, args=("x",)); t.start(); t.join()\nsubprocess.run(["/bin/true"])'
  expect(await threadsOf([pythonPath(), '-c', script])).toEqual({ begun: 7, ended: 7 })
})

test('the header form has the hooks, too', async () => {
  expect(await threadsOf([program, 'std', '100'], 0, 'header-form')).toEqual({ begun: 101, ended: 101 })
  expect(await threadsOf([program, 'fork', '100'], 0, 'header-form')).toEqual({ begun: 102, ended: 102 })
})

test('a heap without hooks counts none', async () => {
  const { result } = await runUnder(plantedHeapFile('upstream-style'), [program, 'return', '10'])
  expect(result).toMatchObject({ exitCode: 0, threads: null })
})
