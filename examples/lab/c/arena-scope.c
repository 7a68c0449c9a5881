/*
 * The life of an arena by hand, and its mistakes: alignment, the end of the capacity, growing, the null that nobody
 * checks, use after unmap, and two threads. What ends a program is done in a child.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "arena.h"

enum { CAPACITY = 256 << 10, PAGE = 4096, ADDITIONS = 20000000 };

static struct arena* shared_by_threads;
static struct arena* full;
static size_t far_element;

static int alignments(struct arena* arena) {
  int kept = 0;
  int tried = 0;
  for (size_t alignment = 1; alignment <= PAGE; alignment *= 2, ++tried) {
    arena_allocate(arena, 1, 1);
    kept += number(arena_allocate(arena, 8, alignment)) % alignment == 0;
  }
  say("alignments kept: %d of %d", kept, tried);
  say("rounding up the offset alone would %s to pages here", number(arena) % PAGE == 0 ? "align" : "not align");
  return kept == tried;
}

static int fill_up(struct arena* arena) {
  int blocks = 0;
  while (arena_allocate(arena, PAGE, 16) != NULL) ++blocks;
  say("exhausted: null after %d more blocks, %lu bytes left", blocks, (unsigned long)(arena->capacity - arena->offset));
  return blocks > 0;
}

/* By realloc: what lies at an offset is there afterwards, what lies at an address need not be. */
static struct arena* grow(struct arena* arena) {
  uintptr_t was = number(arena);
  uint64_t offset = arena->offset;
  struct arena* grown = realloc(arena, (size_t)4 * CAPACITY);
  if (grown == NULL) return NULL;
  grown->capacity = (size_t)4 * CAPACITY;
  say("resize: the arena %s, the offset %s", number(grown) == was ? "stayed where it was" : "moved",
      grown->offset == offset ? "came along" : "was lost");
  return grown;
}

/* Through an index, null is an address like any other. */
static int write_unchecked(void) {
  uint64_t* block = arena_allocate(full, CAPACITY, 16);
  *(volatile uint64_t*)((uintptr_t)block + far_element * sizeof *block) = 1;
  return 0;
}

static int use_after_unmap(void) {
  struct arena* arena = arena_make(CAPACITY, MAP_PRIVATE);
  volatile char* block = arena_allocate(arena, 64, 16);
  *block = 'a';
  munmap(arena, CAPACITY);
  return *block == 'a' ? 0 : 1;
}

static int use_after_free(void) {
  struct arena* arena = arena_make(CAPACITY, 0);
  volatile char* block = arena_allocate(arena, 64, 16);
  uintptr_t address = number(block);
  *block = 'a';
  free(arena);
  say("  after free the byte is %s", *(volatile char*)address == 'a' ? "still there" : "another one");
  return 0;
}

static void* add(void* argument) {
  (void)argument;
  for (int i = 0; i < ADDITIONS; ++i) shared_by_threads->offset = shared_by_threads->offset + 1;
  return NULL;
}

static void* add_atomically(void* argument) {
  (void)argument;
  for (int i = 0; i < ADDITIONS / 10; ++i) __atomic_fetch_add(&shared_by_threads->offset, 1, __ATOMIC_RELAXED);
  return NULL;
}

/* Blocks of one byte by two threads: how many were given to both. */
static long given_twice(void* (*work)(void*), long each) {
  uint64_t before = shared_by_threads->offset;
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i) pthread_create(&threads[i], NULL, work, NULL);
  for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
  return 2 * each - (long)(shared_by_threads->offset - before);
}

int main(void) {
  struct arena* arena = arena_make(CAPACITY, 0);
  if (arena == NULL) return 1;
  arena_dump("at first", arena);
  memset(arena_allocate(arena, 24, 16), 'A', 24);
  memset(arena_allocate(arena, 8, 16), 'B', 8);
  arena_dump("two blocks", arena);
  show_bytes("dump", arena, arena->offset);
  int well = alignments(arena);
  well = fill_up(arena) && well;
  arena = grow(arena);
  well = well && arena != NULL && arena_allocate(arena, CAPACITY, 16) != NULL;
  arena_reset(arena);
  arena_dump("after reset", arena);

  full = arena_make(PAGE, MAP_PRIVATE);
  well = in_child("null unchecked, element 0", write_unchecked) != 0 && well;
  far_element = 1000;
  well = in_child("null unchecked, element 1000", write_unchecked) != 0 && well;
  far_element = number(arena_allocate(full, 8, 8)) / 8;
  in_child("null unchecked, an element as far as a block lies", write_unchecked);
  well = in_child("use after unmap", use_after_unmap) == -SIGSEGV && well;
  in_child("use after free of the arena's memory", use_after_free);

  shared_by_threads = arena;
  say("two threads, by load and store: given twice %ld of %d", given_twice(add, ADDITIONS), 2 * ADDITIONS);
  long atomically = given_twice(add_atomically, ADDITIONS / 10);
  say("two threads, atomically: given twice %ld of %d", atomically, 2 * ADDITIONS / 10);
  free(arena);
  return !(well && atomically == 0);
}
