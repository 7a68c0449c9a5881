// A heap as upstream alloc8 documents them, which must compile unchanged: its headers, its macros, a class with the six
// methods and a constructor of its own. Powers of two from a free list each, pages straight from mmap.

#include <alloc8/alloc8.h>
#include <pthread.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

class SegregatedHeap {
 public:
  SegregatedHeap() {
    pthread_mutex_init(&_mutex, nullptr);
    for (auto& bin : _bins) bin = nullptr;
  }

  ALLOC8_ALWAYS_INLINE void* malloc(size_t sz) {
    const int bin = binFor(sz + sizeof(Header));
    if (ALLOC8_UNLIKELY(bin < 0)) return nullptr;
    lock();
    Header* header = _bins[bin];
    if (ALLOC8_LIKELY(header != nullptr)) {
      _bins[bin] = header->next;
    } else {
      header = carve(bin);
    }
    unlock();
    if (header == nullptr) return nullptr;
    header->bin = bin;
    header->self = header;
    return header + 1;
  }

  ALLOC8_ALWAYS_INLINE void free(void* ptr) {
    if (ptr == nullptr) return;
    Header* header = headerOf(ptr);
    lock();
    header->next = _bins[header->bin];
    _bins[header->bin] = header;
    unlock();
  }

  void* memalign(size_t alignment, size_t sz) {
    char* ptr = static_cast<char*>(malloc(sz + alignment + sizeof(Header)));
    if (ptr == nullptr) return nullptr;
    const auto address = reinterpret_cast<uintptr_t>(ptr);
    const uintptr_t aligned = (address + alignment - 1) & ~(alignment - 1);
    if (aligned == address) return ptr;
    // A second header in front of the aligned block leads back to the real one.
    Header* original = reinterpret_cast<Header*>(ptr) - 1;
    Header* second = reinterpret_cast<Header*>(aligned) - 1;
    second->self = original;
    return reinterpret_cast<void*>(aligned);
  }

  size_t getSize(void* ptr) {
    if (ptr == nullptr) return 0;
    Header* header = headerOf(ptr);
    const char* end = reinterpret_cast<char*>(header) + (size_t(1) << header->bin);
    return end - static_cast<char*>(ptr);
  }

  void lock() { pthread_mutex_lock(&_mutex); }
  void unlock() { pthread_mutex_unlock(&_mutex); }

 private:
  struct alignas(16) Header {
    union {
      Header* next;  // when free
      Header* self;  // when in use
    };
    long bin;
  };

  enum { MinBin = 5, MaxBin = 46 };

  static Header* headerOf(void* ptr) { return (reinterpret_cast<Header*>(ptr) - 1)->self; }

  static int binFor(size_t sz) {
    int bin = MinBin;
    while (bin <= MaxBin && (size_t(1) << bin) < sz) ++bin;
    return bin <= MaxBin ? bin : -1;
  }

  // Called with the lock held.
  Header* carve(int bin) {
    const size_t sz = size_t(1) << bin;
    const size_t wanted = sz < 16 * ALLOC8_PAGE_SIZE ? 16 * ALLOC8_PAGE_SIZE : sz;
    void* mapped = mmap(nullptr, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    char* start = static_cast<char*>(mapped);
    for (size_t at = sz; at + sz <= wanted; at += sz) {
      Header* header = reinterpret_cast<Header*>(start + at);
      header->bin = bin;
      header->next = _bins[bin];
      _bins[bin] = header;
    }
    return reinterpret_cast<Header*>(start);
  }

  pthread_mutex_t _mutex;
  Header* _bins[MaxBin + 1];
};

using MyRedirect = alloc8::HeapRedirect<SegregatedHeap>;
ALLOC8_REDIRECT(MyRedirect);
