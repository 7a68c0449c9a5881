// Follows a process into a sandbox: before it filters its own system calls (seccomp), what needs some is done for the
// last time, and from then on the witness makes none that a filter might end the process for. Such filters are put in
// place through prctl, or behind PR_SET_NO_NEW_PRIVS, without which only root may.

#if !defined(__linux__)
#error "witness/linux is for Linux"
#endif

#include <cstdarg>

#include <sys/prctl.h>

#include "alloc8/detail/compiler.h"
#include "platform/platform.h"
#include "witness/linux/image.h"
#include "witness/linux/late.h"
#include "witness/linux/next.h"

namespace alloc8::witness {

namespace {

Next<int(int, ...)> nextPrctl{"prctl"};

// Room in the journal for some thousand forks.
constexpr std::size_t kAhead = std::size_t{128} << 10;

void beforeSandbox() {
  // In the child of a vfork it is the parent's memory, and the parent goes on outside.
  if (!journal().isOpen() || isSilent() || platform::processId() != memoryOwner()) return;
  lookForTheLastTime();
  journal().prepare(kAhead);
  setSilent();
}

}  // namespace

void findSandboxFunctions() { nextPrctl.find(); }

}  // namespace alloc8::witness

using namespace alloc8::witness;  // NOLINT(google-build-using-namespace): a C function that stands in for libc's

extern "C" {

// As in libc, all four arguments are passed on, whatever the option takes of them.
ALLOC8_EXPORT int prctl(int option, ...) noexcept {
  std::va_list list;
  va_start(list, option);
  unsigned long arguments[4];
  for (unsigned long& argument : arguments) argument = va_arg(list, unsigned long);
  va_end(list);
  if (option == PR_SET_NO_NEW_PRIVS || option == PR_SET_SECCOMP) beforeSandbox();
  return nextPrctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
}

}  // extern "C"
