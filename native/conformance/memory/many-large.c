// 70,000 blocks of 40,000 bytes at once, more than the mappings that Linux allows a process (65,530): all are there,
// and a thread, which needs mappings of its own, still starts.
// @standard C23 7.24.3.6
#include "../machine.h"
#include "../threads.h"

enum { count = 70000, size = 40000 };

static void* thread_body(void* argument) {
  char* block = malloc(300000);
  CHECK_BLOCK(block);
  block[0] = 1;
  free(block);
  return argument;
}

int main(void) {
  NEED_MEMORY((size_t)4 << 30);
  static size_t* blocks[count];
  for (size_t i = 0; i < count; i++) {
    check_case = i;
    CHECK_BLOCK(blocks[i] = malloc(size));
    blocks[i][0] = i;
  }
  check_case = 0;
  CHECK(thread_join(thread_start(thread_body, blocks)) == blocks);
  for (size_t i = 0; i < count; i += 2) free(blocks[i]);
  for (size_t i = 1; i < count; i += 2) {
    CHECK_EQUAL(blocks[i][0], i);
    free(blocks[i]);
  }
  CHECK(thread_join(thread_start(thread_body, blocks)) == blocks);
  return 0;
}
