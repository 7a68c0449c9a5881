// A random walk of realloc over sixteen blocks at once: content is kept at each step, and no block hurts another.
// @standard C23 7.24.3.7
#include "../random.h"

enum { blocks = 16, steps = 6000 };

int main(void) {
  Random random = {20};
  void* block[blocks] = {NULL};
  size_t size[blocks] = {0};
  size_t seed[blocks] = {0};
  for (size_t step = 1; step <= steps; step++) {
    check_case = step;
    size_t at = random_below(&random, blocks);
    size_t next = 1 + random_size(&random, step % 50 ? 20000 : 2000000);
    size_t kept = next < size[at] ? next : size[at];
    block[at] = realloc(block[at], next);
    CHECK_BLOCK(block[at]);
    CHECK_PATTERN(block[at], kept, seed[at]);
    size[at] = next;
    seed[at] = step;
    pattern_fill(block[at], next, step);
  }
  for (size_t at = 0; at < blocks; at++) {
    CHECK_PATTERN(block[at], size[at], seed[at]);
    free(block[at]);
  }
  return 0;
}
