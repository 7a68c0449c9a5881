// Each large block is a mapping of its own with a guard behind it, which Linux allows some 32,000 times only.
// @caught-by memory/many-large
#include <stddef.h>
#include <sys/mman.h>

static void* planted_malloc(size_t size);
static int planted_free(void* block);

#define PLANTED_MALLOC(size) planted_malloc(size)
#define PLANTED_FREE(block) planted_free(block)
#include "tagged.h"

static void* planted_malloc(size_t size) {
  if (size < 32768 || size > ((size_t)1 << 40)) return tagged_new(16, size);
  size_t page = planted_page(), body = (size + sizeof(Tag) + page - 1) & ~(page - 1);
  char* base = mmap(NULL, body + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return NULL;
  if (mprotect(base + body, page, PROT_NONE) != 0) {
    munmap(base, body + page);
    errno = ENOMEM;
    return NULL;
  }
  *(Tag*)base = (Tag){planted_magic, base, size, body + page};
  return base + sizeof(Tag);
}

static int planted_free(void* block) {
  Tag* tag = tag_of(block);
  if (tag->unused == 0) return 0;
  munmap(tag->base, tag->unused);
  return 1;
}
