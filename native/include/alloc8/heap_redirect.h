// HeapRedirect<T>: one heap of class T per library, reached through static functions. It builds the heap once, serves
// calls that come while it is being built from the bootstrap arena, fills in the methods that T leaves out, and sends
// pointers that T does not own to whoever made them.
//
// What T does not need is not there: a constant-initialised T has no readiness check, a T without `owns` no routing.
// Where the heap stands is a Storage: a class with `get()`, and `alwaysReady` where that never answers null; one that
// says `withExports` is compiled with the exports in one file.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>

#include "alloc8/allocator_traits.h"
#include "alloc8/detail/bootstrap_arena.h"
#include "alloc8/detail/compiler.h"
#include "alloc8/detail/foreign.h"
#include "alloc8/lock.h"
#include "alloc8/pages.h"

namespace alloc8 {

namespace detail {

// A heap that exists from the first instruction on.
template <class T>
struct ConstantStorage {
  static constexpr bool alwaysReady = true;
  static inline constinit T heap{};
  static ALLOC8_ALWAYS_INLINE T* get() { return &heap; }
};

// A heap that is built in place by whoever needs it first and never destroyed, because libraries free after main.
template <class T>
struct LazyStorage {
  static constexpr bool alwaysReady = false;
  // Null while it is being built, to every thread: one that waited could be one that the constructor waits for, or hold
  // the loader's lock, which the constructor wants for dlsym.
  static ALLOC8_ALWAYS_INLINE T* get() {
    T* ready = instance.load(std::memory_order_acquire);
    return ALLOC8_LIKELY(ready != nullptr) ? ready : build();
  }

  // As get, but null only to the thread that builds it; others wait.
  static ALLOC8_NOINLINE T* await() {
    T* ready = get();
    while (ready == nullptr && builder.load(std::memory_order_acquire) != self()) {
      yieldThread();
      ready = get();
    }
    return ready;
  }

 private:
  static ALLOC8_NOINLINE T* build() {
    std::uintptr_t nobody = 0;
    if (builder.compare_exchange_strong(nobody, self(), std::memory_order_acq_rel)) {
      T* built = make();
      instance.store(built, std::memory_order_release);
      return built;
    }
    return instance.load(std::memory_order_acquire);
  }

  // Names the thread without a system call.
  static std::uintptr_t self() {
    static thread_local char anchor;
    return reinterpret_cast<std::uintptr_t>(&anchor);
  }

  static T* make() {
    ALLOC8_TRY { return ::new (static_cast<void*>(bytes)) T(); }
    ALLOC8_CATCH(fatal("the heap's constructor threw an exception"))
  }

  alignas(T) static inline unsigned char bytes[sizeof(T)];
  static inline constinit std::atomic<T*> instance{nullptr};
  static inline constinit std::atomic<std::uintptr_t> builder{0};
};

template <class T>
struct StorageOf {
  using Type = LazyStorage<T>;
};

template <ConstantInitialised T>
struct StorageOf<T> {
  using Type = ConstantStorage<T>;
};

}  // namespace detail

// An assertion and not a constraint on T: with that the name would not be declared, and each use of it one more error.
template <class T, class Storage = typename detail::StorageOf<T>::Type>
class HeapRedirect {
  static_assert(Allocator<T>,
                "this heap lacks one of malloc, free, memalign, getSize, lock, unlock: see the notes below");

 public:
  using AllocatorType = T;
  static constexpr bool alwaysReady = Storage::alwaysReady;
  static constexpr bool hasOwns = detail::HasOwns<T>;
  static constexpr bool followsLibcRules = detail::followsLibcRules<T>();

  // The heap, built if need be; null only inside its own constructor. Other threads wait for it.
  static ALLOC8_ALWAYS_INLINE T* getHeap() {
    T* heap = current();
    if constexpr (!alwaysReady) {
      if (building(heap)) return Storage::await();
    }
    return heap;
  }

  static ALLOC8_ALWAYS_INLINE void* malloc(std::size_t size) {
    T* heap = current();
    if (building(heap)) return early(16, size);
    // Said twice, here and in free: through a lambda the compiler inlined a stack of layers less well (31 instructions
    // for a lock instead of 16).
    if constexpr (!ALLOC8_EXCEPTIONS || noexcept(heap->malloc(size))) {
      return heap->malloc(size);
    } else {
      return guarded<false>([&] { return static_cast<void*>(heap->malloc(size)); });
    }
  }

