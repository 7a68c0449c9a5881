// Nothrow new calls plain new and does not catch what that throws.
// @caught-by operators/nothrow
// @caught-by operators/handler-throws-nothrow
// @caught-by extension/exceptions
#include <cstdlib>
#include <new>

void* operator new(size_t size, const std::nothrow_t&) noexcept { return operator new(size); }
