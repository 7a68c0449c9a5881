// Forty children alive at once, each writing to its copy of the same blocks: none sees another's bytes, nor the parent.
// @standard POSIX.1-2024, fork()
// @standard POSIX.1-2024, pthread_atfork()
#include "../children.h"

enum { children = 40, blocks = 50, size = 2000 };

int main(void) {
  deadline(30);
  void* block[blocks];
  pid_t child[children];
  for (int i = 0; i < blocks; i++) {
    CHECK_BLOCK(block[i] = malloc(size));
    memset(block[i], 0x50, size);
  }
  for (int c = 0; c < children; c++) {
    child[c] = child_fork();
    if (child[c] != 0) continue;
    void* fresh[blocks];
    for (int i = 0; i < blocks; i++) {
      memset(block[i], c, size);
      CHECK_BLOCK(fresh[i] = malloc(size));
      memset(fresh[i], c + 1, size);
    }
    usleep(20000);
    for (int i = 0; i < blocks; i++) {
      CHECK_FILLED(block[i], size, c);
      CHECK_FILLED(fresh[i], size, c + 1);
      free(block[i]);
      free(fresh[i]);
    }
    _exit(0);
  }
  for (int i = 0; i < 200; i++) {
    void* mine = malloc(size);
    CHECK_BLOCK(mine);
    memset(mine, 0x99, size);
    free(mine);
  }
  for (int c = 0; c < children; c++) CHECK_CHILD(child[c], 0);
  for (int i = 0; i < blocks; i++) {
    CHECK_FILLED(block[i], size, 0x50);
    free(block[i]);
  }
  return 0;
}
