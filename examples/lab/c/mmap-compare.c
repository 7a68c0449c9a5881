/*
 * The same requests to the heap and to mmap, private and shared: how far apart the answers lie, what each costs, and
 * whose memory it is after fork. Times are of one run and say only which order of magnitude it is.
 */

#include <sys/mman.h>
#include <time.h>

#include "lab.h"

enum { REQUESTS = 64 };
static const size_t sizes[] = {64, 4096, 262144};

enum source { HEAP, PRIVATE_MAPPING, SHARED_MAPPING, SOURCES };
static const char* const names[] = {"heap", "private mapping", "shared mapping"};

static char* get(enum source source, size_t size) {
  if (source == HEAP) return malloc(size);
  int visibility = source == SHARED_MAPPING ? MAP_SHARED : MAP_PRIVATE;
  char* p = mmap(NULL, size, PROT_READ | PROT_WRITE, visibility | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? NULL : p;
}

static void give_back(enum source source, char* p, size_t size) {
  if (source == HEAP)
    free(p);
  else
    munmap(p, size);
}

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

static int compare_cost(enum source source, size_t size) {
  char* blocks[REQUESTS];
  long start = now();
  for (int i = 0; i < REQUESTS; ++i) blocks[i] = get(source, size);
  long got = now();
  for (int i = 0; i < REQUESTS; ++i) {
    if (blocks[i] == NULL) return 0;
    blocks[i][0] = 1;
  }
  long touched = now();
  int same = 1;
  for (int i = 2; i < REQUESTS; ++i) same = same && blocks[i] - blocks[i - 1] == blocks[1] - blocks[0];
  say("%zu bytes, %s: spacing %+ld%s, %ld ns to get one, %ld ns for its first byte", size, names[source],
      (long)(number(blocks[1]) - number(blocks[0])), same ? " throughout" : " at first", (got - start) / REQUESTS,
      (touched - got) / REQUESTS);
  for (int i = 0; i < REQUESTS; ++i) give_back(source, blocks[i], size);
  return 1;
}

static char* written;

static int write_child(void) {
  strcpy(written, "child");
  return 0;
}

static int compare_sharing(enum source source) {
  written = get(source, 4096);
  if (written == NULL) return 0;
  strcpy(written, "parent");
  char what[64];
  snprintf(what, sizeof what, "child writes, %s", names[source]);
  int end = in_child(what, write_child);
  int shared = strcmp(written, "child") == 0;
  say("after the child wrote, %s: the parent reads \"%s\"", names[source], written);
  give_back(source, written, 4096);
  return end == 0 && shared == (source == SHARED_MAPPING);
}

int main(void) {
  int well = 1;
  for (size_t i = 0; i < COUNT(sizes); ++i)
    for (int source = 0; source < SOURCES; ++source) well = compare_cost(source, sizes[i]) && well;
  for (int source = 0; source < SOURCES; ++source) well = compare_sharing(source) && well;
  return !well;
}
