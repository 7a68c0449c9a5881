// No fault: what the programs named by the faults must pass under, so that it is the fault that they catch.
#include "tagged.h"
