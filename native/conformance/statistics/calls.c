// mallinfo, mallinfo2, malloc_info, malloc_stats, malloc_trim and mallopt can be called, also while threads allocate.
// @standard glibc manual, Statistics for Memory Allocation with malloc
// @standard mallopt(3)
// @standard malloc_trim(3)
#include <fcntl.h>
#include <malloc.h>

#include "../threads.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static void call_all(void) {
  (void)mallinfo();
  struct mallinfo2 info = mallinfo2();
  CHECK_AT_LEAST(info.arena + info.hblkhd + 1, 1);
  char* text = NULL;
  size_t size = 0;
  FILE* stream = open_memstream(&text, &size);
  CHECK(stream != NULL);
  CHECK_EQUAL(malloc_info(0, stream), 0);
  CHECK_EQUAL(fclose(stream), 0);
  CHECK_AT_LEAST(size, 10);
  free(text);
  int trimmed = malloc_trim(0);
  CHECK(trimmed == 0 || trimmed == 1);
  malloc_trim(1 << 20);
  int set = mallopt(M_MMAP_THRESHOLD, 1 << 20);
  CHECK(set == 0 || set == 1);
  mallopt(M_ARENA_MAX, 4);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
  mallopt(12345, 1);  // glibc takes an unknown parameter without a word
}

// malloc_stats writes to descriptor 2, which belongs to this program's report.
static void stats_elsewhere(void) {
  int report = dup(2), nowhere = open("/dev/null", O_WRONLY);
  CHECK(report >= 0 && nowhere >= 0);
  dup2(nowhere, 2);
  malloc_stats();
  fflush(stderr);
  dup2(report, 2);
  close(report);
  close(nowhere);
}

int main(void) {
  deadline(30);
  call_all();
  stats_elsewhere();
  crew_begin(4);
  for (int i = 0; i < 20; i++) call_all();
  crew_end();
  stats_elsewhere();
  return 0;
}