  static ALLOC8_ALWAYS_INLINE void free(void* p) {
    if (bootstrapped(p)) return;  // the arena never reuses
    T* heap = current();
    if (building(heap)) return;
    if constexpr (detail::HasTryFree<T>) {
      const bool freed = guarded<noexcept(heap->tryFree(p))>([&] { return static_cast<bool>(heap->tryFree(p)); }, p);
      if (ALLOC8_LIKELY(freed)) return;
      return freeLong(heap, p);
    }
    freeAny(heap, p);
  }

  static ALLOC8_ALWAYS_INLINE void free_sized(void* p, std::size_t size) {
    if constexpr (detail::HasFreeSized<T>) {
      if (ALLOC8_LIKELY(plainlyOurs(p))) {
        T* heap = current();
        return guarded<noexcept(heap->free_sized(p, size))>([&] { heap->free_sized(p, size); }, p);
      }
    }
    HeapRedirect::free(p);
  }

  static ALLOC8_ALWAYS_INLINE void free_aligned_sized(void* p, std::size_t alignment, std::size_t size) {
    if constexpr (detail::HasFreeAlignedSized<T>) {
      if (ALLOC8_LIKELY(plainlyOurs(p))) {
        T* heap = current();
        return guarded<noexcept(heap->free_aligned_sized(p, alignment, size))>(
            [&] { heap->free_aligned_sized(p, alignment, size); }, p);
      }
    }
    HeapRedirect::free(p);
  }

  static void* memalign(std::size_t alignment, std::size_t size) {
    T* heap = current();
    if (building(heap)) return early(alignment, size);
    return guarded<noexcept(heap->memalign(alignment, size))>(
        [&] { return static_cast<void*>(heap->memalign(alignment, size)); });
  }

  static std::size_t getSize(void* p) {
    if (bootstrapped(p)) return detail::BootstrapArena::usableSize(p);
    T* heap = current();
    if (building(heap)) return 0;
    if constexpr (hasOwns) {
      if (ALLOC8_UNLIKELY(!heap->owns(p))) return detail::foreignUsableSize(p);
    }
    return guarded<noexcept(heap->getSize(p))>([&] { return static_cast<std::size_t>(heap->getSize(p)); }, p);
  }

  // calloc of count * size bytes; the caller has checked that the product does not overflow.
  static void* calloc(std::size_t count, std::size_t size) {
    T* heap = current();
    if (building(heap)) return early(16, count * size, true);
    if constexpr (detail::HasCalloc<T>) {
      return guarded<noexcept(heap->calloc(count, size))>(
          [&] { return static_cast<void*>(heap->calloc(count, size)); });
    } else {
      void* p = HeapRedirect::malloc(count * size);
      return p == nullptr ? nullptr : std::memset(p, 0, count * size);
    }
  }

  // Neither p nor size is zero.
  static void* realloc(void* p, std::size_t size) {
    if constexpr (AllocatorWithRealloc<T>) {
      if (ALLOC8_LIKELY(plainlyOurs(p))) {
        T* heap = current();
        return guarded<noexcept(heap->realloc(p, size))>([&] { return static_cast<void*>(heap->realloc(p, size)); });
      }
    }
    const std::size_t old = getSize(p);
    // Shrinking in place keeps at most half of a block idle.
    if (size <= old && size >= old / 2 && plainlyOurs(p)) return p;
    void* moved = nullptr;
    if (size > old && old >= kGrowsByHalf) {
      const std::size_t roomy = old + old / 2;
      if (size < roomy) moved = HeapRedirect::malloc(roomy);
    }
    if (moved == nullptr) moved = HeapRedirect::malloc(size);
    if (moved == nullptr) return size <= old ? p : nullptr;  // what holds more than is asked for is never a failure
    std::memcpy(moved, p, old < size ? old : size);
    HeapRedirect::free(p);
    return moved;
  }

  // For fork: a child without the thread that builds the heap would never have one, so that thread is waited for.
  static void lock() {
    if (T* heap = getHeap(); !building(heap)) heap->lock();
  }

  static void unlock() {
    if (T* heap = current(); !building(heap)) heap->unlock();
  }

  // In the child of a fork: true when the heap re-initialised itself and must not be unlocked.
  static bool forkChild() {
    if constexpr (detail::HasForkChild<T>) {
      if (T* heap = current(); !building(heap)) heap->forkChild();
      return true;
    } else {
      return false;
    }
  }

  // Fills *out and answers true where the heap keeps statistics.
  static bool stats([[maybe_unused]] HeapStats* out) {
    if constexpr (detail::HasStats<T>) {
      T* heap = current();
      if (building(heap)) return false;
      *out = heap->stats();
      return true;
    } else {
      return false;
    }
  }

