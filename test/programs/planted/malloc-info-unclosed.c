// malloc_info takes any options and leaves an element open.
// @caught-by statistics/info-xml
// @caught-by statistics/info-options
#include <stdio.h>

#include "tagged.h"

int malloc_info(int options, FILE* stream) {
  (void)options;
  return fputs("<malloc version=\"1\">\n<heap nr=\"0\">\n</malloc>\n", stream) < 0 ? -1 : 0;
}
