// A heap that carves wrongly: now and then a block begins 16 bytes before the one below it ends. Nothing is reused.

#include <sys/mman.h>

#include <cstdint>

#include "alloc8/alloc8.h"

class OverlappingHeap {
 public:
  constexpr OverlappingHeap() = default;

  void* malloc(std::size_t size) { return memalign(16, size); }

  void* memalign(std::size_t alignment, std::size_t size) {
    if (size > kBytes / 4 || alignment > kBytes / 4) return nullptr;
    alloc8::LockGuard guard(lock_);
    if (next_ == 0 && !reserve()) return nullptr;
    const bool wrongly = ++count_ % kEvery == 0 && alignment <= 16;
    std::uintptr_t start = next_ + sizeof(Header);
    start = (start + alignment - 1) / alignment * alignment;
    // The header lies where the one below ends, or with it in that one's last bytes.
    if (wrongly) start -= 2 * sizeof(Header);
    const std::size_t bytes = (size + 47) / 16 * 16;
    if (start + bytes > end_) return nullptr;
    next_ = start + bytes;
    reinterpret_cast<Header*>(start)[-1].bytes = bytes;
    return reinterpret_cast<void*>(start);
  }

  void free(void*) {}

  std::size_t getSize(void* p) { return static_cast<Header*>(p)[-1].bytes; }

  void lock() { lock_.lock(); }
  void unlock() { lock_.unlock(); }

 private:
  static constexpr std::size_t kBytes = std::size_t{4} << 30;
  static constexpr unsigned kEvery = 100;

  struct alignas(16) Header {
    std::size_t bytes;
  };

  bool reserve() {
    void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return false;
    next_ = reinterpret_cast<std::uintptr_t>(memory);
    end_ = next_ + kBytes;
    return true;
  }

  alloc8::Lock lock_;
  std::uintptr_t next_ = 0;
  std::uintptr_t end_ = 0;
  unsigned count_ = 0;
};

using OverlappingRedirect = alloc8::HeapRedirect<OverlappingHeap>;
ALLOC8_REDIRECT(OverlappingRedirect);
