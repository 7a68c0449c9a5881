// A program that runs without the heap can open it with dlopen, as an interpreter does with a library that is linked to
// it: its thread-local data finds room, its own malloc and free work, and those of the program go on.
// @standard POSIX.1-2024, dlopen()
// @standard ELF Handling For Thread-Local Storage (Drepper 2013), 4.4
#include <dlfcn.h>

#include "../children.h"

static int opens(const char* path) {
  void* before = malloc(100);
  void* heap = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!heap) FAIL("dlopen, expected the heap, got %s", dlerror());
  void* (*its_malloc)(size_t) = (void* (*)(size_t))dlsym(heap, "malloc");
  void (*its_free)(void*) = (void (*)(void*))dlsym(heap, "free");
  CHECK(its_malloc && its_free);
  for (size_t size = 1; size < 1000000; size = size * 5 + 1) {
    check_case = size;
    void* block = its_malloc(size);
    CHECK_BLOCK(block);
    memset(block, 1, size);
    its_free(block);
    free(malloc(size));
  }
  free(before);
  return 0;
}

int main(int count, char** arguments) {
  if (count > 1) return opens(arguments[1]);
  Dl_info heap, libc;
  CHECK(dladdr((void*)malloc, &heap) != 0);
  CHECK(dladdr(dlsym(RTLD_DEFAULT, "printf"), &libc) != 0);
  if (!getenv("LD_PRELOAD") || strcmp(heap.dli_fname, libc.dli_fname) == 0)
    LACKS("the heap is not a library of its own");
  pid_t child = child_fork();
  if (child == 0) {
    CHECK_EQUAL(unsetenv("LD_PRELOAD"), 0);
    char* again[] = {arguments[0], (char*)heap.dli_fname, NULL};
    execv("/proc/self/exe", again);
    FAIL("execv, expected no return, got errno %d", errno);
  }
  CHECK_CHILD(child, 0);
  return 0;
}
