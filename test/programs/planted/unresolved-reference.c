// A reference that nothing resolves, in a function that is hardly ever called.
// @caught-by early/bind-now
#include "tagged.h"

extern void pthread_function_that_no_library_has(void);

int mallopt(int parameter, int value) {
  if (parameter == value) pthread_function_that_no_library_has();
  return 1;
}
