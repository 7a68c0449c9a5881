// A heap that knows its own pointers: everything it has lies in one reserved stretch of addresses, which it hands out
// in powers of two. Constant-initialised but for the reservation, which the first call makes.

#include <sys/mman.h>

#include <atomic>
#include <bit>
#include <cstdint>

#include "alloc8/alloc8.h"

class OwningHeap {
 public:
  constexpr OwningHeap() = default;

  bool owns(const void* p) const {
    const char* start = start_.load(std::memory_order_acquire);
    return start != nullptr && reinterpret_cast<std::uintptr_t>(p) - reinterpret_cast<std::uintptr_t>(start) < kBytes;
  }

  void* malloc(std::size_t size) { return memalign(16, size); }

  void* memalign(std::size_t alignment, std::size_t size) {
    if (size > kBytes / 4 || alignment > kBytes / 4) return nullptr;
    // More than the alignment, so that a multiple of it is one of the alignment too.
    const std::size_t wanted = std::bit_ceil((size > alignment ? size : alignment) + sizeof(Header));
    const auto bin = static_cast<unsigned>(std::bit_width(wanted)) - 1;
    alloc8::LockGuard guard(lock_);
    char* block = static_cast<char*>(bins_[bin]);
    if (block != nullptr) {
      bins_[bin] = *reinterpret_cast<void**>(block);
    } else if ((block = carve(wanted)) == nullptr) {
      return nullptr;
    }
    char* p = block + (alignment > sizeof(Header) ? alignment : sizeof(Header));
    *(reinterpret_cast<Header*>(p) - 1) = {block, bin};
    return p;
  }

  void free(void* p) {
    if (p == nullptr) return;
    const Header header = *(static_cast<Header*>(p) - 1);
    alloc8::LockGuard guard(lock_);
    *reinterpret_cast<void**>(header.block) = bins_[header.bin];
    bins_[header.bin] = header.block;
  }

  std::size_t getSize(void* p) {
    const Header header = *(static_cast<Header*>(p) - 1);
    return header.block + carved(header.bin) - static_cast<char*>(p);
  }

  void lock() { lock_.lock(); }
  void unlock() { lock_.unlock(); }

 private:
  static constexpr std::size_t kBytes = std::size_t{64} << 30;

  struct alignas(16) Header {
    char* block;
    std::size_t bin;
  };

  // Twice as much, because what lies in front of an aligned block is lost.
  static std::size_t carved(std::size_t bin) { return std::size_t{2} << bin; }

  char* carve(std::size_t wanted) {
    char* start = start_.load(std::memory_order_relaxed);
    if (start == nullptr) {
      void* reserved =
          mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (reserved == MAP_FAILED) alloc8::fatal("no 64 GiB of addresses");
      start = static_cast<char*>(reserved);
      start_.store(start, std::memory_order_release);
    }
    const auto base = reinterpret_cast<std::uintptr_t>(start);
    const std::size_t at = (base + used_ + wanted - 1) / wanted * wanted - base;
    if (at + 2 * wanted > kBytes) return nullptr;
    used_ = at + 2 * wanted;
    return start + at;
  }

  alloc8::Lock lock_;
  std::atomic<char*> start_{nullptr};
  std::size_t used_ = 0;
  void* bins_[48] = {};
};

using Redirect = alloc8::HeapRedirect<OwningHeap>;
static_assert(Redirect::hasOwns && Redirect::alwaysReady);
ALLOC8_REDIRECT(Redirect);
