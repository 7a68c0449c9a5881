// What large blocks took goes back to the system when they are freed, at once or, where a heap waits for their use
// again, within three seconds in which the program goes on: of 256 MiB in blocks of 8 MiB three quarters are gone.
// @standard glibc manual, Freeing Memory Allocated with malloc
// @standard mallopt(3), M_MMAP_THRESHOLD
#include "../machine.h"

enum { count = 32, size = 8 << 20, pause_ms = 20, patience_ms = 3000 };

int main(void) {
  NEED_MEMORY((unsigned long long)1 << 30);
  void* blocks[count];
  size_t before = resident_bytes(), asked = (size_t)count * size;
  for (int i = 0; i < count; i++) {
    CHECK_BLOCK(blocks[i] = malloc(opaque(size)));
    memset(blocks[i], 1, size);
  }
  CHECK_AT_LEAST(resident_bytes(), before + asked / 2);
  for (int i = 0; i < count; i++) free(blocks[i]);
  for (int waited = 0; waited < patience_ms && resident_bytes() > before + asked / 4; waited += pause_ms) {
    usleep(pause_ms * 1000);
    free(malloc(opaque(100)));
    free(malloc(opaque(100000)));
  }
  CHECK_AT_MOST(resident_bytes(), before + asked / 4);
  return 0;
}
