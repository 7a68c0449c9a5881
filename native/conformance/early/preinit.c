// The program's .preinit_array, which runs before every library's constructor (the heap's too), allocates; main frees.
// @standard glibc manual, Replacing malloc
#include "../check.h"

static void* blocks[200];

static void allocate_before_all(int count, char** arguments, char** environment) {
  (void)count;
  (void)arguments;
  (void)environment;
  for (size_t i = 0; i < 200; i++) {
    blocks[i] = i % 3 ? malloc(i * 100) : calloc(1, i * 1000);
    CHECK_BLOCK(blocks[i]);
    memset(blocks[i], (int)i, i * 100);
  }
  for (size_t i = 0; i < 200; i += 4) {
    free(blocks[i]);
    blocks[i] = NULL;
  }
}

__attribute__((section(".preinit_array"), used)) static void (*first)(int, char**, char**) = allocate_before_all;

int main(void) {
  for (size_t i = 0; i < 200; i++) {
    if (!blocks[i]) continue;
    CHECK_FILLED(blocks[i], i * 100, i);
    CHECK_BLOCK(blocks[i] = realloc(blocks[i], i * 150 + 1));
    CHECK_FILLED(blocks[i], i * 100, i);
    free(blocks[i]);
  }
  return 0;
}
