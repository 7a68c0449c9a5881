// A program that allocates a little, in a thread too, starts and ends under the heap, and its malloc is the heap's. It
// tells where malloc is and how many threads there are.
// @standard glibc manual, Replacing malloc
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>

#include "../check.h"

// The number behind `Threads:` in /proc/self/status, 1 where that cannot be read. Nothing here may allocate.
static int threads(void) {
  static char text[4096];
  int file = open("/proc/self/status", O_RDONLY);
  if (file < 0) return 1;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  text[length > 0 ? length : 0] = 0;
  const char* line = strstr(text, "\nThreads:");
  return line ? atoi(line + 9) : 1;
}

static void* body(void* argument) {
  void* block = malloc(100);
  CHECK_BLOCK(block);
  free(block);
  return argument;
}

static void allocate_a_little(void) {
  char* block = malloc(opaque(100));
  CHECK_BLOCK(block);
  block = realloc(block, opaque(1000));
  CHECK_BLOCK(block);
  free(block);
  block = calloc(opaque(10), 10);
  CHECK_BLOCK(block);
  free(block);
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, body, NULL), 0);
  CHECK_EQUAL(pthread_join(thread, NULL), 0);
}

int main(void) {
  int running = threads();
  allocate_a_little();
  Dl_info info;
  void* home = dlsym(RTLD_DEFAULT, "malloc");
  if (!home || !dladdr(home, &info)) FAIL("malloc, expected an object that has it, got none");
  char line[4200];
  int length = snprintf(line, sizeof line, "\nstart malloc=%s threads=%d\n", info.dli_fname, running);
  return write(1, line, (size_t)length) == length ? 0 : 2;
}
