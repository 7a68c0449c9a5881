// operator new answers null where memory is short, as one that is only malloc does.
// @caught-by operators/bad-alloc
// @caught-by operators/handler-retries
// @caught-by operators/handler-gives-up
// @caught-by operators/handler-throws
// @caught-by extension/exceptions
// @caught-by extension/handlers
#include <cstdlib>
#include <new>

// gcc warns, rightly, that this may not be null.
#pragma GCC diagnostic ignored "-Wreturn-type"

static void* only_malloc(size_t size) { return malloc(size); }
void* operator new(size_t size) { return only_malloc(size); }
void* operator new[](size_t size) { return only_malloc(size); }
