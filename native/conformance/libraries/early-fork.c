// A library whose constructor starts threads that allocate and forks meanwhile, before the heap's own constructor.
#include "../children.h"
#include "../threads.h"

int early_forks;

__attribute__((constructor)) static void start(void) {
  enum { forks = 100 };
  crew_begin(3);
  for (; early_forks < forks; early_forks++) child_works();
  crew_end();
}
