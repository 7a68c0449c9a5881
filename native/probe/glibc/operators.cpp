// The C++ operators. Where the heap has its own they are counted; the C++ runtime's call malloc, which is counted
// already, and so do those of some heaps: what happens at the first call tells. All are passed on by a plain call,
// through which exceptions go as they come.

#if !defined(__GLIBC__) && !__has_include(<gnu/libc-version.h>)
#error "probe/glibc is for the GNU C library"
#endif

#include <atomic>

#include "platform/platform.h"
#include "probe/next.h"
#include "probe/passing.h"
#include "probe/probe.h"
#include "probe/sampler.h"

namespace alloc8::probe {

namespace {

// All calls of a thread, to see whether one has led to another.
std::uint64_t callsOf(const ProbeSlot* slot) {
  std::uint64_t sum = 0;
  for (const record::ProbeEntryCount& entry : slot->counts.entries) sum += entry.calls;
  return sum;
}

enum Kind : std::uint32_t { kUnknown = 0, kOwn = 1, kDerived = 2 };

// An operator as it stands behind us.
template <class Function>
class Operator {
 public:
  constexpr explicit Operator(const char* name) : name_(name) {}

  Function* find(const void* caller) {
    void* found = function_.load(std::memory_order_acquire);
    if (ALLOC8_LIKELY(found != nullptr)) return reinterpret_cast<Function*>(found);
    found = platform::nextSymbol(name_);
    if (found == nullptr) found = platform::cxxRuntimeSymbol(name_, caller);
    if (hasNext() && !isOfNextHeap(found)) kind_.store(kDerived, std::memory_order_relaxed);
    function_.store(found, std::memory_order_release);
    return reinterpret_cast<Function*>(found);
  }

  bool isDerived() const { return kind_.load(std::memory_order_relaxed) == kDerived; }
  bool isUnknown() const { return kind_.load(std::memory_order_relaxed) == kUnknown; }
  void learn(bool derived) { kind_.store(derived ? kDerived : kOwn, std::memory_order_relaxed); }

 private:
  const char* name_;
  std::atomic<void*> function_{nullptr};
  std::atomic<std::uint32_t> kind_{kUnknown};
};

template <class Function, class... Rest>
ALLOC8_ALWAYS_INLINE void* given(Operator<Function>& next, ProbeEntry entry, const void* caller, std::size_t bytes,
                                 Rest... rest) {
  Function* function = next.find(caller);
  ProbeSlot* slot = next.isDerived() ? nullptr : currentSlot();
  if (slot == nullptr) return function(bytes, rest...);
  if (ALLOC8_LIKELY(!next.isUnknown())) {
    return countedGiven(slot, entry, bytes, [=] { return function(bytes, rest...); });
  }
  const ProbeLevels levels = currentLevels();
  // Nothing is learnt where nothing is counted.
  if (!isOn(levels, record::kProbeCounts)) return function(bytes, rest...);
  const std::uint64_t before = callsOf(slot);
  void* block = function(bytes, rest...);
  next.learn(callsOf(slot) != before);
  if (next.isDerived()) return block;
  countCall(slot, entry, bytes);
  if (block != nullptr) return countBlock(slot, levels, bytes, block);
  countFailure(slot, entry);
  return nullptr;
}

template <class Function, class... Rest>
ALLOC8_ALWAYS_INLINE void taken(Operator<Function>& next, ProbeEntry entry, const void* caller, void* block,
                                Rest... rest) {
  if (isBootstrap(block)) return;
  Function* function = next.find(caller);
  ProbeSlot* slot = next.isDerived() ? nullptr : currentSlot();
  if (slot == nullptr) {
    if (!next.isDerived()) forget(block, 0);
    return function(block, rest...);
  }
  if (ALLOC8_LIKELY(!next.isUnknown())) {
    return countedTaken(slot, entry, block, [=] { function(block, rest...); });
  }
  const ProbeLevels levels = currentLevels();
  if (!isOn(levels, record::kProbeCounts)) return function(block, rest...);
  // Its usable size must be known before it goes, and whether it is to be counted is known only afterwards.
  std::size_t usable = 0;
  const bool live = usableIfLive(levels, block, &usable);
  // Sampled, it goes either way, and must be known no more before another has it.
  forget(block, slot->thread);
  const std::uint64_t before = callsOf(slot);
  function(block, rest...);
  // Of null nothing is learnt: it may lead to no call.
  if (block == nullptr || callsOf(slot) != before) {
    if (block != nullptr) next.learn(true);
    return;
  }
  next.learn(false);
  countCall(slot, entry, 0);
  if (live) countTakenBytes(slot, usable);
}

using Nothrow = const void*;

}  // namespace

}  // namespace alloc8::probe

