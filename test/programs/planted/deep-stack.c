// malloc needs 64 KiB of stack.
// @caught-by threads/small-stack
#include <string.h>

static void use_stack(void) {
  volatile char deep[65536];
  for (unsigned at = 0; at < sizeof deep; at += 1024) deep[at] = 1;
}

#define PLANTED_ENTER() use_stack()
#define PLANTED_LEAVE() (void)0
#include "tagged.h"
