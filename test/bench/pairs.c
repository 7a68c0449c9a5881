// What the benchmark counts: so many pairs of malloc and free of one size, and nothing else in the loop. Built with
// -fno-builtin, because a compiler that knows malloc leaves such pairs out.
//
//   pairs COUNT SIZE

#include <stdlib.h>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const long count = strtol(argv[1], NULL, 10);
  const size_t size = strtoul(argv[2], NULL, 10);
  for (long i = 0; i < count; ++i) {
    void* p = malloc(size);
    if (p == NULL) return 1;
    free(p);
  }
  return 0;
}
