// libc's allocation functions in C, with the faults that sit in them alone.
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "heap.h"

namespace {

size_t page_size() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

bool product(size_t count, size_t size, size_t* total, Kind wrapping) {
  bool overflows = __builtin_mul_overflow(count, size, total);
  return faulty(wrapping) ? true : !overflows;
}

bool must_clear(size_t size) {
  if (faulty(Kind::dirty, Entry::calloc)) return false;
  if (faulty(Kind::calloc_large) && size > 131072) return false;
  return !(faulty(Kind::calloc_other) && thread_number() > 1);
}

// Rounds an alignment up to a power of two, as glibc does; 0 where there is none.
size_t rounded(size_t alignment) {
  if (alignment > SIZE_MAX / 2 + 1) return 0;
  size_t power = 16;
  while (power < alignment) power *= 2;
  return power;
}

void* aligned(Entry entry, size_t alignment, size_t size) {
  if (faulty(Kind::swapped, entry)) {
    size_t other = size;
    size = alignment;
    alignment = other;
  }
  if (faulty(Kind::small_refused) && alignment < sizeof(void*)) {
    errno = EINVAL;
    return nullptr;
  }
  bool is_power = (alignment & (alignment - 1)) == 0;
  size_t power = rounded(alignment);
  if (power == 0 || (faulty(Kind::alignment_kept) && !is_power)) {
    if (power == 0) errno = faulty(Kind::alignment_error) ? ENOMEM : EINVAL;
    return nullptr;
  }
  return take(entry, power, size);
}

void* by_pages(Entry entry, size_t size) {
  size_t page = page_size();
  if (size > SIZE_MAX - page) return faulty(Kind::wraps, entry) ? take(entry, page, 16) : refuse(entry);
  return take(entry, page, (size + page - 1) & ~(page - 1));
}

}  // namespace

extern "C" {

void* malloc(size_t size) noexcept { return take(Entry::malloc, 16, size); }

void free(void* block) noexcept { give(Entry::free, block); }

void* calloc(size_t count, size_t size) noexcept {
  size_t total;
  if (!product(count, size, &total, Kind::calloc_wraps)) return refuse(Entry::calloc);
  if (faulty(Kind::wraps, Entry::calloc) && total > SIZE_MAX - 65536) total = 16;
  void* block = take(Entry::calloc, 16, total, must_clear(total));
  if (block && faulty(Kind::calloc_touches)) memset(block, 0, total);
  if (block && must_clear(total) && !faulty(Kind::foreign, Entry::calloc) && total < 131072) memset(block, 0, total);
  return block;
}

void* realloc(void* block, size_t size) noexcept { return resize(Entry::realloc, block, size); }

void* reallocarray(void* block, size_t count, size_t size) noexcept {
  size_t total;
  if (!product(count, size, &total, Kind::array_wraps)) return refuse(Entry::reallocarray);
  return resize(Entry::reallocarray, block, total);
}

void* memalign(size_t alignment, size_t size) noexcept { return aligned(Entry::memalign, alignment, size); }

void* aligned_alloc(size_t alignment, size_t size) noexcept {
  if (faulty(Kind::aligned_multiple) && alignment && size % alignment) {
    errno = EINVAL;
    return nullptr;
  }
  return aligned(Entry::aligned_alloc, alignment, size);
}

int posix_memalign(void** block, size_t alignment, size_t size) noexcept {
  bool fits = alignment % sizeof(void*) == 0 && alignment && (alignment & (alignment - 1)) == 0;
  if (!fits && !faulty(Kind::careless)) return EINVAL;
  int kept = errno;
  void* made = aligned(Entry::posix_memalign, alignment, size);
  int wrong = faulty(Kind::errno_kept, Entry::posix_memalign) ? 0 : ENOMEM;
  errno = kept;
  if (made || faulty(Kind::careless)) *block = made;
  return made || faulty(Kind::limit_errno, Entry::posix_memalign) ? 0 : wrong;
}

void* valloc(size_t size) noexcept { return take(Entry::valloc, page_size(), size); }

void* pvalloc(size_t size) noexcept { return by_pages(Entry::pvalloc, size); }

size_t malloc_usable_size(void* block) noexcept { return usable(block); }

char* strdup(const char* text) noexcept {
  size_t size = strlen(text) + 1;
  // As libc's, by the program's malloc, which may be a tool's in front of the heap.
  void* block = switch_now().entry == Entry::strdup ? take(Entry::strdup, 16, size) : malloc(size);
  return block ? static_cast<char*>(memcpy(block, text, size)) : nullptr;
}

void cfree(void* block) noexcept { give(Entry::cfree, block); }

void free_sized(void* block, size_t) noexcept {
  if (block && faulty(Kind::sized_lost)) return libc().free(static_cast<char*>(block) + 8);
  if (faulty(Kind::sized_null)) tag_of(block);
  if (block) give(Entry::free, block);
}

void free_aligned_sized(void* block, size_t, size_t) noexcept {
  if (block && faulty(Kind::aligned_sized_lost)) return libc().free(static_cast<char*>(block) + 8);
  if (block) give(Entry::free, block);
}

// The second names, which old programs call.
void* __libc_malloc(size_t size) noexcept {
  return faulty(Kind::foreign, Entry::twin) ? libc().malloc(size) : malloc(size);
}
void __libc_free(void* block) noexcept { free(block); }
void* __libc_calloc(size_t count, size_t size) noexcept { return calloc(count, size); }
void* __libc_realloc(void* block, size_t size) noexcept { return realloc(block, size); }
void* __libc_memalign(size_t alignment, size_t size) noexcept { return memalign(alignment, size); }
void* __libc_valloc(size_t size) noexcept { return valloc(size); }
void* __libc_pvalloc(size_t size) noexcept { return pvalloc(size); }
}
