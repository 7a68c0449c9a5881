// A buffer that grows by a page at a time up to 8 MiB is not copied at each step: the pages that the program touches in
// all, and the time that it takes, are a multiple of its size and not its square.
// @standard glibc manual, Changing Block Size
#include <time.h>

#include "../machine.h"

// Of this thread.
static long long cpu_ns(void) {
  struct timespec now;
  CHECK_EQUAL(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

// Of this thread outside of the kernel, which needs very different times for the pages of one heap and of another.
static long long user_ns(void) {
  struct rusage usage;
  CHECK_EQUAL(getrusage(RUSAGE_THREAD, &usage), 0);
  return usage.ru_utime.tv_sec * 1000000000LL + usage.ru_utime.tv_usec * 1000LL;
}

static long faults(void) {
  struct rusage usage;
  CHECK_EQUAL(getrusage(RUSAGE_SELF, &usage), 0);
  return usage.ru_minflt;
}

int main(void) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), most = (size_t)8 << 20;
  // What it takes to write the whole of it: 2,048 steps that copy half of it each take a thousand times as long.
  char* whole = malloc(most);
  CHECK_BLOCK(whole);
  memset(whole, 1, most);
  long long once_ns = cpu_ns();
  for (int round = 0; round < 4; round++) memset(hide(whole), round, most);
  once_ns = (cpu_ns() - once_ns) / 4;
  free(whole);
  long before = faults();
  long long start_ns = user_ns();
  char* buffer = NULL;
  for (size_t size = page; size <= most; size += page) {
    CHECK_BLOCK(buffer = realloc(buffer, size));
    memset(buffer + size - page, (int)(size / page), page);
    CHECK_AT_MOST(faults() - before, 20 * (most / page));
  }
  CHECK_AT_MOST((user_ns() - start_ns) / once_ns, 300);
  for (size_t size = page; size <= most; size += page) {
    check_case = size;
    CHECK_FILLED(buffer + size - page, page, size / page);
  }
  free(buffer);
  return 0;
}
