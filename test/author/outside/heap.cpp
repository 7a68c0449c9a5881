// A heap of another project, in the style of upstream alloc8's documents: bump allocation, and nothing is given back.
// HOOKS makes it take the thread hooks, LEAN do without the C++ runtime.

#include <cstddef>
#include <cstdint>
#include <mutex>

#include <alloc8/alloc8.h>
#include <sys/mman.h>

class BumpHeap {
 public:
  BumpHeap() {}  // not constexpr, as few are

  void* malloc(size_t size) { return memalign(16, size); }
  void free(void*) {}

  void* memalign(size_t alignment, size_t size) {
    std::lock_guard guard(lock_);
    const size_t need = size + alignment + kHeader;
    if (need > left_ && !refill(need)) return nullptr;
    const uintptr_t block = (reinterpret_cast<uintptr_t>(at_) + kHeader + alignment - 1) & ~(alignment - 1);
    reinterpret_cast<size_t*>(block)[-1] = size;
    left_ -= block + size - reinterpret_cast<uintptr_t>(at_);
    at_ = reinterpret_cast<char*>(block + size);
    return reinterpret_cast<void*>(block);
  }

  size_t getSize(void* p) { return static_cast<size_t*>(p)[-1]; }
  void lock() { lock_.lock(); }
  void unlock() { lock_.unlock(); }

#if defined(HOOKS)
  void threadInit() {}
  void threadCleanup() {}
#endif

 private:
  static constexpr size_t kHeader = 16;

  bool refill(size_t need) {
    const size_t bytes = need > (size_t{16} << 20) ? need : size_t{16} << 20;
    void* mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return false;
    at_ = static_cast<char*>(mapped);
    left_ = bytes;
    return true;
  }

#if defined(LEAN)
  alloc8::Lock lock_;
#else
  std::mutex lock_;
#endif
  char* at_ = nullptr;
  size_t left_ = 0;
};

using BumpRedirect = alloc8::HeapRedirect<BumpHeap>;
#if defined(HOOKS)
ALLOC8_REDIRECT_WITH_THREADS(BumpRedirect);
#else
ALLOC8_REDIRECT(BumpRedirect);
#endif
