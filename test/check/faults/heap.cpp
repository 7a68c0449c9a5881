// The heap itself, with the faults that sit in blocks: their addresses, sizes and content.
#include "heap.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void* last_taken;

namespace {

constexpr uint64_t magic = 0x8a11c0c8f00dcafe;

void* add(void* pointer, size_t bytes) { return static_cast<char*>(pointer) + bytes; }

size_t shift_of(Entry entry, size_t size) {
  if (faulty(Kind::eight_off, entry) && size >= 16) return 8;
  return faulty(Kind::tiny_eight_off, entry) && size < 16 ? 8 : 0;
}

size_t alignment_of(Entry entry, size_t alignment) {
  if (faulty(Kind::half_aligned, entry) && alignment > 16) return alignment / 2;
  return faulty(Kind::huge_unaligned, entry) && alignment >= (size_t{4} << 20) ? 65536 : alignment;
}

// Where an alignment is halved, an address that has the whole one by luck is moved to one that has not.
size_t unlucky(Entry entry, size_t alignment, uintptr_t address) {
  bool wanted = faulty(Kind::half_aligned, entry) || faulty(Kind::huge_unaligned, entry);
  size_t given = alignment_of(entry, alignment);
  return wanted && given != alignment && address % alignment == 0 ? given : 0;
}

size_t real_size(Entry entry, size_t alignment, size_t size) {
  if (faulty(Kind::shaves, entry) && size > 128) return size - 88;
  if (faulty(Kind::slow_class) && size > 1000 && size <= 1200) return size - 96;
  if (faulty(Kind::large_overlap) && size > 400000) return size - 8192;
  if (faulty(Kind::aligned_overlap) && alignment > 16 && size > 64)
    return size > 2 * alignment + 40 ? size - 2 * alignment - 40 : 0;
  if (faulty(Kind::cuts, entry) && size >> 32) return size & 0xffffffff;
  return size;
}

void* shared_zero(Entry entry) {
  alignas(4096) static struct {
    char room[4096 - sizeof(Tag)];
    Tag tag;
    char block[16];
  } one;
  one.tag = {magic, nullptr, 0, 0, static_cast<uint32_t>(entry)};
  return one.block;
}

// The last block, where it is alive and large enough, once in a thousand times.
void* given_before(size_t size) {
  static unsigned long calls;
  void* block = __atomic_load_n(&last_taken, __ATOMIC_ACQUIRE);
  if (__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED) % 1000 != 999 || !block) return nullptr;
  const Tag* tag = static_cast<Tag*>(block) - 1;
  return tag->magic == magic && tag->size >= size ? block : nullptr;
}

// How many blocks are alive, counted under the fault that wants it.
long alive;

bool too_many() { return faulty(Kind::many_blocks) && __atomic_add_fetch(&alive, 1, __ATOMIC_RELAXED) > 300000; }

}  // namespace

void stop(const char* why) {
  char line[128];
  int length = snprintf(line, sizeof line, "fault library: %s\n", why);
  bool told = write(2, line, static_cast<size_t>(length)) == length;
  // abort might take locks that this thread holds already.
  signal(SIGABRT, SIG_DFL);
  raise(SIGABRT);
  _exit(told ? 134 : 135);
}

const Libc& libc() {
  static Libc next;
  if (!__atomic_load_n(&next.free, __ATOMIC_ACQUIRE)) {
    next.malloc = reinterpret_cast<void* (*)(size_t)>(dlsym(RTLD_NEXT, "__libc_malloc"));
    next.calloc = reinterpret_cast<void* (*)(size_t, size_t)>(dlsym(RTLD_NEXT, "__libc_calloc"));
    next.realloc = reinterpret_cast<void* (*)(void*, size_t)>(dlsym(RTLD_NEXT, "__libc_realloc"));
    __atomic_store_n(&next.free, reinterpret_cast<void (*)(void*)>(dlsym(RTLD_NEXT, "__libc_free")), __ATOMIC_RELEASE);
  }
  return next;
}

Tag* tag_of(void* block) {
  Tag* tag = static_cast<Tag*>(block) - 1;
  if (tag->magic != magic) stop("a block that is not its own, or was freed before");
  return tag;
}

