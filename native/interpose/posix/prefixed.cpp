// Prefixed mode: a heap's functions as NAME_malloc and so on, with NAME from -DALLOC8_PREFIX=NAME, and nothing of
// libc's replaced. The same rules as under libc's names (detail/libc_rules.h).
//
// The heap's lock is held across fork by an ordinary handler, which is registered before constructors of default
// priority. A handler that was registered even earlier and calls NAME_malloc before fork would wait for ever; those
// that come later run first, and may.

#if !defined(__unix__)
#error "interpose/posix is for systems with pthread_atfork"
#endif

#include "alloc8/prefixed.h"

#include <cstring>

#include <pthread.h>

#include "interpose/c_bridge.h"
#include "interpose/fork_lock.h"

#if !defined(ALLOC8_PREFIX)
#error "prefixed mode is compiled with -DALLOC8_PREFIX=NAME, for NAME_malloc and so on"
#endif

#define ALLOC8_DECLARE_EXPANDED(prefix) ALLOC8_DECLARE_PREFIXED(prefix)
ALLOC8_DECLARE_EXPANDED(ALLOC8_PREFIX)

namespace alloc8::interpose {

namespace {

// `length` characters of `text` and a zero behind them; null without memory.
char* copyOf(const char* text, std::size_t length) {
  auto* copy = static_cast<char*>(Rules::malloc(length + 1));
  if (copy == nullptr) return nullptr;
  std::memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}

__attribute__((constructor(101))) void start() {
  const alloc8::detail::KeepErrno keep;
  xxfree(xxmalloc(1));  // builds a heap that is not constant-initialised while the process has one thread
  if (pthread_atfork(ForkLock::prepare, ForkLock::parent, ForkLock::child) != 0) {
    alloc8::fatal("could not register fork handlers; a fork could deadlock");
  }
}

}  // namespace

}  // namespace alloc8::interpose

// As in exports.cpp, the two that matter most take the heap's own code in.
#define ALLOC8_HOT ALLOC8_EXPORT ALLOC8_FLATTEN

extern "C" {

ALLOC8_HOT void* ALLOC8_PREFIXED(malloc)(size_t size) noexcept { return alloc8::interpose::Rules::malloc(size); }

ALLOC8_HOT void ALLOC8_PREFIXED(free)(void* p) noexcept { alloc8::interpose::Rules::free(p); }

ALLOC8_EXPORT void ALLOC8_PREFIXED(free_sized)(void* p, size_t size) noexcept {
  alloc8::interpose::Rules::freeSized(p, size);
}

ALLOC8_EXPORT void ALLOC8_PREFIXED(free_aligned_sized)(void* p, size_t alignment, size_t size) noexcept {
  alloc8::interpose::Rules::freeAlignedSized(p, alignment, size);
}

ALLOC8_EXPORT void* ALLOC8_PREFIXED(calloc)(size_t count, size_t size) noexcept {
  return alloc8::interpose::Rules::calloc(count, size);
}

ALLOC8_EXPORT void* ALLOC8_PREFIXED(realloc)(void* p, size_t size) noexcept {
  return alloc8::interpose::Rules::realloc(p, size);
}

ALLOC8_EXPORT void* ALLOC8_PREFIXED(reallocarray)(void* p, size_t count, size_t size) noexcept {
  return alloc8::interpose::Rules::reallocarray(p, count, size);
}

ALLOC8_EXPORT void* ALLOC8_PREFIXED(memalign)(size_t alignment, size_t size) noexcept {
  return alloc8::interpose::Rules::memalign(alignment, size);
}

ALLOC8_EXPORT void* ALLOC8_PREFIXED(aligned_alloc)(size_t alignment, size_t size) noexcept {
  return alloc8::interpose::Rules::memalign(alignment, size);
}

ALLOC8_EXPORT int ALLOC8_PREFIXED(posix_memalign)(void** out, size_t alignment, size_t size) noexcept {
  return alloc8::interpose::Rules::posixMemalign(out, alignment, size);
}

ALLOC8_EXPORT void* ALLOC8_PREFIXED(valloc)(size_t size) noexcept {
  return alloc8::interpose::Rules::memalign(alloc8::pages::size(), size);
}

ALLOC8_EXPORT void* ALLOC8_PREFIXED(pvalloc)(size_t size) noexcept { return alloc8::interpose::Rules::pvalloc(size); }

ALLOC8_EXPORT size_t ALLOC8_PREFIXED(malloc_usable_size)(void* p) noexcept {
  return alloc8::interpose::Rules::usableSize(p);
}

ALLOC8_EXPORT char* ALLOC8_PREFIXED(strdup)(const char* text) noexcept {
  return alloc8::interpose::copyOf(text, std::strlen(text));
}

ALLOC8_EXPORT char* ALLOC8_PREFIXED(strndup)(const char* text, size_t most) noexcept {
  return alloc8::interpose::copyOf(text, ::strnlen(text, most));
}

ALLOC8_EXPORT void ALLOC8_PREFIXED(malloc_lock)() noexcept { xxmalloc_lock(); }

ALLOC8_EXPORT void ALLOC8_PREFIXED(malloc_unlock)() noexcept { xxmalloc_unlock(); }
}
