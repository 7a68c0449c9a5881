// mallinfo2 answers zeros, though the heap is in use.
// @caught-by statistics/in-use
// @caught-by statistics/mallinfo-32
#include <malloc.h>

#include "tagged.h"

struct mallinfo2 mallinfo2(void) {
  return (struct mallinfo2){0};
}
struct mallinfo mallinfo(void) {
  return (struct mallinfo){0};
}
