// The body of the programs on one entry point under RLIMIT_AS.
#pragma once

#include "../entries.h"
#include "../machine.h"

// A block of 1 GiB where 128 MiB may be had is null with ENOMEM, again and again; other blocks are intact and smaller
// ones can be had.
static inline void check_refused(void* (*allocate)(size_t size)) {
  char* kept = malloc(5000);
  CHECK_BLOCK(kept);
  memset(kept, 0x15, 5000);
  struct rlimit before = limit_address_space((size_t)128 << 20);
  for (int round = 0; round < 3; round++) {
    errno = 0;
    CHECK_REFUSED(allocate(opaque((size_t)1 << 30)));
    void* small = allocate(1000);
    CHECK_BLOCK(small);
    free(small);
  }
  restore_address_space(before);
  CHECK_FILLED(kept, 5000, 0x15);
  free(kept);
}
