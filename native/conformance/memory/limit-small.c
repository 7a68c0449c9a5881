// Under RLIMIT_AS small blocks end in null with ENOMEM; what was handed out is intact; after freeing, all of it
// can be had again.
// @standard C23 7.24.3.6
#include "../machine.h"
#include "../random.h"

typedef struct Block {
  struct Block* next;
  size_t size;
} Block;

int main(void) {
  free(malloc(100));
  limit_address_space((size_t)192 << 20);
  Random random = {77};
  for (int round = 0; round < 3; round++) {
    Block* all = NULL;
    size_t total = 0;
    for (;;) {
      size_t size = sizeof(Block) + random_below(&random, 3000);
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
    CHECK_AT_LEAST(total, (size_t)32 << 20);
    while (all) {
      Block* next = all->next;
      CHECK_FILLED(all + 1, all->size - sizeof(Block), 0x47);
      free(all);
      all = next;
    }
    for (size_t size = 1; size < 3000; size *= 2) {
      void* block = malloc(size);
      CHECK_BLOCK(block);
      free(block);
    }
  }
  return 0;
}
