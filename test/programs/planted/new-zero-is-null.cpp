// new of 0 bytes is null.
// @caught-by operators/zero
// @caught-by operators/forms
#include <cstdlib>
#include <new>

// The declaration of operator new promises a block: the null must not be seen by the compiler.
static void* take(size_t size) { return size ? malloc(size) : nullptr; }

void* operator new(size_t size, const std::nothrow_t&) noexcept { return take(size); }
