// The heap ends with its library's destructor: what others free or ask for after that ends the program.
// @caught-by early/library-constructor
#include <stdlib.h>

static int ended;

#define PLANTED_ENTER() (ended ? abort() : (void)0)
#define PLANTED_LEAVE() (void)0
#include "tagged.h"

__attribute__((destructor)) static void end(void) { ended = 1; }
