// Follows posix_spawn, system and popen, which start programs without a call to exec that could be seen: libc's own go
// to the kernel by themselves.

#if !defined(__linux__)
#error "witness/linux is for Linux"
#endif

#include <cstdio>

#include <spawn.h>

#include "alloc8/detail/compiler.h"
#include "platform/platform.h"
#include "witness/linux/image.h"
#include "witness/linux/late.h"
#include "witness/linux/next.h"

namespace alloc8::witness {

namespace {

using Spawn = int(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const*,
                  char* const*);

Next<Spawn> nextSpawn{"posix_spawn"};
Next<Spawn> nextSpawnp{"posix_spawnp"};
Next<int(const char*)> nextSystem{"system"};
Next<FILE*(const char*, const char*)> nextPopen{"popen"};

// The shell of system and popen, by libc's own decision.
constexpr char kShell[] = "/bin/sh";

int followSpawn(Next<Spawn>& next, bool search, pid_t* child, const char* name,
                const posix_spawn_file_actions_t* actions, const posix_spawnattr_t* attributes, char* const* arguments,
                char* const* environment) {
  record::JournalEntry* entry =
      enterStart(record::JournalKind::kSpawn, platform::processId(), name, search, environment);
  pid_t started = 0;
  const int problem = next(&started, name, actions, attributes, arguments, environment);
  if (problem == 0 && child != nullptr) *child = started;
  if (entry == nullptr) return problem;
  entry->child = started;
  if (problem == 0) {
    record::Journal::finish(entry, entry->textBytes);
  } else {
    record::Journal::withdraw(entry);
  }
  return problem;
}

record::JournalEntry* enterShell() {
  record::JournalEntry* entry =
      enterStart(record::JournalKind::kShell, platform::processId(), kShell, false, platform::currentEnvironment());
  if (entry != nullptr) record::Journal::finish(entry, entry->textBytes);
  return entry;
}

}  // namespace

void findSpawnFunctions() {
  nextSpawn.find();
  nextSpawnp.find();
  nextSystem.find();
  nextPopen.find();
}

}  // namespace alloc8::witness

using namespace alloc8::witness;  // NOLINT(google-build-using-namespace): C functions that stand in for libc's

extern "C" {

ALLOC8_EXPORT int posix_spawn(pid_t* child, const char* path, const posix_spawn_file_actions_t* actions,
                              const posix_spawnattr_t* attributes, char* const arguments[], char* const environment[]) {
  return followSpawn(nextSpawn, false, child, path, actions, attributes, arguments, environment);
}

ALLOC8_EXPORT int posix_spawnp(pid_t* child, const char* name, const posix_spawn_file_actions_t* actions,
                               const posix_spawnattr_t* attributes, char* const arguments[],
                               char* const environment[]) {
  return followSpawn(nextSpawnp, true, child, name, actions, attributes, arguments, environment);
}

// A null command only asks whether there is a shell, which glibc finds out by starting it.
ALLOC8_EXPORT int system(const char* command) {
  enterShell();
  return nextSystem(command);
}

ALLOC8_EXPORT FILE* popen(const char* command, const char* mode) {
  alloc8::record::JournalEntry* entry = enterShell();
  FILE* stream = nextPopen(command, mode);
  if (stream == nullptr) alloc8::record::Journal::withdraw(entry);
  return stream;
}

}  // extern "C"
