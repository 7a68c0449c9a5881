// A heap on top of libc's with a tag in front of each block, so that a block of another heap is noticed and ends the
// program. Without a fault it is a right heap.
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "switch.h"

struct Tag {
  uint64_t magic;
  void* base;      // what libc gave
  size_t size;     // what was asked for
  uint32_t owner;  // the thread that allocated it
  uint32_t entry;  // the entry point that gave it
};

// Ends the program by SIGABRT, having said why.
[[noreturn]] void stop(const char* why);

// libc's own functions, behind this library.
struct Libc {
  void* (*malloc)(size_t);
  void* (*calloc)(size_t, size_t);
  void* (*realloc)(void*, size_t);
  void (*free)(void*);
};
const Libc& libc();

// The tag of a block of ours; ends the program where it is none.
Tag* tag_of(void* block);

// A block for an entry point, or null with ENOMEM. `alignment` is a power of two, 16 at least.
void* take(Entry entry, size_t alignment, size_t size, bool zeroed = false);
// The block that was given last, perhaps freed since.
extern void* last_taken;
// Gives a block of ours back; null is nothing.
void give(Entry entry, void* block);
// As realloc.
void* resize(Entry entry, void* block, size_t size);
// As malloc_usable_size.
size_t usable(void* block);

// A refusal as it should be, or without its errno.
void* refuse(Entry entry);

// What faults of threads, forks and processes do around each call (process.cpp).
void enter();
void leave();
// Whether malloc and its like are to be null now.
bool null_now(Entry entry);
// Whether this is a forked child, and of which depth.
int fork_depth();
uint32_t thread_number();
int threads_alive();
// Whether this library's constructor has run.
bool constructed();
// Notes what a thread was given.
void remember(void* block);
// Whether the block is hidden from its parent's heap, for faults of children; called by give.
void check_given(Tag* tag);

// Special places that blocks come from (places.cpp): null where the block is to be had from libc as usual.
void* take_elsewhere(size_t size);
// Whether the block came from there, and is taken back.
bool give_elsewhere(void* block);

extern "C" {
void* malloc(size_t) noexcept;
void free(void*) noexcept;
void* memalign(size_t, size_t) noexcept;
}