// A library may have got its block from libc itself and hand it over (RTLD_DEEPBIND). Under the faults whose point is a
// block that the heap does not know, it ends the program.
static bool is_foreign(void* block) {
  const Kind knows_none[] = {Kind::foreign, Kind::foreign_ends, Kind::bootstrap, Kind::early};
  for (Kind kind : knows_none)
    if (switch_now().kind == kind) return false;
  // The tag would lie in the page before, which need not be there.
  uintptr_t address = reinterpret_cast<uintptr_t>(block), page = address & ~uintptr_t{4095};
  unsigned char resident;
  if (address - page == 16 && mincore(reinterpret_cast<void*>(page - 4096), 4096, &resident) != 0) return true;
  return (static_cast<Tag*>(block) - 1)->magic != magic;
}

void* refuse(Entry entry) {
  if (!faulty(Kind::errno_kept, entry)) errno = ENOMEM;
  return nullptr;
}

void* take(Entry entry, size_t alignment, size_t size, bool zeroed) {
  if (faulty(Kind::zero_null, entry) && size == 0) return nullptr;
  if (faulty(Kind::zero_shared, entry) && size == 0) return shared_zero(entry);
  if (faulty(Kind::wraps, entry) && size > SIZE_MAX - 65536) size = 16;
  if (null_now(entry) || too_many()) return nullptr;
  constexpr size_t most = static_cast<size_t>(PTRDIFF_MAX) - sizeof(Tag) - 4096;
  if (size > most || alignment > most - size) return refuse(entry);
  size_t shift = shift_of(entry, size);
  if (faulty(Kind::foreign, entry)) return libc().malloc(size + 64);
  if (void* block = faulty(Kind::given_twice) ? given_before(size) : nullptr) return block;
  if (void* block = alignment == 16 ? take_elsewhere(size) : nullptr) return block;
  enter();
  int kept = errno;
  size_t whole = real_size(entry, alignment, size) + sizeof(Tag) + 2 * alignment + shift;
  void* base = zeroed ? libc().calloc(1, whole) : libc().malloc(whole);
  leave();
  errno = kept;
  if (!base) {
    if (faulty(Kind::limit_aborts, entry)) stop("no memory");
    return faulty(Kind::limit_errno, entry) ? nullptr : refuse(entry);
  }
  size_t given = alignment_of(entry, alignment);
  uintptr_t address = (reinterpret_cast<uintptr_t>(base) + sizeof(Tag) + given - 1) & ~(given - 1);
  address += unlucky(entry, alignment, address) + shift;
  void* block = reinterpret_cast<void*>(address);
  *(static_cast<Tag*>(block) - 1) = {magic, base, size, thread_number(), static_cast<uint32_t>(entry)};
  remember(block);
  __atomic_store_n(&last_taken, block, __ATOMIC_RELEASE);
  return block;
}

void give(Entry entry, void* block) {
  if (!block && !faulty(Kind::reads_null, entry)) return;
  int kept = errno;
  if (faulty(Kind::lost, entry)) return libc().free(static_cast<char*>(block) + 8);
  if (block && is_foreign(block)) {
    libc().free(block);
    errno = kept;
    return;
  }
  Tag* tag = tag_of(block);
  __atomic_sub_fetch(&alive, 1, __ATOMIC_RELAXED);
  check_given(tag);
  bool keeps =
      faulty(Kind::leaks, entry) || (faulty(Kind::keeps_all)) || (faulty(Kind::keeps_large) && tag->size > 100000);
  if (tag->base && !keeps && !give_elsewhere(block)) {
    tag->magic = 0;
    enter();
    libc().free(tag->base);
    leave();
  }
  errno = faulty(Kind::clobbers, entry) ? EINVAL : kept;
}

size_t usable(void* block) {
  if (!block) return faulty(Kind::usable_null) ? 16 : 0;
  if (is_foreign(block)) return reinterpret_cast<size_t (*)(void*)>(dlsym(RTLD_NEXT, "malloc_usable_size"))(block);
  Tag* tag = tag_of(block);
  Entry entry = static_cast<Entry>(tag->entry);
  static unsigned long asked;
  if (faulty(Kind::usable_moves)) return tag->size + __atomic_fetch_add(&asked, 1, __ATOMIC_RELAXED) % 3 / 2 * 8;
  if (faulty(Kind::cross_usable) && tag->owner != thread_number()) return 0;
  if (faulty(Kind::short_usable, entry) && tag->size) return tag->size - 1;
  return faulty(Kind::long_usable, entry) ? tag->size + 40 : tag->size;
}

