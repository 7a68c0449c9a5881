// All is exported under one version, GLIBC_2.2.5: references to aligned_alloc and reallocarray pass by.
// @caught-by versions/c
#include "tagged.h"
