// A small heap on top of libc's for planted faults: each block has a tag in front, so that a block of another heap is
// noticed and ends the program. Without faults it is a right heap (planted/honest). A fault defines one of the macros
// below before it includes this file.
#pragma once

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void* __libc_malloc(size_t size);
extern void __libc_free(void* block);

#ifndef PLANTED_ENTER  // around each call into the heap
#define PLANTED_ENTER() (void)0
#define PLANTED_LEAVE() (void)0
#endif
#ifndef PLANTED_SHIFT  // added to each address
#define PLANTED_SHIFT 0
#endif
#ifndef PLANTED_ALIGNMENT  // what becomes of an alignment asked for
#define PLANTED_ALIGNMENT(alignment) (alignment)
#endif
#ifndef PLANTED_NO_MEMORY  // what a refusal does to errno
#define PLANTED_NO_MEMORY() (errno = ENOMEM)
#endif
#ifndef PLANTED_PRODUCT  // calloc's multiplication: true where it overflows
#define PLANTED_PRODUCT(count, size, total) __builtin_mul_overflow(count, size, total)
#endif
#ifndef PLANTED_CLEAR  // how calloc clears
#define PLANTED_CLEAR(block, size) memset(block, 0, size)
#endif
#ifndef PLANTED_MALLOC  // how malloc and realloc get a block
#define PLANTED_MALLOC(size) tagged_new(16, size)
#endif
#ifndef PLANTED_FREE  // may take a block instead of the heap: true where it did
#define PLANTED_FREE(block) 0
#endif
#ifndef PLANTED_AFTER_FREE
#define PLANTED_AFTER_FREE() (void)0
#endif
#ifndef PLANTED_COPY  // how many bytes realloc copies
#define PLANTED_COPY(old_size, new_size) ((old_size) < (new_size) ? (old_size) : (new_size))
#endif
#ifndef PLANTED_USABLE
#define PLANTED_USABLE(size) (size)
#endif
#ifndef PLANTED_REALLOC_ZERO  // what realloc(p, 0) answers after it freed
#define PLANTED_REALLOC_ZERO() NULL
#endif
#ifndef PLANTED_REALLOC_FAILS  // what realloc does to the block where it fails
#define PLANTED_REALLOC_FAILS(block) (void)0
#endif
#ifndef PLANTED_SOURCE  // where realloc finds the content of a block
#define PLANTED_SOURCE(block) (block)
#endif
#ifndef PLANTED_IMPOSSIBLE  // the error for an alignment that has no power of two above it
#define PLANTED_IMPOSSIBLE EINVAL
#endif
#ifndef PLANTED_CHECKS_ALIGNMENT
#define PLANTED_CHECKS_ALIGNMENT 1
#endif

typedef struct {
  uint64_t magic;
  void* base;
  size_t size;
  size_t unused;
} Tag;

static const uint64_t planted_magic = 0x8a11c0c8f00dcafe;

static inline Tag* tag_of(void* block) {
  Tag* tag = (Tag*)((char*)block - PLANTED_SHIFT) - 1;
  if (tag->magic != planted_magic) {
    static const char text[] = "planted heap: a block that is not its own, or was freed before\n";
    if (write(2, text, sizeof text - 1) > 0) abort();
  }
  return tag;
}

// `alignment` is a power of two, 16 at least.
static inline void* tagged_new(size_t alignment, size_t size) {
  if (size > (size_t)PTRDIFF_MAX - sizeof(Tag) - 64 || alignment > (size_t)PTRDIFF_MAX - sizeof(Tag) - 64 - size) {
    PLANTED_NO_MEMORY();
    return NULL;
  }
  PLANTED_ENTER();
  int kept = errno;
  char* base = __libc_malloc(size + sizeof(Tag) + alignment + PLANTED_SHIFT);
  PLANTED_LEAVE();
  if (!base) {
    errno = kept;
    PLANTED_NO_MEMORY();
    return NULL;
  }
  Tag* tag = (Tag*)(((uintptr_t)base + sizeof(Tag) + alignment - 1) & ~(uintptr_t)(alignment - 1)) - 1;
  *tag = (Tag){planted_magic, base, size, 0};
  return (char*)(tag + 1) + PLANTED_SHIFT;
}

static inline void tagged_delete(void* block) {
  if (!block || PLANTED_FREE(block)) return;
  Tag* tag = tag_of(block);
  tag->magic = 0;
  PLANTED_ENTER();
  __libc_free(tag->base);
  PLANTED_LEAVE();
  PLANTED_AFTER_FREE();
}

void* malloc(size_t size) { return PLANTED_MALLOC(size); }

void free(void* block) { tagged_delete(block); }

void* calloc(size_t count, size_t size) {
  size_t total;
  if (PLANTED_PRODUCT(count, size, &total)) {
    PLANTED_NO_MEMORY();
    return NULL;
  }
  void* block = tagged_new(16, total);
  if (block) PLANTED_CLEAR(block, total);
  return block;
}

void* realloc(void* block, size_t size) {
  if (!block) return malloc(size);
  size_t old_size = tag_of(block)->size;
  if (size == 0) {
    tagged_delete(block);
    return PLANTED_REALLOC_ZERO();
  }
  void* moved = malloc(size);
  if (!moved) {
    PLANTED_REALLOC_FAILS(block);
    return NULL;
  }
  memcpy(moved, PLANTED_SOURCE(block), PLANTED_COPY(old_size, size));
  tagged_delete(block);
  return moved;
}

void* reallocarray(void* block, size_t count, size_t size) {
  size_t total;
  if (!__builtin_mul_overflow(count, size, &total)) return realloc(block, total);
  PLANTED_NO_MEMORY();
  return NULL;
}

void* memalign(size_t alignment, size_t size) {
  if (alignment > SIZE_MAX / 2 + 1) {
    errno = PLANTED_IMPOSSIBLE;
    return NULL;
  }
  size_t power = 16;
  while (power < alignment) power *= 2;
  return tagged_new(PLANTED_ALIGNMENT(power), size);
}

void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void** block, size_t alignment, size_t size) {
  if (PLANTED_CHECKS_ALIGNMENT && (alignment % sizeof(void*) || !alignment || (alignment & (alignment - 1))))
    return EINVAL;
  void* made = memalign(alignment, size);
  if (PLANTED_CHECKS_ALIGNMENT && !made) return ENOMEM;
  *block = made;
  return made ? 0 : ENOMEM;
}

static inline size_t planted_page(void) { return (size_t)sysconf(_SC_PAGESIZE); }

void* valloc(size_t size) { return memalign(planted_page(), size); }

void* pvalloc(size_t size) {
  size_t page = planted_page();
#ifndef PLANTED_PVALLOC_WRAPS
  if (size > SIZE_MAX - page) {
    PLANTED_NO_MEMORY();
    return NULL;
  }
#endif
  return memalign(page, (size + page - 1) & ~(page - 1));
}

size_t malloc_usable_size(void* block) { return block ? PLANTED_USABLE(tag_of(block)->size) : 0; }

#ifndef PLANTED_OWN_FREE_SIZED
void free_sized(void* block, size_t size) {
  (void)size;
  tagged_delete(block);
}

void free_aligned_sized(void* block, size_t alignment, size_t size) {
  (void)alignment;
  (void)size;
  tagged_delete(block);
}
#endif
