// The heap takes the break for its own: it goes on where it left off, whoever moved it meanwhile.
// @caught-by memory/sbrk
#include <pthread.h>
#include <stddef.h>

static void* planted_malloc(size_t size);

#define PLANTED_MALLOC(size) planted_malloc(size)
#define PLANTED_FREE(block) ((char*)(block) >= start && (char*)(block) < end)
static char *start, *end;
#include "tagged.h"

static void* planted_malloc(size_t size) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  size_t whole = (size + sizeof(Tag) + 15) & ~(size_t)15;
  if (size > 100000) return tagged_new(16, size);
  pthread_mutex_lock(&lock);
  if (!start) start = end = (char*)(((uintptr_t)sbrk(4096) + 15) & ~(uintptr_t)15);
  Tag* tag = sbrk((intptr_t)whole) == (void*)-1 ? NULL : (Tag*)end;
  if (tag) {
    end += whole;
    *tag = (Tag){planted_magic, tag, size, 0};
  }
  pthread_mutex_unlock(&lock);
  return tag ? tag + 1 : NULL;
}
