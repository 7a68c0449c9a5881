// Every form of operator new and delete, without depending on the C++ runtime: preloading into a C program must not
// bring libstdc++ in. What only a failure needs (new_handler, bad_alloc) is looked up when a failure happens.
//
// The rules are those of [new.delete]: the handler is called until memory is found or it throws; without one,
// bad_alloc. A nothrow form must catch what the handler throws, which code without a personality routine cannot do, so
// with a handler installed it is left to the runtime's own version, which calls our throwing form.

#if !defined(__linux__)
#error "interpose/glibc is for Linux with glibc"
#endif

#include <cstdint>
#include <new>

#include "alloc8/pages.h"
#include "interpose/c_bridge.h"
#include "interpose/glibc/whole.h"
#include "platform/platform.h"

namespace alloc8::interpose {

const char operatorsAreLinked = 0;

// Where the heap and the runtime are both linked into the program, the loader knows neither.
extern "C" {
ALLOC8_WEAK std::new_handler alloc8_get_new_handler() __asm__("_ZSt15get_new_handlerv");
ALLOC8_WEAK void alloc8_throw_bad_alloc() __asm__("_ZSt17__throw_bad_allocv");
}

namespace {

// Where the exported function was called from; only inside what is inlined into one.
#define ALLOC8_CALLER __builtin_return_address(0)

using Handler = void (*)();
constexpr std::size_t kDefault = 0;  // stands for the default alignment

// std::nothrow itself lives in the runtime; the tag carries nothing.
constexpr std::nothrow_t nothrowTag{};

// `caller` is where operator new was called from, which says whose runtime to ask.
template <class Function>
Function runtime(const char* name, const void* caller) {
  return reinterpret_cast<Function>(alloc8::platform::cxxRuntimeSymbol(name, caller));
}

// The installed new_handler; null when there is none, or no C++ runtime in the process.
Handler currentHandler(const void* caller) {
  auto* get = runtime<Handler (*)()>("_ZSt15get_new_handlerv", caller);
  if (get == nullptr) get = alloc8_get_new_handler;
  return get == nullptr ? nullptr : get();
}

[[noreturn]] void throwBadAlloc(const void* caller) {
  if (auto* raise = runtime<void (*)()>("_ZSt17__throw_bad_allocv", caller); raise != nullptr) raise();
  // A runtime that was linked in statically may lack that, but not the operator new that its library had before us.
  if (auto* own = runtime<void* (*)(std::size_t)>("_Znwm", caller); own != nullptr) own(SIZE_MAX);
  if (alloc8_throw_bad_alloc != nullptr) alloc8_throw_bad_alloc();
  alloc8::fatal("operator new failed and no C++ runtime is loaded that could throw bad_alloc");
}

ALLOC8_ALWAYS_INLINE void* attempt(std::size_t size, std::size_t alignment) {
  if (alignment == kDefault) return Rules::malloc(size);
  // An alignment that is no power of two is an allocation failure here, not something to round up.
  return (alignment & (alignment - 1)) == 0 ? Rules::memalign(alignment, size) : nullptr;
}

ALLOC8_NOINLINE void* throwingSlow(std::size_t size, std::size_t alignment, const void* caller) {
  for (;;) {
    const Handler handler = currentHandler(caller);
    if (handler == nullptr) throwBadAlloc(caller);
    handler();
    if (void* p = attempt(size, alignment); p != nullptr) return p;
  }
}

// A nothrow form of the runtime's own, which calls the plain one and catches what it throws. `early` is where it was
// found while the process started, if it was looked for then.
struct NothrowForm {
  const char* name;
  void* early;
};
constinit NothrowForm nothrowForms[] = {{"_ZnwmRKSt9nothrow_t", nullptr},
                                        {"_ZnamRKSt9nothrow_t", nullptr},
                                        {"_ZnwmSt11align_val_tRKSt9nothrow_t", nullptr},
                                        {"_ZnamSt11align_val_tRKSt9nothrow_t", nullptr}};
enum : unsigned { kNew, kNewArray, kNewAligned, kNewArrayAligned };

// Null without a runtime.
template <class... Alignment>
ALLOC8_NOINLINE void* runtimeNothrow(unsigned form, const void* caller, std::size_t size, Alignment... alignment) {
  const NothrowForm& its = nothrowForms[form];
  using Function = void* (*)(std::size_t, Alignment..., const std::nothrow_t&);
  auto* own = its.early != nullptr ? reinterpret_cast<Function>(its.early) : runtime<Function>(its.name, caller);
  return own == nullptr ? nullptr : own(size, alignment..., nothrowTag);
}

ALLOC8_NOINLINE void* nothrowSlow(std::size_t size, std::size_t alignment, const void* caller) {
  if (currentHandler(caller) == nullptr) return nullptr;
  if (alignment == kDefault) return runtimeNothrow(kNew, caller, size);
  return runtimeNothrow(kNewAligned, caller, size, std::align_val_t{alignment});
}

ALLOC8_ALWAYS_INLINE void* throwing(std::size_t size, std::size_t alignment) {
  void* p = attempt(size, alignment);
  return ALLOC8_LIKELY(p != nullptr) ? p : throwingSlow(size, alignment, ALLOC8_CALLER);
}

ALLOC8_ALWAYS_INLINE void* nothrow(std::size_t size, std::size_t alignment) {
  void* p = attempt(size, alignment);
  return ALLOC8_LIKELY(p != nullptr) ? p : nothrowSlow(size, alignment, ALLOC8_CALLER);
}

constexpr std::size_t raw(std::align_val_t alignment) { return static_cast<std::size_t>(alignment); }

using Align = std::align_val_t;
using Nothrow = const std::nothrow_t&;

}  // namespace

}  // namespace alloc8::interpose

