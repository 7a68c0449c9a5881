// Every form of operator new and delete, without depending on the C++ runtime: preloading into a C program must not
// bring libstdc++ in. What only a failure needs (new_handler, bad_alloc) is looked up when a failure happens.
//
// The rules are those of [new.delete]: the handler is called until memory is found or it throws; without one,
// bad_alloc. A nothrow form must catch what the handler throws, which code without a personality routine cannot do, so
// with a handler installed it is left to the runtime's own version, which calls our throwing form.

#if !defined(__linux__)
#error "interpose/glibc is for Linux with glibc"
#endif

#include <new>

#include "alloc8/pages.h"
#include "interpose/c_bridge.h"
#include "platform/platform.h"

using alloc8::interpose::Rules;

namespace {

using Handler = void (*)();
constexpr std::size_t kDefault = 0;  // stands for the default alignment

// std::nothrow itself lives in the runtime; the tag carries nothing.
constexpr std::nothrow_t nothrowTag{};

template <class Function>
Function runtime(const char* name) {
  return reinterpret_cast<Function>(alloc8::platform::cxxRuntimeSymbol(name));
}

// The installed new_handler; null when there is none, or no C++ runtime in the process.
Handler currentHandler() {
  auto* get = runtime<Handler (*)()>("_ZSt15get_new_handlerv");
  return get == nullptr ? nullptr : get();
}

[[noreturn]] void throwBadAlloc() {
  if (auto* raise = runtime<void (*)()>("_ZSt17__throw_bad_allocv"); raise != nullptr) raise();
  alloc8::fatal("operator new failed and no C++ runtime is loaded that could throw bad_alloc");
}

ALLOC8_ALWAYS_INLINE void* attempt(std::size_t size, std::size_t alignment) {
  if (alignment == kDefault) return Rules::malloc(size);
  // An alignment that is no power of two is an allocation failure here, not something to round up.
  return (alignment & (alignment - 1)) == 0 ? Rules::memalign(alignment, size) : nullptr;
}

ALLOC8_NOINLINE void* throwingSlow(std::size_t size, std::size_t alignment) {
  for (;;) {
    const Handler handler = currentHandler();
    if (handler == nullptr) throwBadAlloc();
    handler();
    if (void* p = attempt(size, alignment); p != nullptr) return p;
  }
}

ALLOC8_NOINLINE void* nothrowSlow(std::size_t size, std::size_t alignment) {
  if (currentHandler() == nullptr) return nullptr;
  if (alignment == kDefault) {
    auto* own = runtime<void* (*)(std::size_t, const std::nothrow_t&)>("_ZnwmRKSt9nothrow_t");
    return own == nullptr ? nullptr : own(size, nothrowTag);
  }
  auto* own =
      runtime<void* (*)(std::size_t, std::align_val_t, const std::nothrow_t&)>("_ZnwmSt11align_val_tRKSt9nothrow_t");
  return own == nullptr ? nullptr : own(size, std::align_val_t{alignment}, nothrowTag);
}

ALLOC8_ALWAYS_INLINE void* throwing(std::size_t size, std::size_t alignment) {
  void* p = attempt(size, alignment);
  return ALLOC8_LIKELY(p != nullptr) ? p : throwingSlow(size, alignment);
}

ALLOC8_ALWAYS_INLINE void* nothrow(std::size_t size, std::size_t alignment) {
  void* p = attempt(size, alignment);
  return ALLOC8_LIKELY(p != nullptr) ? p : nothrowSlow(size, alignment);
}

constexpr std::size_t raw(std::align_val_t alignment) { return static_cast<std::size_t>(alignment); }

}  // namespace

using Align = std::align_val_t;
using Nothrow = const std::nothrow_t&;

ALLOC8_EXPORT void* operator new(std::size_t n) { return throwing(n, kDefault); }
ALLOC8_EXPORT void* operator new[](std::size_t n) { return throwing(n, kDefault); }
ALLOC8_EXPORT void* operator new(std::size_t n, Align a) { return throwing(n, raw(a)); }
ALLOC8_EXPORT void* operator new[](std::size_t n, Align a) { return throwing(n, raw(a)); }
ALLOC8_EXPORT void* operator new(std::size_t n, Nothrow) noexcept { return nothrow(n, kDefault); }
ALLOC8_EXPORT void* operator new[](std::size_t n, Nothrow) noexcept { return nothrow(n, kDefault); }
ALLOC8_EXPORT void* operator new(std::size_t n, Align a, Nothrow) noexcept { return nothrow(n, raw(a)); }
ALLOC8_EXPORT void* operator new[](std::size_t n, Align a, Nothrow) noexcept { return nothrow(n, raw(a)); }

ALLOC8_EXPORT void operator delete(void* p) noexcept { Rules::free(p); }
ALLOC8_EXPORT void operator delete[](void* p) noexcept { Rules::free(p); }
ALLOC8_EXPORT void operator delete(void* p, Nothrow) noexcept { Rules::free(p); }
ALLOC8_EXPORT void operator delete[](void* p, Nothrow) noexcept { Rules::free(p); }
ALLOC8_EXPORT void operator delete(void* p, Align) noexcept { Rules::free(p); }
ALLOC8_EXPORT void operator delete[](void* p, Align) noexcept { Rules::free(p); }
ALLOC8_EXPORT void operator delete(void* p, Align, Nothrow) noexcept { Rules::free(p); }
ALLOC8_EXPORT void operator delete[](void* p, Align, Nothrow) noexcept { Rules::free(p); }
ALLOC8_EXPORT void operator delete(void* p, std::size_t n) noexcept { Rules::freeSized(p, n); }
ALLOC8_EXPORT void operator delete[](void* p, std::size_t n) noexcept { Rules::freeSized(p, n); }
ALLOC8_EXPORT void operator delete(void* p, std::size_t n, Align a) noexcept { Rules::freeAlignedSized(p, raw(a), n); }
ALLOC8_EXPORT void operator delete[](void* p, std::size_t n, Align a) noexcept {
  Rules::freeAlignedSized(p, raw(a), n);
}
