// A heap that defines upstream's C bridge itself, eight functions and no class; what came later (xxfree_sized and the
// rest) it does not know. It includes nothing but upstream's smaller headers, for their macros.

#include <alloc8/allocator_traits.h>
#include <alloc8/platform.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

namespace {

struct alignas(16) Block {
  size_t size;
  Block* next;
};

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
Block* bins[48];

int binOf(size_t size) {
  int bin = 0;
  while (bin < 47 && (size_t(32) << bin) < size) ++bin;
  return bin;
}

}  // namespace

// What upstream's headers must still say of a class that has the methods.
struct Complete {
  void* malloc(size_t);
  void free(void*);
  void* memalign(size_t, size_t);
  size_t getSize(void*);
  void lock();
  void unlock();
};
static_assert(alloc8::Allocator<Complete>);
static_assert(!alloc8::AllocatorWithRealloc<Complete>);
static_assert(!alloc8::ThreadAwareAllocator<Complete>);

extern "C" {

ALLOC8_EXPORT void* xxmalloc(size_t size) {
  if (size > size_t(1) << 46) return nullptr;
  const int bin = binOf(size);
  pthread_mutex_lock(&mutex);
  Block* block = bins[bin];
  if (block != nullptr) bins[bin] = block->next;
  pthread_mutex_unlock(&mutex);
  if (block == nullptr) {
    const size_t bytes = sizeof(Block) + (size_t(32) << bin);
    void* mapped = mmap(nullptr, bytes < ALLOC8_PAGE_SIZE ? ALLOC8_PAGE_SIZE : bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    block = static_cast<Block*>(mapped);
    block->size = size_t(32) << bin;
  }
  block->next = block;
  return block + 1;
}

ALLOC8_EXPORT size_t xxmalloc_usable_size(void* ptr) {
  Block* block = (static_cast<Block*>(ptr) - 1)->next;
  return reinterpret_cast<char*>(block + 1) + block->size - static_cast<char*>(ptr);
}

ALLOC8_EXPORT void xxfree(void* ptr) {
  Block* block = (static_cast<Block*>(ptr) - 1)->next;
  const int bin = binOf(block->size);
  pthread_mutex_lock(&mutex);
  block->next = bins[bin];
  bins[bin] = block;
  pthread_mutex_unlock(&mutex);
}

ALLOC8_EXPORT void* xxmemalign(size_t alignment, size_t size) {
  char* ptr = static_cast<char*>(xxmalloc(size + alignment + sizeof(Block)));
  if (ptr == nullptr) return nullptr;
  const uintptr_t aligned = (reinterpret_cast<uintptr_t>(ptr) + alignment - 1) & ~(alignment - 1);
  (reinterpret_cast<Block*>(aligned) - 1)->next = (reinterpret_cast<Block*>(ptr) - 1)->next;
  return reinterpret_cast<void*>(aligned);
}

ALLOC8_EXPORT void xxmalloc_lock() { pthread_mutex_lock(&mutex); }
ALLOC8_EXPORT void xxmalloc_unlock() { pthread_mutex_unlock(&mutex); }

ALLOC8_EXPORT void* xxrealloc(void* ptr, size_t size) {
  const size_t old = xxmalloc_usable_size(ptr);
  if (size <= old) return ptr;
  void* moved = xxmalloc(size);
  if (moved == nullptr) return nullptr;
  memcpy(moved, ptr, old);
  xxfree(ptr);
  return moved;
}

ALLOC8_EXPORT void* xxcalloc(size_t count, size_t size) {
  void* ptr = xxmalloc(count * size);
  return ptr == nullptr ? nullptr : memset(ptr, 0, count * size);
}
}
