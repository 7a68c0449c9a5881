// fork where the address space is used up: the child, too, gets null with ENOMEM, frees and recovers; so does the
// parent.
// @standard C23 7.24.3.6
#include "../children.h"
#include "../machine.h"

enum { most = 2000 };

static char* blocks[most];
static size_t count;

static void use_up(void) {
  size_t size = (size_t)1 << 20;
  while (errno = 0, count < most && (blocks[count] = malloc(size)) != NULL) blocks[count++][0] = 1;
  CHECK_AT_MOST(count, most - 1);
  CHECK_EQUAL(errno, ENOMEM);
}

static void recover(void) {
  while (count > 0) free(blocks[--count]);
  for (size_t size = 1; size < 3000000; size *= 2) {
    void* block = malloc(size);
    CHECK_BLOCK(block);
    free(block);
  }
}

int main(void) {
  deadline(30);
  free(malloc(1000));
  limit_address_space((size_t)256 << 20);
  for (int round = 0; round < 5; round++) {
    use_up();
    pid_t child = child_fork();
    if (child == 0) {
      CHECK_NULL(malloc((size_t)100 << 20));
      recover();
      use_up();
      recover();
      _exit(0);
    }
    CHECK_CHILD(child, 0);
    recover();
  }
  return 0;
}
