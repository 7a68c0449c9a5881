// A buffer that grows by a page at a time up to 8 MiB is not copied at each step: the pages that the program touches
// in all are a small multiple of its size, not its square.
// @standard glibc manual, Changing Block Size
#include "../machine.h"

static long faults(void) {
  struct rusage usage;
  CHECK_EQUAL(getrusage(RUSAGE_SELF, &usage), 0);
  return usage.ru_minflt;
}

int main(void) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), most = (size_t)8 << 20;
  long before = faults();
  char* buffer = NULL;
  for (size_t size = page; size <= most; size += page) {
    CHECK_BLOCK(buffer = realloc(buffer, size));
    memset(buffer + size - page, (int)(size / page), page);
  }
  CHECK_AT_MOST(faults() - before, 20 * (most / page));
  for (size_t size = page; size <= most; size += page) {
    check_case = size;
    CHECK_FILLED(buffer + size - page, page, size / page);
  }
  free(buffer);
  return 0;
}
