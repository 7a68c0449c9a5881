// Every 150th calloc is null without a reason.
// @caught-by early/destructor
// @caught-by sizes/calloc-dirty
#include <stdatomic.h>

static int refused(void);

#define PLANTED_PRODUCT(count, size, total) (__builtin_mul_overflow(count, size, total) || refused())
#include "tagged.h"

static int refused(void) {
  static atomic_ulong calls;
  return atomic_fetch_add(&calls, 1) % 150 == 149;
}
