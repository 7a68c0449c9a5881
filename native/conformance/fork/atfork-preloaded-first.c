// The same with the library preloaded in front of the heap.
// @preload-first early-atfork
#include "atfork.h"

int main(void) {
  check_forks_with_handlers(100);
  return 0;
}
