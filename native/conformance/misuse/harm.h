// What a program sees after it misused the heap. It ends with 79 and `HARM …` where its other data was hurt or the heap
// hands out what it must not, with 0 where no harm is seen; that the heap ends it is what this waits for.
#pragma once

#include "../random.h"

// What is so near to a place on the stack, or in front of one in static memory, lies there too.
enum { harm_status = 79, harm_blocks = 64, harm_near = 200000 };

#define HARM(text) CHECK_END("HARM", text, harm_status)

static void* harm_neighbours[harm_blocks];

static int harm_reached;

static inline void* harm_malloc(size_t size) {
  void* block = malloc(size);
  if (!block && !harm_reached) FAIL("malloc, expected a block, got null before any misuse");
  if (!block) HARM("no memory is given any more");
  return block;
}

// Tells the runner that what comes now is the misuse: a heap that ends the program before has not stopped it.
static inline void harm_reach(void) {
  static const char text[] = "MISUSE\n";
  if (!harm_reached && write(2, text, sizeof text - 1) < 0) _exit(2);
  harm_reached = 1;
}

// Blocks of so many bytes, filled, which the misuse must not change; the misuse comes next.
static inline void harm_begin(size_t size) {
  for (size_t i = 0; i < harm_blocks; i++) {
    harm_neighbours[i] = harm_malloc(opaque(size));
    pattern_fill(harm_neighbours[i], size, i);
  }
  harm_reach();
}

static inline int harm_is_pattern(const void* block, size_t size, size_t seed) {
  static unsigned char expected[70000];
  pattern_fill(expected, size, seed);
  return memcmp(block, expected, size) == 0;
}

// Whether the neighbour is as it was.
static inline int harm_kept(size_t at, size_t size) { return harm_is_pattern(harm_neighbours[at], size, at); }

// Looks at all neighbours but the one at `own`, and frees them.
static inline void harm_end(size_t size, size_t own) {
  for (size_t i = 0; i < harm_blocks; i++)
    if (i != own && !harm_kept(i, size)) HARM("another block was changed");
  for (size_t i = 0; i < harm_blocks; i++)
    if (i != own) free(harm_neighbours[i]);
}

// Two blocks of so many bytes are two.
static inline void harm_two(size_t size) {
  char *one = (char*)harm_malloc(opaque(size)), *two = (char*)harm_malloc(opaque(size));
  if (hide(one) == hide(two)) HARM("a block was given twice");
  memset(one, 1, size);
  memset(two, 2, size);
  for (size_t at = 0; at < size; at += 64)
    if (one[at] != 1 || two[at] != 2) HARM("a block was given twice");
  free(one);
  free(two);
}

// What does not belong to the heap is as it was: all zeroes.
static inline void harm_zeroes(const char* memory, size_t size) {
  for (size_t at = 0; at < size; at++)
    if (memory[at] != 0) HARM("memory that is not the heap's was written to");
}

// Allocates blocks of so many bytes and of others: none is where another is, in static memory or on the stack.
static inline void harm_use(size_t size) {
  enum { count = 3000 };
  static void* blocks[count];
  static size_t sizes[count];
  extern char end[];  // of static memory, by the linker
  uintptr_t stack = (uintptr_t)__builtin_frame_address(0), data = (uintptr_t)sizes;
  for (size_t i = 0; i < count; i++) {
    sizes[i] = i % 3 ? size : 16 + i % 700;
    blocks[i] = harm_malloc(opaque(sizes[i]));
    uintptr_t at = (uintptr_t)blocks[i];
    if (at - stack + harm_near < 2 * harm_near) HARM("a block on the stack was given");
    if (at > data - harm_near && at < (uintptr_t)end) HARM("a block in static memory was given");
    // Before it is written to: what the heap keeps in a block that it gave twice would be destroyed, and end the
    // program.
    for (size_t j = 0; j < i; j++)
      if (blocks[j] == hide(blocks[i])) HARM("a block was given twice");
    pattern_fill(blocks[i], sizes[i], i);
  }
  for (size_t i = 0; i < count; i++)
    if (!harm_is_pattern(blocks[i], sizes[i], i)) HARM("a block was given twice");
  for (size_t i = 0; i < count; i++) free(blocks[i]);
}