  // Fills *out for one of the heap's arenas, counted from 0; false where there are not so many, or the heap names none.
  static bool arenaStats([[maybe_unused]] std::size_t index, [[maybe_unused]] HeapStats* out) {
    if constexpr (detail::HasArenaStats<T>) {
      T* heap = current();
      return !building(heap) && heap->arenaStats(index, out);
    } else {
      return false;
    }
  }

  // Gives memory back to the system, keeping `keep` bytes; bytes released.
  static std::size_t trim([[maybe_unused]] std::size_t keep) {
    if constexpr (detail::HasTrim<T>) {
      T* heap = current();
      return building(heap) ? 0 : heap->trim(keep);
    } else {
      return 0;
    }
  }

 private:
  static ALLOC8_ALWAYS_INLINE void freeAny(T* heap, void* p) {
    if constexpr (hasOwns) {
      if (ALLOC8_UNLIKELY(p != nullptr && !heap->owns(p))) return detail::foreignFree(p);
    }
    if constexpr (!ALLOC8_EXCEPTIONS || noexcept(heap->free(p))) {
      heap->free(p);
    } else {
      guarded<false>([&] { heap->free(p); }, p);
    }
  }

  // Apart, so that the short way has no registers to save.
  static ALLOC8_NOINLINE void freeLong(T* heap, void* p) { freeAny(heap, p); }

  // The heap, built if need be; null while its constructor runs.
  static ALLOC8_ALWAYS_INLINE T* current() { return Storage::get(); }

  // A block for a call that comes while the heap is being built. Threads other than the builder wait for the heap once
  // there is no more in the arena.
  static ALLOC8_NOINLINE void* early(std::size_t alignment, std::size_t size, bool zeroed = false) {
    if (void* p = detail::BootstrapArena::allocate(size, alignment)) return p;
    if (building(getHeap())) return nullptr;
    if (zeroed) return HeapRedirect::calloc(1, size);
    return alignment > 16 ? HeapRedirect::memalign(alignment, size) : HeapRedirect::malloc(size);
  }

  // Does what the heap does. malloc is called by code that expects no exception: one from a heap that allocates is
  // null, no memory; one from a heap that frees or measures a block is the end, because nobody waits for it.
  template <bool kNever, class Call>
  static ALLOC8_ALWAYS_INLINE auto guarded(Call call, [[maybe_unused]] void* p = nullptr) {
    if constexpr (kNever || !ALLOC8_EXCEPTIONS) {
      return call();
    } else if constexpr (requires { requires Storage::withExports; }) {
      return attempted(call, p);
    } else {
      return caught(call, p);
    }
  }

  // Not inlined: link-time optimisation drops the catch where the caller was compiled without exceptions, as the
  // exports are. A heap whose methods are noexcept, or that is compiled without exceptions, does not come here.
  template <class Call>
  static ALLOC8_NOINLINE auto caught(Call call, void* p) -> decltype(call()) {
    return attempted(call, p);
  }

  template <class Call>
  static ALLOC8_ALWAYS_INLINE auto attempted(Call call, [[maybe_unused]] void* p) -> decltype(call()) {
    ALLOC8_TRY { return call(); }
    ALLOC8_CATCH({
      if constexpr (std::is_same_v<decltype(call()), void*>) {
        return nullptr;
      } else {
        fatal("the heap threw an exception for this block", p);
      }
    })
  }

  // A block of this many bytes that must grow gets half as much again: programs grow buffers a page at a time, and to
  // copy at each step would cost the square of the size. What is never touched costs address space only.
  static constexpr std::size_t kGrowsByHalf = std::size_t{32} << 10;

  static ALLOC8_ALWAYS_INLINE bool building([[maybe_unused]] T* heap) {
    if constexpr (alwaysReady) {
      return false;
    } else {
      return ALLOC8_UNLIKELY(heap == nullptr);
    }
  }

  static ALLOC8_ALWAYS_INLINE bool bootstrapped([[maybe_unused]] const void* p) {
    if constexpr (alwaysReady) {
      return false;
    } else {
      return ALLOC8_UNLIKELY(detail::BootstrapArena::owns(p));
    }
  }

  static ALLOC8_ALWAYS_INLINE bool plainlyOurs(void* p) {
    if (bootstrapped(p)) return false;
    T* heap = current();
    if (building(heap)) return false;
    if constexpr (hasOwns) return heap->owns(p);
    return true;
  }
};

}  // namespace alloc8