// A short name, because operators can stand in no namespace, and what they use must not stand in the global one: a
// heap that takes the interposer as a header has names of its own.
namespace alloc8_its = alloc8::interpose;

// The plain forms under names that nobody can replace.
#define ALLOC8_OWN(target) ALLOC8_HIDDEN __attribute__((alias(target)))
#define ALLOC8_OWN_NEW(target) ALLOC8_OWN(target) __attribute__((malloc, alloc_size(1)))
extern "C" {
ALLOC8_OWN_NEW("_Znwm") void* alloc8_new(std::size_t n);
ALLOC8_OWN_NEW("_Znam") void* alloc8_new_array(std::size_t n);
ALLOC8_OWN_NEW("_ZnwmSt11align_val_t") void* alloc8_new_aligned(std::size_t n, std::align_val_t a);
ALLOC8_OWN_NEW("_ZnamSt11align_val_t") void* alloc8_new_array_aligned(std::size_t n, std::align_val_t a);
ALLOC8_OWN("_ZdlPv") void alloc8_delete(void* p) noexcept;
ALLOC8_OWN("_ZdaPv") void alloc8_delete_array(void* p) noexcept;
ALLOC8_OWN("_ZdlPvSt11align_val_t") void alloc8_delete_aligned(void* p, std::align_val_t a) noexcept;
ALLOC8_OWN("_ZdaPvSt11align_val_t") void alloc8_delete_array_aligned(void* p, std::align_val_t a) noexcept;
}

namespace alloc8::interpose {

namespace {

// The standard's array, nothrow and sized forms call the plain ones, and a program may have replaced those. Whether it
// has is told by where our own reference to a plain form is bound.
template <class Function>
ALLOC8_ALWAYS_INLINE bool replaced(Function* bound, Function* own) {
  return ALLOC8_UNLIKELY(bound != own);
}

ALLOC8_ALWAYS_INLINE bool newReplaced() { return replaced<void*(std::size_t)>(&::operator new, alloc8_new); }
ALLOC8_ALWAYS_INLINE bool newArrayReplaced() {
  return newReplaced() || replaced<void*(std::size_t)>(&::operator new[], alloc8_new_array);
}
ALLOC8_ALWAYS_INLINE bool newAlignedReplaced() {
  return replaced<void*(std::size_t, Align)>(&::operator new, alloc8_new_aligned);
}
ALLOC8_ALWAYS_INLINE bool newArrayAlignedReplaced() {
  return newAlignedReplaced() || replaced<void*(std::size_t, Align)>(&::operator new[], alloc8_new_array_aligned);
}
ALLOC8_ALWAYS_INLINE bool deleteReplaced() { return replaced<void(void*) noexcept>(&::operator delete, alloc8_delete); }
ALLOC8_ALWAYS_INLINE bool deleteArrayReplaced() {
  return deleteReplaced() || replaced<void(void*) noexcept>(&::operator delete[], alloc8_delete_array);
}
ALLOC8_ALWAYS_INLINE bool deleteAlignedReplaced() {
  return replaced<void(void*, Align) noexcept>(&::operator delete, alloc8_delete_aligned);
}
ALLOC8_ALWAYS_INLINE bool deleteArrayAlignedReplaced() {
  return deleteAlignedReplaced() ||
         replaced<void(void*, Align) noexcept>(&::operator delete[], alloc8_delete_array_aligned);
}

// Where the plain forms are replaced, every call of a nothrow form goes to the runtime's. It must not wait for the
// loader's lock each time: a library's constructor may hold that and wait for the thread that calls.
__attribute__((constructor(101))) void findNothrowForms() {
  if (!newArrayReplaced() && !newArrayAlignedReplaced()) return;
  for (NothrowForm& form : nothrowForms) form.early = alloc8::platform::cxxRuntimeSymbol(form.name, nullptr);
}

}  // namespace

}  // namespace alloc8::interpose

// Weak, so that a program into which the heap is linked may still have its own.
#define ALLOC8_OPERATOR ALLOC8_WEAK ALLOC8_EXPORT

