// Where small blocks used up the address space, freeing them makes room for blocks of other sizes up to
// 32 KiB. (A heap may keep what it took for small blocks from serving large ones.)
// @standard C23 7.24.3.6
#include "../machine.h"

typedef struct Block {
  struct Block* next;
} Block;

int main(void) {
  free(malloc(100));
  limit_address_space((size_t)96 << 20);
  static const size_t sizes[] = {48, 1000, 200, 9000};
  for (size_t round = 0; round < 4; round++) {
    Block* all = NULL;
    check_case = sizes[round];
    size_t total = 0;
    for (Block* block; (block = malloc(sizes[round])) != NULL; all = block) {
      block->next = all;
      total += sizes[round];
      CHECK_AT_MOST(total, (size_t)400 << 20);
    }
    CHECK_AT_LEAST(total, (size_t)24 << 20);
    while (all) {
      Block* next = all->next;
      free(all);
      all = next;
    }
    for (size_t size = 1; size <= 32768; size *= 2) {
      void* block = malloc(size);
      CHECK_BLOCK(block);
      free(block);
    }
  }
  return 0;
}
