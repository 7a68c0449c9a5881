// Three percent more CPU time than burn0 for churn.

#include "burning.h"

const volatile int planted::burnedTurns = 5;
