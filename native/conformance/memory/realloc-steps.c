// A buffer that grows by a page at a time up to 8 MiB is not copied at each step: the pages that the program touches in
// all, and the time that it takes, are a multiple of its size and not its square.
// @standard glibc manual, Changing Block Size
#include <sys/mman.h>
#include <time.h>

#include "../machine.h"

// Of this thread.
static long long cpu_ns(void) {
  struct timespec now;
  CHECK_EQUAL(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static long faults(void) {
  struct rusage usage;
  CHECK_EQUAL(getrusage(RUSAGE_SELF, &usage), 0);
  return usage.ru_minflt;
}

// What a page costs when it is touched for the first time: some machines take fifty times as long for it as others.
static long long fresh_page_ns(size_t page) {
  enum { pages = 1024 };
  volatile char* fresh = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(fresh != MAP_FAILED);
  madvise((void*)fresh, pages * page, MADV_NOHUGEPAGE);
  const long long start_ns = cpu_ns();
  for (size_t i = 0; i < pages; i++) fresh[i * page] = 1;
  const long long all_ns = cpu_ns() - start_ns;
  munmap((void*)fresh, pages * page);
  return all_ns / pages;
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
  const long long page_ns = fresh_page_ns(page) * 3 / 2;
  const long before = faults();
  const long long start_ns = cpu_ns();
  char* buffer = NULL;
  for (size_t size = page; size <= most; size += page) {
    CHECK_BLOCK(buffer = realloc(buffer, size));
    memset(buffer + size - page, (int)(size / page), page);
    CHECK_AT_MOST(faults() - before, 10 * (most / page));
  }
  CHECK_AT_MOST(cpu_ns() - start_ns, 300 * once_ns + (faults() - before) * page_ns);
  for (size_t size = page; size <= most; size += page) {
    check_case = size;
    CHECK_FILLED(buffer + size - page, page, size / page);
  }
  free(buffer);
  return 0;
}
