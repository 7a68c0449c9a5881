// The lookup of the heap behind the probe, by the dynamic loader.

#if !defined(__linux__)
#error "probe/linux is for Linux"
#endif

#include "probe/next.h"

#include <atomic>

#include <dlfcn.h>
#include <link.h>

#include "platform/platform.h"

namespace alloc8::probe {

constinit NextHeap nextHeap{};
alignas(16) constinit char bootstrapMemory[kBootstrapBytes]{};

namespace {

constinit std::atomic<bool> looking{false};
constinit std::atomic<std::size_t> bootstrapUsed{0};

// Where the heap's library stands, by its own program headers. dladdr looks for a symbol besides, which takes thousands
// of instructions in every process, so it is asked once.
constinit std::uintptr_t heapStart{0};
constinit std::uintptr_t heapBytes{0};

void findHeapLibrary() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(nextHeap.malloc), &info) == 0) return;
  const auto* header = static_cast<const ElfW(Ehdr)*>(info.dli_fbase);
  const auto* parts = reinterpret_cast<const ElfW(Phdr)*>(static_cast<const char*>(info.dli_fbase) + header->e_phoff);
  heapStart = reinterpret_cast<std::uintptr_t>(info.dli_fbase);
  for (std::size_t i = 0; i < header->e_phnum; ++i) {
    const std::uintptr_t end = parts[i].p_vaddr + parts[i].p_memsz;
    if (parts[i].p_type == PT_LOAD && end > heapBytes) heapBytes = end;
  }
}

template <class Function>
void find(Function*& function, const char* name) {
  function = reinterpret_cast<Function*>(platform::nextSymbol(name));
}

}  // namespace

bool findNextHeap() {
  if (looking.exchange(true, std::memory_order_acquire)) return __atomic_load_n(&nextHeap.ready, __ATOMIC_ACQUIRE);
  NextHeap& next = nextHeap;
  find(next.malloc, "malloc");
  find(next.calloc, "calloc");
  find(next.realloc, "realloc");
  find(next.free, "free");
  find(next.reallocarray, "reallocarray");
  find(next.memalign, "memalign");
  find(next.aligned_alloc, "aligned_alloc");
  find(next.posix_memalign, "posix_memalign");
  find(next.valloc, "valloc");
  find(next.pvalloc, "pvalloc");
  find(next.malloc_usable_size, "malloc_usable_size");
  find(next.free_sized, "free_sized");
  find(next.free_aligned_sized, "free_aligned_sized");
  findHeapLibrary();
  next.ownMemalign = isOfNextHeap(reinterpret_cast<void*>(next.memalign));
  next.ownAlignedAlloc = isOfNextHeap(reinterpret_cast<void*>(next.aligned_alloc));
  next.ownPosixMemalign = isOfNextHeap(reinterpret_cast<void*>(next.posix_memalign));
  next.ownValloc = isOfNextHeap(reinterpret_cast<void*>(next.valloc));
  next.ownPvalloc = isOfNextHeap(reinterpret_cast<void*>(next.pvalloc));
  const bool isLibc = isOfNextHeap(platform::nextSymbol("gnu_get_libc_version"));
  next.ownReallocarray = !isLibc && isOfNextHeap(reinterpret_cast<void*>(next.reallocarray));
  __atomic_store_n(&next.ready, true, __ATOMIC_RELEASE);
  return true;
}

bool isOfNextHeap(const void* function) { return reinterpret_cast<std::uintptr_t>(function) - heapStart < heapBytes; }

void* bootstrapMalloc(std::size_t bytes) {
  constexpr std::size_t kHeader = 16;
  if (bytes > kBootstrapBytes / 2) return nullptr;
  const std::size_t whole = kHeader + ((bytes + 15) & ~std::size_t{15});
  const std::size_t at = bootstrapUsed.fetch_add(whole, std::memory_order_relaxed);
  if (at + whole > kBootstrapBytes) return nullptr;
  *reinterpret_cast<std::size_t*>(bootstrapMemory + at) = bytes;
  return bootstrapMemory + at + kHeader;
}

std::size_t bootstrapSize(const void* block) {
  return *reinterpret_cast<const std::size_t*>(static_cast<const char*>(block) - 16);
}

}  // namespace alloc8::probe