namespace {

// How much of a block's content realloc takes along.
size_t copied(Tag* tag, size_t size) {
  size_t old_size = tag->size, whole = old_size < size ? old_size : size;
  if (faulty(Kind::realloc_old_size)) return old_size;
  if (faulty(Kind::forgets, static_cast<Entry>(tag->entry))) return 0;
  if (faulty(Kind::cross_realloc) && tag->owner != thread_number()) return 0;
  if (faulty(Kind::realloc_page) && whole > 4096) return 4096;
  if (faulty(Kind::realloc_large) && whole > 100000) return 100000;
  if (faulty(Kind::realloc_shrink) && size < old_size && size > 8) return size - 8;
  if (faulty(Kind::realloc_same) && size == old_size) return 0;
  return whole;
}

bool must_copy(Tag* tag, void* block, size_t size) {
  const Kind copying[] = {Kind::realloc_old_size, Kind::cross_realloc,   Kind::realloc_page,
                          Kind::realloc_large,    Kind::realloc_shrink,  Kind::realloc_same,
                          Kind::realloc_copies,   Kind::realloc_aligned, Kind::realloc_unaligned,
                          Kind::tiny_shrunk,      Kind::eight_off,       Kind::tiny_eight_off,
                          Kind::given_twice,      Kind::no_lock,         Kind::mapping_each,
                          Kind::break_own,        Kind::fork_shared,     Kind::shaves,
                          Kind::slow_class,       Kind::large_overlap,   Kind::cuts,
                          Kind::thread_arena,     Kind::fragments,       Kind::realloc_frees,
                          Kind::foreign};
  for (Kind kind : copying)
    if (switch_now().kind == kind) return true;
  bool plain = static_cast<char*>(tag->base) + sizeof(Tag) == block;
  return !plain || faulty(Kind::forgets, static_cast<Entry>(tag->entry)) || size > static_cast<size_t>(PTRDIFF_MAX) / 2;
}

}  // namespace

void* resize(Entry entry, void* block, size_t size) {
  if (!block) return take(entry, 16, size);
  if (is_foreign(block)) return libc().realloc(block, size);
  Tag* tag = tag_of(block);
  if (size == 0) {
    if (!faulty(Kind::realloc_zero_leaks)) give(Entry::none, block);
    return faulty(Kind::realloc_zero) ? take(entry, 16, 1) : nullptr;
  }
  if (null_now(entry)) return nullptr;
  if (!must_copy(tag, block, size)) {
    enter();
    int kept = errno;
    void* base = libc().realloc(tag->base, size + sizeof(Tag) + 32);
    leave();
    if (!base) {
      if (faulty(Kind::limit_aborts, entry)) stop("no memory");
      errno = faulty(Kind::limit_errno, entry) || faulty(Kind::errno_kept, entry) ? kept : ENOMEM;
      return nullptr;
    }
    Tag* moved = static_cast<Tag*>(base);
    moved->base = base;
    moved->size = size;
    moved->entry = static_cast<uint32_t>(entry);
    return moved + 1;
  }
  void* moved = take(entry, 16, size);
  if (!moved) {
    if (faulty(Kind::realloc_frees)) give(Entry::none, block);
    return nullptr;
  }
  if ((faulty(Kind::realloc_unaligned) && size > 200000) || (faulty(Kind::tiny_shrunk) && size < 16)) {
    give(Entry::none, moved);
    void* base = libc().malloc(size + sizeof(Tag) + 48);
    Tag* shifted = static_cast<Tag*>(add(base, 24));
    *shifted = {magic, base, size, thread_number(), static_cast<uint32_t>(entry)};
    moved = shifted + 1;
  }
  bool aligned =
      tag->entry >= static_cast<uint32_t>(Entry::memalign) && tag->entry <= static_cast<uint32_t>(Entry::pvalloc);
  void* source = faulty(Kind::realloc_aligned) && aligned ? add(tag->base, sizeof(Tag)) : block;
  memcpy(moved, source, copied(tag, size));
  give(Entry::none, block);
  return moved;
}
