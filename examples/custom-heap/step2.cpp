// Step 2: the six methods. Blocks are cut off a chunk one behind the other, and free does nothing.

#include <cstddef>
#include <cstdint>

#include <alloc8/alloc8.h>

class MyHeap {
 public:
  constexpr MyHeap() = default;

  void* malloc(std::size_t size) { return memalign(16, size); }
  void free(void* /*p*/) {}

  void* memalign(std::size_t alignment, std::size_t size) {
    alloc8::LockGuard guard(lock_);
    const std::size_t need = kHeader + alignment + size;
    if (need > left_ && !refill(need)) return nullptr;
    const auto start = reinterpret_cast<std::uintptr_t>(next_);
    const std::uintptr_t block = (start + kHeader + alignment - 1) / alignment * alignment;
    reinterpret_cast<std::size_t*>(block)[-1] = size;
    next_ = reinterpret_cast<char*>(block + size);
    left_ -= block + size - start;
    return reinterpret_cast<void*>(block);
  }

  // The size stands right in front of the block.
  std::size_t getSize(void* p) { return static_cast<std::size_t*>(p)[-1]; }

  // Held across a fork, so that the child finds the heap whole.
  void lock() { lock_.lock(); }
  void unlock() { lock_.unlock(); }

 private:
  static constexpr std::size_t kHeader = 16;
  static constexpr std::size_t kChunk = std::size_t{1} << 20;

  bool refill(std::size_t need) {
    const std::size_t bytes = need > kChunk ? need : kChunk;
    auto* chunk = static_cast<char*>(alloc8::pages::map(bytes, alloc8::pages::size()));
    if (chunk == nullptr) return false;
    next_ = chunk;
    left_ = bytes;
    return true;
  }

  alloc8::Lock lock_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
};

using MyRedirect = alloc8::HeapRedirect<MyHeap>;
ALLOC8_REDIRECT(MyRedirect);
