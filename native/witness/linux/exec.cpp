// Follows exec: before a process becomes another program, its journal names the program and says whether the heap goes
// along. Where the new program's own record does not appear, this is what is known of it. An exec that fails is taken
// back.
//
// All of it may run in the child of a vfork, which shares its parent's memory, and in a signal handler: no locks, no
// allocation, nothing static that changes.

#if !defined(__linux__)
#error "witness/linux is for Linux"
#endif

#include <alloca.h>
#include <cstdarg>
#include <cstddef>
#include <cstring>

#include <fcntl.h>

#include "alloc8/detail/compiler.h"
#include "platform/platform.h"
#include "witness/linux/image.h"
#include "witness/linux/late.h"
#include "witness/linux/next.h"

namespace alloc8::witness {

namespace {

Next<int(const char*, char* const*)> nextExecv{"execv"};
Next<int(const char*, char* const*, char* const*)> nextExecve{"execve"};
Next<int(const char*, char* const*)> nextExecvp{"execvp"};
Next<int(const char*, char* const*, char* const*)> nextExecvpe{"execvpe"};
Next<int(int, char* const*, char* const*)> nextFexecve{"fexecve"};
Next<int(int, const char*, char* const*, char* const*, int)> nextExecveat{"execveat"};

// What an exec is to be entered as.
struct Program {
  const char* name;
  bool search;
};

record::JournalEntry* enter(const Program& program, char* const* environment) {
  lookAtLateObjects();
  const std::int64_t pid = platform::processId();
  record::JournalEntry* entry = enterStart(record::JournalKind::kExec, pid, program.name, program.search, environment);
  if (entry == nullptr) return nullptr;
  if (!isSilent()) entry->ppid = platform::parentProcessId();
  record::Journal::finish(entry, entry->textBytes);
  return entry;
}

// Calls exec, which returns where it failed.
template <class Exec>
int follow(const Program& program, char* const* environment, Exec exec) {
  record::JournalEntry* entry = enter(program, environment);
  const int result = exec();
  record::Journal::withdraw(entry);
  return result;
}

int followExecve(const char* path, char* const* arguments, char* const* environment) {
  return follow({path, false}, environment, [=] { return nextExecve(path, arguments, environment); });
}

int followExecvp(const char* name, char* const* arguments) {
  return follow({name, true}, platform::currentEnvironment(), [=] { return nextExecvp(name, arguments); });
}

int followExecv(const char* path, char* const* arguments) {
  return follow({path, false}, platform::currentEnvironment(), [=] { return nextExecv(path, arguments); });
}

// The length of the list of arguments that `first` begins and a null ends, with that null.
std::size_t countArguments(const char* first, std::va_list list) {
  std::size_t count = 1;
  if (first == nullptr) return count;
  do {
    ++count;
  } while (va_arg(list, const char*) != nullptr);  // NOLINT(clang-analyzer-valist.Uninitialized): the caller began it
  return count;
}

// Fills the array in; what stands behind the null in the list is next.
void collectArguments(char** out, const char* first, std::va_list* list) {
  *out = const_cast<char*>(first);
  while (*out != nullptr) *++out = va_arg(*list, char*);  // NOLINT(clang-analyzer-valist.Uninitialized): likewise
}

// The file behind a descriptor, or below the folder behind it: as far as it can be told.
record::JournalEntry* enterDescriptor(int descriptor, const char* path, char* const* environment) {
  ALLOC8_ASSUME_NOTHING(path);
  if (path == nullptr || *path == '/' || descriptor == AT_FDCWD) return enter({path, false}, environment);
  lookAtLateObjects();
  constexpr std::size_t kRoom = 1024;
  record::JournalEntry* entry =
      journal().reserve(record::JournalKind::kExec, platform::processId(), kRoom + std::strlen(path) + 1);
  if (entry == nullptr) return nullptr;
  char* text = record::Journal::text(entry);
  std::size_t length = isSilent() ? 0 : platform::pathOfDescriptor(descriptor, text, kRoom);
  if (length == 0) length = static_cast<std::size_t>(stpcpy(text, "/proc/self/fd") - text);
  if (*path != '\0') text[length++] = '/';
  length = static_cast<std::size_t>(stpcpy(text + length, path) - text);
  if (!isSilent()) entry->ppid = platform::parentProcessId();
  entry->flags = startFlags(environment);
  record::Journal::finish(entry, length);
  return entry;
}

}  // namespace

// Finds the functions while that is allowed; afterwards they are used in places where it is not.
void findExecFunctions() {
  nextExecv.find();
  nextExecve.find();
  nextExecvp.find();
  nextExecvpe.find();
  nextFexecve.find();
  nextExecveat.find();
}

}  // namespace alloc8::witness

using namespace alloc8::witness;  // NOLINT(google-build-using-namespace): C functions that stand in for libc's

extern "C" {

ALLOC8_EXPORT int execve(const char* path, char* const arguments[], char* const environment[]) noexcept {
  return followExecve(path, arguments, environment);
}

ALLOC8_EXPORT int execv(const char* path, char* const arguments[]) noexcept { return followExecv(path, arguments); }

ALLOC8_EXPORT int execvp(const char* name, char* const arguments[]) noexcept { return followExecvp(name, arguments); }

ALLOC8_EXPORT int execvpe(const char* name, char* const arguments[], char* const environment[]) noexcept {
  return follow({name, true}, environment, [=] { return nextExecvpe(name, arguments, environment); });
}

ALLOC8_EXPORT int fexecve(int descriptor, char* const arguments[], char* const environment[]) noexcept {
  alloc8::record::JournalEntry* entry = enterDescriptor(descriptor, "", environment);
  const int result = nextFexecve(descriptor, arguments, environment);
  alloc8::record::Journal::withdraw(entry);
  return result;
}

ALLOC8_EXPORT int execveat(int descriptor, const char* path, char* const arguments[], char* const environment[],
                           int flags) noexcept {
  alloc8::record::JournalEntry* entry = enterDescriptor(descriptor, path, environment);
  const int result = nextExecveat(descriptor, path, arguments, environment, flags);
  alloc8::record::Journal::withdraw(entry);
  return result;
}

// The variadic forms collect their arguments on the stack, as libc's do: they may run where nothing can be allocated.

ALLOC8_EXPORT int execl(const char* path, const char* first, ...) noexcept {
  std::va_list list;
  va_start(list, first);
  const std::size_t count = countArguments(first, list);
  va_end(list);
  auto** arguments = static_cast<char**>(alloca(count * sizeof(char*)));
  va_start(list, first);
  collectArguments(arguments, first, &list);
  va_end(list);
  return followExecv(path, arguments);
}

ALLOC8_EXPORT int execlp(const char* name, const char* first, ...) noexcept {
  std::va_list list;
  va_start(list, first);
  const std::size_t count = countArguments(first, list);
  va_end(list);
  auto** arguments = static_cast<char**>(alloca(count * sizeof(char*)));
  va_start(list, first);
  collectArguments(arguments, first, &list);
  va_end(list);
  return followExecvp(name, arguments);
}

ALLOC8_EXPORT int execle(const char* path, const char* first, ...) noexcept {
  std::va_list list;
  va_start(list, first);
  const std::size_t count = countArguments(first, list);
  va_end(list);
  auto** arguments = static_cast<char**>(alloca(count * sizeof(char*)));
  va_start(list, first);
  collectArguments(arguments, first, &list);
  char** environment = va_arg(list, char**);
  va_end(list);
  return followExecve(path, arguments, environment);
}

}  // extern "C"
