/*
 * An arena by hand: a base, an offset, a capacity, and nothing else. Blocks lie one behind the other; none is freed for
 * itself. It takes no lock and checks nothing, so that one can see what comes of that. The numbers lie in front of the
 * blocks, in the arena's own memory: a fork copies or shares them with the rest.
 */

#pragma once

#include <sys/mman.h>

#include "lab.h"

struct arena {
  volatile uint64_t offset;
  uint64_t capacity;
};

/* In memory from the heap, or from a mapping: `flags` is MAP_PRIVATE or MAP_SHARED, 0 for the heap. NULL: no memory. */
static inline struct arena* arena_make(size_t capacity, int flags) {
  struct arena* arena =
      flags == 0 ? malloc(capacity) : mmap(NULL, capacity, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
  if (arena == NULL || arena == MAP_FAILED) return NULL;
  arena->offset = sizeof *arena;
  arena->capacity = capacity;
  return arena;
}

/* A block at a multiple of `alignment`, a power of two. NULL where the capacity is used up. */
static inline void* arena_allocate(struct arena* arena, size_t size, size_t alignment) {
  uintptr_t base = number(arena);
  uint64_t start = ((base + arena->offset + alignment - 1) & ~(uintptr_t)(alignment - 1)) - base;
  if (start > arena->capacity || size > arena->capacity - start) return NULL;
  arena->offset = start + size;
  return (char*)arena + start;
}

/* All blocks are gone at once. */
static inline void arena_reset(struct arena* arena) { arena->offset = sizeof *arena; }

static inline void arena_dump(const char* title, const struct arena* arena) {
  say("%s: base %p, offset %lu, capacity %lu", title, (const void*)arena, (unsigned long)arena->offset,
      (unsigned long)arena->capacity);
}
