// The simple heap with nothing added: what burn3 and burn20 are compared with.

#include "burning.h"

const volatile int planted::burnedTurns = 0;
