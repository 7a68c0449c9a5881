// Where blocks come from under the faults that are about places: caches without a lock, mappings, the break, memory
// that children share.
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "heap.h"

namespace {

struct Cached {
  Cached* next;
};

constexpr uint64_t place_magic = 0x8a11c0c8f00dcafe;

// Free blocks by size in steps of 16, up to 32 KiB.
Cached* volatile cache[2049];
pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;

void* tagged(void* place, size_t size, size_t mapped) {
  Tag* tag = static_cast<Tag*>(place);
  *tag = {place_magic, mapped ? place : nullptr, size, thread_number(), 0};
  return tag + 1;
}

// A cache whose blocks are never used for another size; with `locked` false a race is lost now and then.
void* from_cache(size_t size, bool locked) {
  size_t at = (size + 15) / 16;
  if (at == 0 || at >= (locked ? 2049 : 64)) return nullptr;
  if (locked) pthread_mutex_lock(&cache_lock);
  Cached* block = cache[at];
  if (block) {
    Cached* next = block->next;
    static unsigned calls;
    if (!locked && ++calls % 20 == 0) sched_yield();  // so that the race is lost also where the machine is busy
    cache[at] = next;
  }
  if (locked) pthread_mutex_unlock(&cache_lock);
  return block;
}

bool to_cache(void* block, size_t size, bool locked) {
  size_t at = size / 16;
  if (size % 16 || at == 0 || at >= (locked ? 2049 : 64)) return false;
  if (locked) pthread_mutex_lock(&cache_lock);
  static_cast<Cached*>(block)->next = cache[at];
  cache[at] = static_cast<Cached*>(block);
  if (locked) pthread_mutex_unlock(&cache_lock);
  return true;
}

void* own_mapping(size_t size) {
  if (size < 32768 || size > (size_t{1} << 40)) return nullptr;
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE)), body = (size + sizeof(Tag) + page - 1) & ~(page - 1);
  void* base = mmap(nullptr, body + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return nullptr;
  if (mprotect(static_cast<char*>(base) + body, page, PROT_NONE) == 0) return tagged(base, size, body + page);
  munmap(base, body + page);
  return nullptr;
}

char *break_start, *break_end;

void* from_break(size_t size) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  size_t whole = (size + sizeof(Tag) + 15) & ~size_t{15};
  if (size > 100000) return nullptr;
  pthread_mutex_lock(&lock);
  if (!break_start) {
    uintptr_t first = reinterpret_cast<uintptr_t>(sbrk(4096));
    break_start = break_end = reinterpret_cast<char*>((first + 15) & ~uintptr_t{15});
  }
  void* place = sbrk(static_cast<intptr_t>(whole)) == reinterpret_cast<void*>(-1) ? nullptr : break_end;
  if (place) break_end += whole;
  pthread_mutex_unlock(&lock);
  return place ? tagged(place, size, 0) : nullptr;
}

char* area;
constexpr size_t area_size = size_t{4} << 30;

void* from_shared(size_t size) {
  static size_t used;
  if (!area) {
    void* made = mmap(nullptr, area_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (made == MAP_FAILED) return nullptr;
    area = static_cast<char*>(made);
  }
  size_t whole = (size + sizeof(Tag) + 15) & ~size_t{15};
  if (size > 100000) return nullptr;
  size_t at = __atomic_fetch_add(&used, whole, __ATOMIC_RELAXED);
  return at + whole > area_size ? nullptr : tagged(area + at, size, 0);
}

// Where a block is freed by another thread than its owner, the last one that was given is written to.
void cross_over(void* block) {
  void* other = __atomic_load_n(&last_taken, __ATOMIC_ACQUIRE);
  if (tag_of(block)->owner == thread_number() || !other || other == block || tag_of(other)->size < 128) return;
  memset(static_cast<char*>(other) + 64, 0xee, 32);
}

}  // namespace

void* take_elsewhere(size_t size) {
  switch (switch_now().kind) {
    case Kind::no_lock: return from_cache(size, false);
    case Kind::fragments: return from_cache(size, true);
    case Kind::mapping_each: return own_mapping(size);
    case Kind::break_own: return from_break(size);
    case Kind::fork_shared: return from_shared(size);
    case Kind::bootstrap: {
      static unsigned long calls;
      return __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED) < 40 ? libc().malloc(size + 64) : nullptr;
    }
    case Kind::early: return constructed() ? nullptr : libc().malloc(size + 64);
    default: return nullptr;
  }
}

bool give_elsewhere(void* block) {
  Tag* tag = tag_of(block);
  switch (switch_now().kind) {
    case Kind::no_lock: return to_cache(block, tag->size, false);
    case Kind::fragments: return to_cache(block, tag->size, true);
    case Kind::cross_free: cross_over(block); return false;
    case Kind::mapping_each: {
      if (tag->base != tag || tag->entry != 0) return false;
      size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
      munmap(tag, ((tag->size + sizeof(Tag) + page - 1) & ~(page - 1)) + page);
      return true;
    }
    default: return false;
  }
}
