// The walk up a stack. Rows of the unwind tables are cached by the place in the code, without locks: an entry is two
// words, of which the first is the place with the second mixed in, so that one that was half written is no entry.

#include "probe/unwind/walk.h"

#include <atomic>
#include <bit>
#include <cstring>

#include "alloc8/detail/compiler.h"
#include "platform/platform.h"
#include "probe/unwind/row.h"

extern "C" {
extern const char __ehdr_start __attribute__((visibility("hidden")));
extern const char _end __attribute__((visibility("hidden")));
}

namespace alloc8::probe {

namespace {

struct Registers {
  std::uintptr_t code;
  std::uintptr_t stack;
  std::uintptr_t frame;
};

struct CachedRow {
  std::atomic<std::uint64_t> mixed;
  std::atomic<std::uint64_t> row;
};

constexpr std::size_t kCachedRows = 4096;
constinit CachedRow cachedRows[kCachedRows]{};

UnwindRow findRow(std::uintptr_t place) {
  platform::LoadedObject object{};
  if (!platform::findLoadedObject(place, &object) || object.unwindTable == nullptr) return {};
  const auto read = [&object](std::uintptr_t at) {
    return readUnwindRow(object.unwindTable, object.readOnlyStart, object.readOnlyEnd, at);
  };
  UnwindRow row = read(place);
  if (row.base != FrameBase::kUnknown) return row;
  // The loader's first code, which calls constructors, has no row. And a return address with which a function begins
  // was left by nothing that was called: a coroutine starts there.
  if (object.isLoader || read(place + 1).base != FrameBase::kUnknown) row.base = FrameBase::kOutermost;
  return row;
}

UnwindRow rowFor(std::uintptr_t place) {
  CachedRow& cached = cachedRows[(place * 0x9e3779b97f4a7c15) >> 52];
  static_assert(kCachedRows == std::size_t{1} << (64 - 52));
  const std::uint64_t row = cached.row.load(std::memory_order_relaxed);
  if ((cached.mixed.load(std::memory_order_relaxed) ^ row) == place) return std::bit_cast<UnwindRow>(row);
  const UnwindRow found = findRow(place);
  const auto word = std::bit_cast<std::uint64_t>(found);
  cached.row.store(word, std::memory_order_relaxed);
  cached.mixed.store(place ^ word, std::memory_order_relaxed);
  return found;
}

// Reads words of the stack. Each page is asked for once: a stack may be any memory that the program has switched to,
// and a wrong row may lead out of it.
class StackReader {
 public:
  bool read(std::uintptr_t address, std::uintptr_t* word) {
    constexpr std::uintptr_t kPageMask = ~std::uintptr_t{4095};
    if ((address & 7) != 0) return false;
    if ((address & kPageMask) != page_) {
      if (address < kLowest || !platform::isReadable(address)) return false;
      page_ = address & kPageMask;
    }
    std::memcpy(word, reinterpret_cast<const void*>(address), sizeof *word);
    return true;
  }

 private:
  static constexpr std::uintptr_t kLowest = 65536;
  std::uintptr_t page_ = 0;
};

// By the frame pointer: what it points to is the caller's, and the return address stands behind it.
bool stepByFrame(Registers& at, StackReader& stack) {
  std::uintptr_t frame = 0;
  std::uintptr_t code = 0;
  // A frame lies above the stack pointer, and not far: what the register has may be anything.
  constexpr std::uintptr_t kFarthest = std::uintptr_t{16} << 20;
  if (at.frame < at.stack || at.frame - at.stack > kFarthest) return false;
  if (!stack.read(at.frame, &frame) || !stack.read(at.frame + 8, &code)) return false;
  at = {code, at.frame + 16, frame};
  return true;
}

// The registers that the kernel has saved in front of a signal handler: offsets in what Linux puts on the stack for
// x86-64 (ucontext_t, gregs).
bool stepBySignal(Registers& at, StackReader& stack) {
  constexpr std::uintptr_t kFrame = 120;
  constexpr std::uintptr_t kStack = 160;
  constexpr std::uintptr_t kCode = 168;
  Registers before{};
  if (!stack.read(at.stack + kFrame, &before.frame) || !stack.read(at.stack + kStack, &before.stack)) return false;
  if (!stack.read(at.stack + kCode, &before.code)) return false;
  at = before;
  return true;
}

bool stepByRow(const UnwindRow& row, Registers& at, StackReader& stack) {
  std::uintptr_t base = 0;
  switch (row.base) {
    case FrameBase::kStack: base = at.stack + static_cast<std::uintptr_t>(std::intptr_t{row.offset}); break;
    case FrameBase::kFrame: base = at.frame + static_cast<std::uintptr_t>(std::intptr_t{row.offset}); break;
    case FrameBase::kAtFrame:
      if (!stack.read(at.frame + static_cast<std::uintptr_t>(std::intptr_t{row.offset}), &base)) return false;
      break;
    case FrameBase::kLinkage: base = at.stack + ((at.code & 15) >= 11 ? 16 : 8); break;
    default: return false;
  }
  Registers caller{0, base, at.frame};
  if (base <= at.stack || !stack.read(base - 8, &caller.code)) return false;
  const auto savedOffset = static_cast<std::uintptr_t>(std::intptr_t{row.savedOffset});
  if (row.saved == SavedFrame::kAtBase && !stack.read(base + savedOffset, &caller.frame)) return false;
  if (row.saved == SavedFrame::kAtFrame && !stack.read(at.frame + savedOffset, &caller.frame)) return false;
  if (row.saved == SavedFrame::kUnknown) caller.frame = 0;
  at = caller;
  return true;
}

bool isOurs(std::uintptr_t code) {
  const auto start = reinterpret_cast<std::uintptr_t>(&__ehdr_start);
  return code - start < reinterpret_cast<std::uintptr_t>(&_end) - start;
}

ALLOC8_ALWAYS_INLINE Registers here() {
#if defined(__x86_64__)
  Registers at{};
  __asm__ volatile("lea 0(%%rip), %0\n\tmov %%rsp, %1\n\tmov %%rbp, %2"
                   : "=r"(at.code), "=r"(at.stack), "=r"(at.frame));
  return at;
#else
  const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  return {0, frame, frame};
#endif
}

}  // namespace

__attribute__((noinline)) Walk walkStack(std::uintptr_t* addresses, std::size_t most) {
  Registers at = here();
  StackReader stack;
  Walk walk{0, false};
  // A return address may stand behind its function, whose last thing the call was. Where we are, and where a signal has
  // come, is no return address.
  bool isReturn = false;
  for (;;) {
    const UnwindRow row = rowFor(isReturn ? at.code - 1 : at.code);
    isReturn = row.base != FrameBase::kSignal;
    if (row.base == FrameBase::kOutermost) {
      walk.complete = true;
      return walk;
    }
    const bool moved = row.base == FrameBase::kSignal    ? stepBySignal(at, stack)
                       : row.base == FrameBase::kUnknown ? stepByFrame(at, stack)
                                                         : stepByRow(row, at, stack);
    if (!moved) return walk;
    if (at.code == 0) {
      walk.complete = true;
      return walk;
    }
    if (isOurs(at.code)) continue;
    if (walk.frames == most) return walk;
    addresses[walk.frames++] = at.code;
  }
}

}  // namespace alloc8::probe
