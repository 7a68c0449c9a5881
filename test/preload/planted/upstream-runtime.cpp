// A heap in the style of upstream alloc8 that uses the C++ runtime: a mutex, a map with an allocator of its own, and a
// constructor that calls operator new. It is linked to libstdc++, as such heaps are.
// @runtime

#include <alloc8/alloc8.h>
#include <sys/mman.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

// For the nodes of the map, one for each size: carved and never given back.
template <class T>
struct CarvingAllocator {
  using value_type = T;
  CarvingAllocator() = default;
  template <class U>
  CarvingAllocator(const CarvingAllocator<U>&) {}

  T* allocate(size_t count) {
    static char* at = nullptr;
    static size_t left = 0;
    const size_t bytes = (count * sizeof(T) + 15) & ~size_t(15);
    if (left < bytes) {
      left = size_t(1) << 20;
      at = static_cast<char*>(mmap(nullptr, left, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    }
    left -= bytes;
    at += bytes;
    return reinterpret_cast<T*>(at - bytes);
  }
  void deallocate(T*, size_t) {}
  template <class U>
  bool operator==(const CarvingAllocator<U>&) const {
    return true;
  }
};

class MapHeap {
 public:
  MapHeap() : _greeting(std::make_unique<std::string>("a constructor that allocates through operator new")) {}

  void* malloc(size_t sz) {
    std::lock_guard<std::mutex> guard(_mutex);
    const size_t rounded = sz < 64 ? 64 : (sz + 63) / 64 * 64;
    auto& head = _free[rounded];
    Block* block = head;
    if (block != nullptr) {
      head = block->next;
    } else {
      block = carve(rounded);
    }
    if (block == nullptr) return nullptr;
    block->size = rounded;
    return block + 1;
  }

  void free(void* ptr) {
    if (ptr == nullptr) return;
    std::lock_guard<std::mutex> guard(_mutex);
    Block* block = static_cast<Block*>(ptr) - 1;
    auto& head = _free[block->size];
    block->next = head;
    head = block;
  }

  // Wasteful and simple: an aligned block is never used again, and its header says so by the size that it has.
  void* memalign(size_t alignment, size_t sz) {
    if (alignment <= 16) return malloc(sz);
    std::lock_guard<std::mutex> guard(_mutex);
    char* start = reinterpret_cast<char*>(carve(sz + 2 * alignment + 64));
    if (start == nullptr) return nullptr;
    const uintptr_t aligned = (reinterpret_cast<uintptr_t>(start) + alignment + 31) & ~(alignment - 1);
    Block* block = reinterpret_cast<Block*>(aligned) - 1;
    block->size = sz;
    return block + 1;
  }

  size_t getSize(void* ptr) { return (static_cast<Block*>(ptr) - 1)->size; }
  void lock() { _mutex.lock(); }
  void unlock() { _mutex.unlock(); }

 private:
  struct alignas(16) Block {
    size_t size;
    Block* next;
  };

  static Block* carve(size_t sz) {
    const size_t bytes = sz + sizeof(Block);
    static char* at = nullptr;
    static size_t left = 0;
    if (left < bytes) {
      left = bytes < (size_t(1) << 20) ? size_t(1) << 20 : (bytes + 4095) / 4096 * 4096;
      void* mapped = mmap(nullptr, left, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (mapped == MAP_FAILED) {
        left = 0;
        return nullptr;
      }
      at = static_cast<char*>(mapped);
    }
    const size_t taken = (bytes + 15) / 16 * 16 <= left ? (bytes + 15) / 16 * 16 : left;
    left -= taken;
    at += taken;
    return reinterpret_cast<Block*>(at - taken);
  }

  std::unique_ptr<std::string> _greeting;
  std::mutex _mutex;
  std::map<size_t, Block*, std::less<size_t>, CarvingAllocator<std::pair<const size_t, Block*>>> _free;
};

using MyRedirect = alloc8::HeapRedirect<MapHeap>;
ALLOC8_REDIRECT(MyRedirect);
