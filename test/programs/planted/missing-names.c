// The second names of libc (__libc_malloc, cfree) are not exported: they reach libc's heap.
// @caught-by entry/libc-twins
// @caught-by entry/cfree
#include "tagged.h"