using namespace alloc8::probe;  // NOLINT(google-build-using-namespace)

// By their Itanium ABI names: the nothrow_t is a reference, an alignment a size.
#define CALLER __builtin_return_address(0)

#define NEW(symbol, entry, parameters, types, ...)                                   \
  extern "C" ALLOC8_EXPORT void* symbol parameters {                                 \
    static constinit Operator<void * types> next(#symbol);                           \
    return given(next, ProbeEntry::entry, CALLER, bytes __VA_OPT__(, ) __VA_ARGS__); \
  }

#define DELETE(symbol, entry, parameters, types, ...)                         \
  extern "C" ALLOC8_EXPORT void symbol parameters {                           \
    static constinit Operator<void types> next(#symbol);                      \
    taken(next, ProbeEntry::entry, CALLER, block __VA_OPT__(, ) __VA_ARGS__); \
  }

#define SIZE std::size_t bytes
#define ALIGN std::size_t alignment
#define NONE Nothrow nothrow
#define BLOCK void* block
using Size = std::size_t;

NEW(_Znwm, operator_new, (SIZE), (Size))
NEW(_Znam, operator_new_array, (SIZE), (Size))
NEW(_ZnwmRKSt9nothrow_t, operator_new, (SIZE, NONE), (Size, Nothrow), nothrow)
NEW(_ZnamRKSt9nothrow_t, operator_new_array, (SIZE, NONE), (Size, Nothrow), nothrow)
NEW(_ZnwmSt11align_val_t, operator_new, (SIZE, ALIGN), (Size, Size), alignment)
NEW(_ZnamSt11align_val_t, operator_new_array, (SIZE, ALIGN), (Size, Size), alignment)
NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, operator_new, (SIZE, ALIGN, NONE), (Size, Size, Nothrow), alignment, nothrow)
NEW(_ZnamSt11align_val_tRKSt9nothrow_t, operator_new_array, (SIZE, ALIGN, NONE), (Size, Size, Nothrow), alignment,
    nothrow)

DELETE(_ZdlPv, operator_delete, (BLOCK), (void*))
DELETE(_ZdaPv, operator_delete_array, (BLOCK), (void*))
DELETE(_ZdlPvRKSt9nothrow_t, operator_delete, (BLOCK, NONE), (void*, Nothrow), nothrow)
DELETE(_ZdaPvRKSt9nothrow_t, operator_delete_array, (BLOCK, NONE), (void*, Nothrow), nothrow)
DELETE(_ZdlPvm, operator_delete, (BLOCK, SIZE), (void*, Size), bytes)
DELETE(_ZdaPvm, operator_delete_array, (BLOCK, SIZE), (void*, Size), bytes)
DELETE(_ZdlPvSt11align_val_t, operator_delete, (BLOCK, ALIGN), (void*, Size), alignment)
DELETE(_ZdaPvSt11align_val_t, operator_delete_array, (BLOCK, ALIGN), (void*, Size), alignment)
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, operator_delete, (BLOCK, ALIGN, NONE), (void*, Size, Nothrow), alignment,
       nothrow)
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, operator_delete_array, (BLOCK, ALIGN, NONE), (void*, Size, Nothrow),
       alignment, nothrow)
DELETE(_ZdlPvmSt11align_val_t, operator_delete, (BLOCK, SIZE, ALIGN), (void*, Size, Size), bytes, alignment)
DELETE(_ZdaPvmSt11align_val_t, operator_delete_array, (BLOCK, SIZE, ALIGN), (void*, Size, Size), bytes, alignment)