ALLOC8_OPERATOR void* operator new(std::size_t n) { return alloc8_its::throwing(n, alloc8_its::kDefault); }
ALLOC8_OPERATOR void* operator new[](std::size_t n) {
  return alloc8_its::newReplaced() ? ::operator new(n) : alloc8_its::throwing(n, alloc8_its::kDefault);
}
ALLOC8_OPERATOR void* operator new(std::size_t n, alloc8_its::Align a) {
  return alloc8_its::throwing(n, alloc8_its::raw(a));
}
ALLOC8_OPERATOR void* operator new[](std::size_t n, alloc8_its::Align a) {
  return alloc8_its::newAlignedReplaced() ? ::operator new(n, a) : alloc8_its::throwing(n, alloc8_its::raw(a));
}
ALLOC8_OPERATOR void* operator new(std::size_t n, alloc8_its::Nothrow) noexcept {
  return alloc8_its::newReplaced() ? alloc8_its::runtimeNothrow(alloc8_its::kNew, ALLOC8_CALLER, n)
                                   : alloc8_its::nothrow(n, alloc8_its::kDefault);
}
ALLOC8_OPERATOR void* operator new[](std::size_t n, alloc8_its::Nothrow) noexcept {
  return alloc8_its::newArrayReplaced() ? alloc8_its::runtimeNothrow(alloc8_its::kNewArray, ALLOC8_CALLER, n)
                                        : alloc8_its::nothrow(n, alloc8_its::kDefault);
}
ALLOC8_OPERATOR void* operator new(std::size_t n, alloc8_its::Align a, alloc8_its::Nothrow) noexcept {
  return alloc8_its::newAlignedReplaced() ? alloc8_its::runtimeNothrow(alloc8_its::kNewAligned, ALLOC8_CALLER, n, a)
                                          : alloc8_its::nothrow(n, alloc8_its::raw(a));
}
ALLOC8_OPERATOR void* operator new[](std::size_t n, alloc8_its::Align a, alloc8_its::Nothrow) noexcept {
  return alloc8_its::newArrayAlignedReplaced()
             ? alloc8_its::runtimeNothrow(alloc8_its::kNewArrayAligned, ALLOC8_CALLER, n, a)
             : alloc8_its::nothrow(n, alloc8_its::raw(a));
}

ALLOC8_OPERATOR void operator delete(void* p) noexcept { alloc8_its::Rules::free(p); }
ALLOC8_OPERATOR void operator delete[](void* p) noexcept {
  alloc8_its::deleteReplaced() ? ::operator delete(p) : alloc8_its::Rules::free(p);
}
ALLOC8_OPERATOR void operator delete(void* p, alloc8_its::Nothrow) noexcept {
  alloc8_its::deleteReplaced() ? ::operator delete(p) : alloc8_its::Rules::free(p);
}
ALLOC8_OPERATOR void operator delete[](void* p, alloc8_its::Nothrow) noexcept {
  alloc8_its::deleteArrayReplaced() ? ::operator delete[](p) : alloc8_its::Rules::free(p);
}
ALLOC8_OPERATOR void operator delete(void* p, std::size_t n) noexcept {
  alloc8_its::deleteReplaced() ? ::operator delete(p) : alloc8_its::Rules::freeSized(p, n);
}
ALLOC8_OPERATOR void operator delete[](void* p, std::size_t n) noexcept {
  alloc8_its::deleteArrayReplaced() ? ::operator delete[](p) : alloc8_its::Rules::freeSized(p, n);
}

ALLOC8_OPERATOR void operator delete(void* p, alloc8_its::Align) noexcept { alloc8_its::Rules::free(p); }
ALLOC8_OPERATOR void operator delete[](void* p, alloc8_its::Align a) noexcept {
  alloc8_its::deleteAlignedReplaced() ? ::operator delete(p, a) : alloc8_its::Rules::free(p);
}
ALLOC8_OPERATOR void operator delete(void* p, alloc8_its::Align a, alloc8_its::Nothrow) noexcept {
  alloc8_its::deleteAlignedReplaced() ? ::operator delete(p, a) : alloc8_its::Rules::free(p);
}
ALLOC8_OPERATOR void operator delete[](void* p, alloc8_its::Align a, alloc8_its::Nothrow) noexcept {
  alloc8_its::deleteArrayAlignedReplaced() ? ::operator delete[](p, a) : alloc8_its::Rules::free(p);
}
ALLOC8_OPERATOR void operator delete(void* p, std::size_t n, alloc8_its::Align a) noexcept {
  alloc8_its::deleteAlignedReplaced() ? ::operator delete(p, a)
                                      : alloc8_its::Rules::freeAlignedSized(p, alloc8_its::raw(a), n);
}
ALLOC8_OPERATOR void operator delete[](void* p, std::size_t n, alloc8_its::Align a) noexcept {
  alloc8_its::deleteArrayAlignedReplaced() ? ::operator delete[](p, a)
                                           : alloc8_its::Rules::freeAlignedSized(p, alloc8_its::raw(a), n);
}
