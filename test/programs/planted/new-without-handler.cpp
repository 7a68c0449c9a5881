// operator new throws, and nothrow new answers null, without asking the new_handler.
// @caught-by operators/handler-retries
// @caught-by operators/handler-gives-up
// @caught-by operators/handler-throws
// @caught-by operators/handler-throws-nothrow
// @caught-by extension/handlers
// @caught-by operators/replaced-forwards
#include <cstdlib>
#include <new>

void* operator new(size_t size) {
  if (void* block = malloc(size)) return block;
  throw std::bad_alloc();
}

void* operator new[](size_t size) { return operator new(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return malloc(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return malloc(size); }
