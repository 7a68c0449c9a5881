// When the witness writes: a record for every process image, before main, and from then on its journal. Both are files
// in the session folder that ALLOC8_SESSION names; without one, or where they cannot be written (changed root, dropped
// privileges, full disk), nothing happens: the target never suffers.

#if !defined(__linux__)
#error "witness/linux is for Linux"
#endif

#include <cerrno>
#include <cstring>

#include "base/decimal.h"
#include "platform/platform.h"
#include "record/witness_writer.h"
#include "witness/linux/image.h"
#include "witness/linux/late.h"
#include "witness/witness.h"

extern "C" {
// What pthread_atfork calls; weak, because another libc has no such function, and a missing one ends the program there.
__attribute__((weak)) int __register_atfork(void (*)(), void (*)(), void (*)(), void*);
extern void* __dso_handle;
}

namespace alloc8::witness {

namespace {

constexpr std::size_t kPathBytes = 4096;

// Of the path of the session folder: what its files are called comes behind it.
constexpr std::size_t kNameBytes = 64;

// <session>/<pid>-<sequence>.witness; the folder's length leaves room for it.
void makeRecordPath(char* at, const char* folder, std::int64_t pid, std::uint64_t sequence) {
  at = stpcpy(at, folder);
  *at++ = '/';
  at = base::appendDecimal(at, static_cast<std::uint64_t>(pid));
  *at++ = '-';
  at = base::appendDecimal(at, sequence);
  std::strcpy(at, ".witness");
}

void writeRecord(const char* folder, std::int64_t pid, std::uint64_t sequence) {
  auto* memory = static_cast<char*>(platform::mapPages(record::WitnessWriter::kMemoryBytes, platform::pageSize()));
  if (memory == nullptr) return;
  record::WitnessWriter writer(memory);
  record::WitnessHeader header{};
  header.kind = static_cast<std::uint32_t>(record::WitnessKind::kExec);
  header.sequenceNs = sequence;
  header.pid = pid;
  header.ppid = platform::parentProcessId();
  char path[kPathBytes];
  platform::executablePath(path, sizeof path);
  header.executable = writer.addString(path);
  if (platform::earlyEnvironment("LD_AUDIT") != nullptr) header.flags |= record::kAudited;
  describeBindings(writer);
  std::size_t bytes = 0;
  const void* record = writer.finish(header, &bytes);
  makeRecordPath(path, folder, pid, sequence);
  platform::writeNewFile(path, record, bytes);
  platform::unmapPages(memory, record::WitnessWriter::kMemoryBytes);
}

// A forked child has its parent's bindings, and its journal.
void inForkedChild() {
  const std::int64_t parent = memoryOwner();
  const std::int64_t pid = platform::processId();
  setMemoryOwner(pid);
  forgetLateObjects();
  record::JournalEntry* entry = journal().reserve(record::JournalKind::kFork, pid, 0);
  if (entry == nullptr) return;
  entry->ppid = parent;
  record::Journal::finish(entry, 0);
}

__attribute__((constructor)) void start() {
  const int saved = errno;
  findExecFunctions();
  findSpawnFunctions();
  findLoadFunctions();
  findSandboxFunctions();
  const char* folder = platform::earlyEnvironment("ALLOC8_SESSION");
  const bool named = folder != nullptr && *folder != '\0' && std::strlen(folder) < kPathBytes - kNameBytes;
  if (named && __register_atfork != nullptr && canDescribe()) {
    const std::int64_t pid = platform::processId();
    const std::uint64_t sequence = platform::monotonicNs();
    writeRecord(folder, pid, sequence);
    followImage(pid, sequence, folder);
    rememberObjects();
    __register_atfork(nullptr, nullptr, inForkedChild, &__dso_handle);
  }
  errno = saved;
}

}  // namespace

}  // namespace alloc8::witness
