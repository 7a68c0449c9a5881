/*
 * An arena that was there before fork, in the heap's memory, in a private and in a shared mapping: copies whose offsets
 * diverge, or one arena for two processes that write into it at once.
 */

#include "arena.h"

enum { CAPACITY = 1 << 20, SIZE = 64, OF_CHILD = 5, OF_PARENT = 2, ADDITIONS = 50000000 };

static struct arena* arena;
/* Where the two wait for each other, and what the child has to tell. Shared whatever the arena is. */
static struct talk {
  volatile int ready, go, done, intact;
  volatile uint64_t offset;
  void* volatile first;
} * talk;

static void wait_for(volatile int* flag) {
  while (!*flag) usleep(50);
}

static void add(void) {
  for (int i = 0; i < ADDITIONS; ++i) arena->offset = arena->offset + 1;
}

static int child(void) {
  for (int i = 0; i < OF_CHILD; ++i) {
    void* block = arena_allocate(arena, SIZE, 16);
    if (i == 0) talk->first = memset(block, 'C', SIZE);
  }
  talk->offset = arena->offset;
  talk->ready = 1;
  wait_for(&talk->go);
  talk->intact = *(volatile char*)talk->first == 'C';
  add();
  talk->done = 1;
  return 0;
}

static int observe(const char* name, int flags) {
  memset(talk, 0, sizeof *talk);
  arena = arena_make(CAPACITY, flags);
  if (arena == NULL) return 0;
  strcpy(arena_allocate(arena, SIZE, 16), "before fork");
  arena_dump(name, arena);
  uint64_t before = arena->offset;

  pid_t made = fork();
  if (made == 0) {
    alarm(20);
    _exit(child());
  }
  wait_for(&talk->ready);
  int seen = *(volatile char*)talk->first == 'C';
  char* first = NULL;
  for (int i = 0; i < OF_PARENT; ++i) {
    char* block = arena_allocate(arena, SIZE, 16);
    if (i == 0) first = block;
  }
  say("%s: offset of the child +%lu, of the parent +%lu", name, (unsigned long)(talk->offset - before),
      (unsigned long)(arena->offset - before));
  say("%s: the child's bytes are %s by the parent", name, seen ? "seen" : "not seen");
  say("%s: the first block of both is %s", name, first == talk->first ? "at the same address" : "not the same");

  /* As if the parent had read the offset before the child stored its own, and only now stored what follows. */
  arena->offset = before;
  memset(arena_allocate(arena, SIZE, 16), 'P', SIZE);
  uint64_t start = arena->offset;
  talk->go = 1;
  add();
  wait_for(&talk->done);
  int end = end_of(made);
  say("%s: %d additions by each, the parent's offset grew by %lu", name, ADDITIONS,
      (unsigned long)(arena->offset - start));
  say("%s: two writers that read the same offset: the child's bytes are %s", name,
      talk->intact ? "intact" : "overwritten");
  int whole = flags == MAP_SHARED || arena->offset - start == ADDITIONS;
  if (flags == 0)
    free(arena);
  else
    munmap(arena, CAPACITY);
  return end == 0 && seen == (flags == MAP_SHARED) && talk->intact == !seen && whole;
}

int main(void) {
  talk = mmap(NULL, sizeof *talk, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (talk == MAP_FAILED) return 1;
  int well = observe("arena from the heap", 0);
  well = observe("arena in a private mapping", MAP_PRIVATE) && well;
  well = observe("arena in a shared mapping", MAP_SHARED) && well;
  return !well;
}
