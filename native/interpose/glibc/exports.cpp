// libc's allocation functions, exported without symbol versions: an unversioned definition satisfies a reference to
// any version, while a version node makes aligned_alloc, reallocarray and operator new bind past us. Each is one line;
// the rules stand in detail/libc_rules.h.

#if !defined(__linux__)
#error "interpose/glibc is for Linux with glibc"
#endif

#include <cstdlib>

#include <malloc.h>

#include "interpose/c_bridge.h"
#include "interpose/glibc/whole.h"

const char alloc8::interpose::exportsAreLinked = 0;

// The two that matter most take the heap's own code in, as if it had been written here; what the heap marks as not to
// be inlined stays outside.
#define ALLOC8_HOT ALLOC8_EXPORT ALLOC8_FLATTEN

extern "C" {

ALLOC8_HOT void* malloc(size_t size) noexcept { return alloc8::interpose::Rules::malloc(size); }

ALLOC8_HOT void free(void* p) noexcept { alloc8::interpose::Rules::free(p); }

ALLOC8_EXPORT void* calloc(size_t count, size_t size) noexcept { return alloc8::interpose::Rules::calloc(count, size); }

ALLOC8_EXPORT void* realloc(void* p, size_t size) noexcept { return alloc8::interpose::Rules::realloc(p, size); }

ALLOC8_EXPORT void* reallocarray(void* p, size_t count, size_t size) noexcept {
  return alloc8::interpose::Rules::reallocarray(p, count, size);
}

ALLOC8_EXPORT void* memalign(size_t alignment, size_t size) noexcept {
  return alloc8::interpose::Rules::memalign(alignment, size);
}

ALLOC8_EXPORT int posix_memalign(void** out, size_t alignment, size_t size) noexcept {
  return alloc8::interpose::Rules::posixMemalign(out, alignment, size);
}

ALLOC8_EXPORT void* valloc(size_t size) noexcept {
  return alloc8::interpose::Rules::memalign(alloc8::pages::size(), size);
}

ALLOC8_EXPORT void* pvalloc(size_t size) noexcept { return alloc8::interpose::Rules::pvalloc(size); }

ALLOC8_EXPORT size_t malloc_usable_size(void* p) noexcept { return alloc8::interpose::Rules::usableSize(p); }

// C23; declared by no header of the libc that this is built on.
ALLOC8_EXPORT void free_sized(void* p, size_t size) noexcept { alloc8::interpose::Rules::freeSized(p, size); }

ALLOC8_EXPORT void free_aligned_sized(void* p, size_t alignment, size_t size) noexcept {
  alloc8::interpose::Rules::freeAlignedSized(p, alignment, size);
}

// Second names of the same functions. libc has __libc_* for programs that wrap malloc, cfree for old binaries.
ALLOC8_ALIAS(memalign) void* aligned_alloc(size_t alignment, size_t size) noexcept;
ALLOC8_ALIAS(free) void cfree(void* p) noexcept;
ALLOC8_ALIAS(malloc) void* __libc_malloc(size_t size) noexcept;
ALLOC8_ALIAS(calloc) void* __libc_calloc(size_t count, size_t size) noexcept;
ALLOC8_ALIAS(realloc) void* __libc_realloc(void* p, size_t size) noexcept;
ALLOC8_ALIAS(free) void __libc_free(void* p) noexcept;
ALLOC8_ALIAS(memalign) void* __libc_memalign(size_t alignment, size_t size) noexcept;
ALLOC8_ALIAS(valloc) void* __libc_valloc(size_t size) noexcept;
ALLOC8_ALIAS(pvalloc) void* __libc_pvalloc(size_t size) noexcept;
ALLOC8_ALIAS(free) void __libc_cfree(void* p) noexcept;
ALLOC8_ALIAS(posix_memalign) int __posix_memalign(void** out, size_t alignment, size_t size) noexcept;
}
