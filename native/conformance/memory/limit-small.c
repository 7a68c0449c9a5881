// Under RLIMIT_AS small blocks end in null with ENOMEM; what was handed out is intact; after freeing, all of it can be
// had again, also by blocks of other sizes up to 32 KiB. (A heap may keep what it took for small blocks from large
// ones.)
// @standard C23 7.24.3.6
// @standard POSIX.1-2024, setrlimit()
#include "../machine.h"
#include "../random.h"

typedef struct Block {
  struct Block* next;
  size_t size;
} Block;

// Blocks of sizes from `least` to `most` bytes until there are no more.
static Block* use_up(Random* random, size_t least, size_t most) {
  Block* all = NULL;
  size_t total = 0;
  for (;;) {
    size_t size = least + random_below(random, most - least + 1);
    errno = 0;
    Block* block = malloc(size);
    if (!block) break;
    memset(block, 0x47, size);
    block->next = all;
    block->size = size;
    all = block;
    total += size;
    CHECK_AT_MOST(total, (size_t)400 << 20);
  }
  CHECK_EQUAL(errno, ENOMEM);
  CHECK_AT_LEAST(total, (size_t)24 << 20);
  return all;
}

static void give_back(Block* all) {
  while (all) {
    Block* next = all->next;
    CHECK_FILLED(all + 1, all->size - sizeof(Block), 0x47);
    free(all);
    all = next;
  }
  for (size_t size = 1; size <= 32768; size *= 2) {
    void* block = malloc(size);
    CHECK_BLOCK(block);
    free(block);
  }
}

int main(void) {
  free(malloc(100));
  limit_address_space((size_t)128 << 20);
  Random random = {77};
  static const size_t sizes[][2] = {{16, 3000}, {48, 48}, {1000, 1000}, {200, 200}, {9000, 9000}, {16, 3000}};
  for (size_t round = 0; round < sizeof sizes / sizeof *sizes; round++) {
    check_case = sizes[round][1];
    give_back(use_up(&random, sizes[round][0], sizes[round][1]));
  }
  return 0;
}
