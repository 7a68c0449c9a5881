// A freed block is written to, while the heap may keep a list in it; then the heap is used.
// @standard CWE-416, Use After Free
#include "harm.h"

int main(void) {
  static const size_t sizes[] = {48, 1000, 40000};
  for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++) {
    size_t size = sizes[at];
    harm_begin(size);
    char* block = harm_neighbours[20];
    free(hide(block));
    // An address of the program's, which a list in the block would lead to.
    static char elsewhere[100000];
    void* where = elsewhere + 4096;
    for (int word = 0; word < 2; word++) memcpy(block + word * 8, &where, 8);
    harm_end(size, 20);
    harm_use(size);
  }
  return 0;
}
