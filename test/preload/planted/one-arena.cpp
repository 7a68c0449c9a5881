// One arena and one lock for all threads: addresses come from one region, and what is freed is given, the last first,
// to whoever asks next for that size. Nothing goes back to the system.

#include "alloc8/size_classes.h"
#include "one_region.h"

using planted::OneRegion;

class OneArena {
 public:
  void* malloc(std::size_t size) {
    if (size > kLargest) return nullptr;
    const std::size_t sizeClass = alloc8::sizeClassOf(size);
    alloc8::LockGuard guard(lock_);
    Block* block = free_[sizeClass];
    if (block == nullptr) return region_.carve(alloc8::sizeClassBytes(sizeClass), 16, sizeClass);
    free_[sizeClass] = block->next;
    return block;
  }

  // An aligned block is no class's, and is not given again.
  void* memalign(std::size_t alignment, std::size_t size) {
    if (alignment <= 16) return malloc(size);
    alloc8::LockGuard guard(lock_);
    return region_.carve(size, alignment, kNoClass);
  }

  void free(void* p) {
    if (p == nullptr || OneRegion::headerOf(p)->kept == kNoClass) return;
    alloc8::LockGuard guard(lock_);
    auto* block = static_cast<Block*>(p);
    Block*& first = free_[OneRegion::headerOf(p)->kept];
    block->next = first;
    first = block;
  }

  std::size_t getSize(void* p) { return OneRegion::headerOf(p)->usable; }
  void lock() { lock_.lock(); }
  void unlock() { lock_.unlock(); }

 private:
  static constexpr std::size_t kLargest = std::size_t{1} << 40;
  static constexpr std::size_t kNoClass = alloc8::sizeClassOf(kLargest) + 1;

  struct Block {
    Block* next;
  };

  alloc8::Lock lock_;
  OneRegion region_;
  Block* free_[kNoClass] = {};
};

using OneArenaRedirect = alloc8::HeapRedirect<OneArena>;
ALLOC8_REDIRECT(OneArenaRedirect);
