// realloc takes the content of an aligned block from where an ordinary one would begin.
// @caught-by align/realloc-aligned
// @caught-by entry/pairs
#define PLANTED_SOURCE(block) ((char*)tag_of(block)->base + sizeof(Tag))
#include "tagged.h"
