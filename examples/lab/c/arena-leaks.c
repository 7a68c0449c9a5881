/*
 * What is lost and what is overwritten: leaks found by comparing two snapshots of a table of live blocks, an arena that
 * nobody resets, an overflow from one of its blocks into the next, and a block that is freed twice, in a child.
 */

#include <malloc.h>

#include "arena.h"

enum { MOST = 256, REQUESTS = 40, FORGETTING = 8, CAPACITY = 16 << 10 };

/* The table of live blocks that a program with its own malloc wrapper would have. */
static struct entry {
  void* block;
  size_t size;
  int request;
} table[MOST];

static void* tracked_malloc(size_t size, int request) {
  void* block = malloc(size);
  for (int i = 0; i < MOST; ++i)
    if (table[i].block == NULL) {
      table[i] = (struct entry){block, size, request};
      break;
    }
  return block;
}

/* False where no such block is live: that is how a table notices a second free before the heap sees it. */
static int tracked_free(void* block) {
  for (int i = 0; i < MOST; ++i)
    if (block != NULL && table[i].block == block) {
      table[i].block = NULL;
      free(block);
      return 1;
    }
  return 0;
}

/* Requests of two blocks each; every so many the first one is forgotten, for 0 none. */
static void serve(int forgetting) {
  for (int request = 0; request < REQUESTS; ++request) {
    void* kept = tracked_malloc(100 + (size_t)request, request);
    void* passing = tracked_malloc(50, request);
    tracked_free(passing);
    if (forgetting == 0 || request % forgetting != 0) tracked_free(kept);
  }
}

static int find_leaks(void) {
  /* What the heap keeps for itself it has after this. */
  serve(0);
  struct entry before[MOST];
  memcpy(before, table, sizeof table);
  size_t in_use = mallinfo2().uordblks;
  serve(FORGETTING);
  int found = 0;
  size_t bytes = 0;
  for (int i = 0; i < MOST; ++i) {
    if (table[i].block == NULL || table[i].block == before[i].block) continue;
    say("  leaked: %zu bytes at %p, by request %d", table[i].size, table[i].block, table[i].request);
    ++found;
    bytes += table[i].size;
  }
  say("leaks found: %d of %d, %zu bytes", found, REQUESTS / FORGETTING, bytes);
  say("mallinfo2 says: %ld bytes more in use", (long)(mallinfo2().uordblks - in_use));
  return found == REQUESTS / FORGETTING;
}

static int never_reset(void) {
  int rounds[2] = {0, 0};
  for (int resets = 0; resets < 2; ++resets) {
    struct arena* arena = arena_make(CAPACITY, 0);
    while (rounds[resets] < 100) {
      int got = 0;
      for (int i = 0; i < 10; ++i) got += arena_allocate(arena, 100, 16) != NULL;
      if (got < 10) break;
      ++rounds[resets];
      if (resets) arena_reset(arena);
    }
    arena_dump(resets ? "with reset" : "without reset", arena);
    free(arena);
  }
  say("rounds served without reset: %d, with reset: %d", rounds[0], rounds[1]);
  return rounds[0] < rounds[1];
}

static int overflow(void) {
  struct arena* arena = arena_make(CAPACITY, 0);
  char* block = memset(arena_allocate(arena, 32, 16), 'A', 32);
  char* next = memset(arena_allocate(arena, 32, 16), 'B', 32);
  show_bytes("before", block, 64);
  memset(block, 'X', 40);
  show_bytes("after ", block, 64);
  int changed = 0;
  for (int i = 0; i < 32; ++i) changed += next[i] != 'B';
  say("overflow of 8 bytes: %d bytes of the next block changed, and nothing noticed", changed);
  free(arena);
  return changed == 8;
}

static int free_twice(void) {
  void* block = malloc(64);
  uintptr_t address = number(block);
  free(block);
  free((void*)address);
  /* Nobody minded: does one block have two owners from now on? */
  static uintptr_t later[2000];
  int twice = 0;
  for (size_t i = 0; i < COUNT(later); ++i) {
    later[i] = number(malloc(64));
    for (size_t j = 0; j < i && !twice; ++j) twice = later[j] == later[i];
  }
  say("  passed; the next %zu blocks: %s", COUNT(later), twice ? "one was given out twice" : "all different");
  return 0;
}

int main(void) {
  int well = find_leaks();
  well = never_reset() && well;
  well = overflow() && well;
  void* block = tracked_malloc(64, -1);
  int once = tracked_free(block);
  int again = tracked_free(block);
  say("double free, the table: %s", once && !again ? "noticed" : "not noticed");
  in_child("double free, the heap", free_twice);
  return !(well && once && !again);
}
