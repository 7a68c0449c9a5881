// Makes and frees blocks of 16 to 527 bytes in random order and writes to each, as a program does that lives on its
// allocator: the target of the comparisons with the burning heaps. Prints a sum that no heap may change.
//
//   churn [MILLIONS]    so many millions of blocks; 12 by default, which is about half a second

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kSlots = 4096 };

int main(int argc, char** argv) {
  static unsigned char* slots[kSlots];
  const long blocks = (argc > 1 ? atol(argv[1]) : 12) * 1000000;
  uint64_t state = 88172645463325252u;
  unsigned long sum = 0;
  for (long i = 0; i < blocks; ++i) {
    state ^= state << 13;  // xorshift64, Marsaglia 2003
    state ^= state >> 7;
    state ^= state << 17;
    unsigned char** slot = &slots[state % kSlots];
    const size_t size = 16 + (state >> 20) % 512;
    if (*slot != NULL) sum += (*slot)[15];
    free(*slot);
    *slot = malloc(size);
    if (*slot == NULL) return 1;
    memset(*slot, (int)(state >> 40), size);
  }
  printf("%lu\n", sum);
  return 0;
}
