// Sizes above 4 GiB lose their upper half.
// @caught-by memory/above-4g
#define PLANTED_USABLE(size) ((size)&0xffffffffu)
#include "tagged.h"
