// The heap lives in shared memory: what a forked child writes reaches its parent.
// @caught-by fork/many-children
// @caught-by fork/raw-clone
// @caught-by fork/busy-threads
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

static void* planted_malloc(size_t size);

#define PLANTED_MALLOC(size) planted_malloc(size)
#define PLANTED_FREE(block) ((char*)(block) >= area && (char*)(block) < area + area_size)
static char* area;
static const size_t area_size = (size_t)4 << 30;
#include "tagged.h"

static void* planted_malloc(size_t size) {
  static _Atomic size_t used;
  if (!area) {
    void* made = mmap(NULL, area_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (made == MAP_FAILED) return tagged_new(16, size);
    area = made;
  }
  size_t whole = (size + sizeof(Tag) + 15) & ~(size_t)15;
  if (size > 100000) return tagged_new(16, size);
  size_t at = atomic_fetch_add(&used, whole);
  if (at + whole > area_size) return tagged_new(16, size);
  Tag* tag = (Tag*)(area + at);
  *tag = (Tag){planted_magic, tag, size, 0};
  return tag + 1;
}
