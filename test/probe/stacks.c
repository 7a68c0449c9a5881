// Allocates from stacks of many kinds: each has a function of its own name as the allocation's caller, and so many
// allocations of 1000 bytes. The test looks whether each is found and leads to main.

#define _GNU_SOURCE
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define ROUNDS 50
#define APART __attribute__((noinline, noclone))

static void* kept[20 * ROUNDS];
static int keptCount;
static void keep(void* block) { kept[keptCount++] = block; }

APART void plain_frame(void) {
  for (int i = 0; i < ROUNDS; i++) keep(malloc(1000));
}

// Aligns its stack, so that its frame is found by an expression.
APART void aligned_frame(int size) {
  _Alignas(64) char block[256];
  char* more = alloca(size);
  memset(block, 1, sizeof block);
  memset(more, 1, size);
  for (int i = 0; i < ROUNDS; i++) keep(malloc(1000));
  __asm__ volatile("" : : "r"(block), "r"(more) : "memory");
}

APART void deep_frame(int depth) {
  volatile char used[64];
  used[0] = 1;
  if (depth > 0) return deep_frame(depth - 1), (void)used[0];
  for (int i = 0; i < ROUNDS; i++) keep(malloc(1000));
}

static void handler_frame(int signal) {
  (void)signal;
  for (int i = 0; i < ROUNDS; i++) keep(malloc(1000));
}

APART void raise_signal(void) {
  raise(SIGUSR1);
  __asm__ volatile("");
}

static ucontext_t mainContext, otherContext;
static void coroutine_frame(void) {
  for (int i = 0; i < ROUNDS; i++) keep(malloc(1000));
  swapcontext(&otherContext, &mainContext);
}

APART void run_coroutine(void) {
  // With pages behind it that cannot be read.
  const size_t bytes = 64 << 10;
  char* memory = mmap(NULL, 3 * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(memory + bytes, bytes, PROT_READ | PROT_WRITE);
  getcontext(&otherContext);
  otherContext.uc_stack.ss_sp = memory + bytes;
  otherContext.uc_stack.ss_size = bytes;
  otherContext.uc_link = &mainContext;
  makecontext(&otherContext, coroutine_frame, 0);
  swapcontext(&mainContext, &otherContext);
}

static void* thread_frame(void* unused) {
  (void)unused;
  pthread_setname_np(pthread_self(), "worker");
  for (int i = 0; i < ROUNDS; i++) keep(malloc(1000));
  return NULL;
}

static void* free_elsewhere(void* unused) {
  (void)unused;
  for (int i = 0; i < ROUNDS; i++) free(kept[i]);
  return NULL;
}

static int compare(const void* a, const void* b) {
  static int done;
  for (; done < ROUNDS; done++) keep(malloc(1000));
  return *(const char*)a - *(const char*)b;
}
APART void callback_frame(void) {
  char letters[] = "callback";
  qsort(letters, 8, 1, compare);
}

int main(void) {
  stack_t stack = {.ss_sp = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                   .ss_size = 65536};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_handler = handler_frame, .sa_flags = SA_ONSTACK};
  sigaction(SIGUSR1, &action, NULL);

  plain_frame();
  aligned_frame(100);
  deep_frame(300);
  raise_signal();
  run_coroutine();
  callback_frame();
  pthread_t thread;
  pthread_create(&thread, NULL, thread_frame, NULL);
  pthread_join(thread, NULL);
  pthread_create(&thread, NULL, free_elsewhere, NULL);
  pthread_join(thread, NULL);
  return keptCount == 7 * ROUNDS ? 0 : 1;
}
