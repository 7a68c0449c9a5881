// Nothrow new lets a handler's exception out, into a function that may not throw.
// @caught-by operators/handler-throws-nothrow
// @caught-by extension/handlers
#include <cstdlib>
#include <new>

void* operator new(size_t size, const std::nothrow_t&) noexcept {
  for (;;) {
    if (void* block = malloc(size)) return block;
    std::new_handler handler = std::get_new_handler();
    if (!handler) return nullptr;
    handler();
  }
}
