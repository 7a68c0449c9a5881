// A seeded generator (xorshift64*, Vigna 2016) and fill patterns that tell one block's bytes from another's.
#pragma once

#include "check.h"

typedef struct {
  uint64_t state;
} Random;

__attribute__((unused)) static inline uint64_t random_next(Random* random) {
  uint64_t x = random->state ? random->state : 0x9e3779b97f4a7c15u;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  random->state = x;
  return x * 0x2545f4914f6cdd1du;
}

// Uniform enough for tests: below `bound`, which is not 0.
__attribute__((unused)) static inline size_t random_below(Random* random, size_t bound) {
  return (size_t)(random_next(random) >> 11) % bound;
}

// Mostly small sizes, now and then large ones: each power of two below `limit` is about as likely as the others.
__attribute__((unused)) static inline size_t random_size(Random* random, size_t limit) {
  unsigned bits = 1;
  while (((size_t)1 << bits) < limit) bits++;
  size_t top = (size_t)1 << (1 + random_below(random, bits));
  size_t size = random_below(random, top);
  return size < limit ? size : limit - 1;
}

// Fills with bytes that depend on `seed` and the offset, so that a shifted or foreign content is seen.
__attribute__((unused)) static void pattern_fill(void* block, size_t size, size_t seed) {
  unsigned char* bytes = (unsigned char*)block;
  for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)(seed * 131 + i * 7 + (i >> 8));
}

#define CHECK_PATTERN(block, size, seed)                                                                     \
  do {                                                                                                       \
    const unsigned char* pattern_bytes = (const unsigned char*)(block);                                      \
    size_t pattern_seed = (seed), pattern_end = (size);                                                      \
    for (size_t pattern_at = 0; pattern_at < pattern_end; pattern_at++) {                                    \
      unsigned char pattern_byte = (unsigned char)(pattern_seed * 131 + pattern_at * 7 + (pattern_at >> 8)); \
      if (pattern_bytes[pattern_at] != pattern_byte)                                                         \
        FAIL("%s[%zu] of %zu, expected 0x%02x, got 0x%02x", #block, pattern_at, pattern_end, pattern_byte,   \
             pattern_bytes[pattern_at]);                                                                     \
    }                                                                                                        \
  } while (0)
