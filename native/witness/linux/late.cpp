// Follows dlopen and dlmopen. libc takes the caller's own search path and $ORIGIN from the return address, so these
// functions must not stand between: they enter what is asked for and leave by a jump. What was loaded is looked at
// later: at the next dlopen, at exec, at exit and _exit. A process that is killed before has entries of what it asked
// for, and none that says how it was bound.

#if !defined(__linux__)
#error "witness/linux is for Linux"
#endif

#include "witness/linux/late.h"

#include <atomic>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <unistd.h>

#include "alloc8/detail/compiler.h"
#include "platform/platform.h"
#include "witness/linux/image.h"
#include "witness/linux/next.h"
#include "witness/witness.h"

namespace alloc8::witness {

namespace {

Next<void*(const char*, int)> nextDlopen{"dlopen"};
Next<void*(Lmid_t, const char*, int)> nextDlmopen{"dlmopen"};
Next<void(int)> nextExitNow{"_exit"};
Next<void(int)> nextExitAlso{"_Exit"};
Next<void(int)> nextQuickExit{"quick_exit"};

// Set by dlopen, cleared by who looks.
std::atomic<bool> loadedSince{false};
// Of what was loaded since; one dlopen at a time, as a rule.
std::atomic<bool> deepBound{false};
// One thread looks at a time; another does not wait, because it may be the same, in a signal handler.
std::atomic<bool> looking{false};

// Enters what is there now that was not there before.
void look() {
  if (looking.exchange(true, std::memory_order_acquire)) return;
  loadedSince.store(false, std::memory_order_relaxed);
  std::uint32_t flags = 0;
  if (deepBound.exchange(false, std::memory_order_relaxed)) flags |= record::kDeepBound;
  const std::int64_t pid = memoryOwner();
  enterLateObjects(journal(), pid, flags);
  record::JournalEntry* entry = journal().reserve(record::JournalKind::kLooked, pid, 0);
  if (entry != nullptr) record::Journal::finish(entry, 0);
  looking.store(false, std::memory_order_release);
}

void enterLoad(const char* file, int mode, bool ownNamespace) {
  if (!journal().isOpen() || file == nullptr || (mode & RTLD_NOLOAD) != 0) return;
  lookAtLateObjects();
  const std::size_t length = std::strlen(file);
  record::JournalEntry* entry = journal().reserve(record::JournalKind::kLoad, memoryOwner(), length);
  if (entry != nullptr) {
    std::memcpy(record::Journal::text(entry), file, length);
    if ((mode & RTLD_DEEPBIND) != 0) entry->flags |= record::kDeepBound;
    if (ownNamespace) entry->flags |= record::kOwnNamespace;
    record::Journal::finish(entry, length);
  }
  if ((mode & RTLD_DEEPBIND) != 0) deepBound.store(true, std::memory_order_relaxed);
  loadedSince.store(true, std::memory_order_release);
}

// Whether the loader's lists may be walked here. Not in a child that came about without the handlers of fork (_Fork,
// clone, vfork): a thread that only its parent has may hold the loader's lock for ever. Not where this call interrupts
// the loader itself, in a signal handler that ends the process: its lists name what is unmapped already. Not under a
// filter of system calls.
bool mayLook() { return !isSilent() && platform::processId() == memoryOwner() && listsAreAtRest(); }

// Set in a forked child, where the loader's lock may be held for ever by a thread that only its parent has.
bool forked = false;

__attribute__((destructor)) void atExit() { lookForTheLastTime(); }

}  // namespace

void lookAtLateObjects() {
  if (loadedSince.load(std::memory_order_acquire) && mayLook()) look();
}

void lookForTheLastTime() {
  if (!journal().isOpen() || !mayLook()) return;
  if (loadedSince.load(std::memory_order_relaxed) || (!forked && hasLateObjects())) look();
}

void forgetLateObjects() {
  forked = true;
  loadedSince.store(false, std::memory_order_relaxed);
  looking.store(false, std::memory_order_relaxed);
}

void findLoadFunctions() {
  nextDlopen.find();
  nextDlmopen.find();
  nextExitNow.find();
  nextExitAlso.find();
  nextQuickExit.find();
}

}  // namespace alloc8::witness

using namespace alloc8::witness;  // NOLINT(google-build-using-namespace): C functions that stand in for libc's

extern "C" {

// test/verdict sees whether $ORIGIN holds.

ALLOC8_EXPORT ALLOC8_TAIL_CALLS void* dlopen(const char* file, int mode) noexcept {
  enterLoad(file, mode, false);
  return nextDlopen.find()(file, mode);
}

ALLOC8_EXPORT ALLOC8_TAIL_CALLS void* dlmopen(Lmid_t space, const char* file, int mode) noexcept {
  enterLoad(file, mode, space != LM_ID_BASE);
  return nextDlmopen.find()(space, file, mode);
}

ALLOC8_EXPORT void _exit(int status) {
  lookAtLateObjects();
  nextExitNow(status);
  __builtin_trap();
}

ALLOC8_EXPORT void _Exit(int status) noexcept {
  lookAtLateObjects();
  nextExitAlso(status);
  __builtin_trap();
}

ALLOC8_EXPORT void quick_exit(int status) noexcept {
  lookAtLateObjects();
  nextQuickExit(status);
  __builtin_trap();
}

}  // extern "C"
