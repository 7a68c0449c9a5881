// When the witness writes: once for every process image, before main, and once in every forked child. Each record is a
// file of its own in the session folder that ALLOC8_SESSION names; without one, or where it cannot be written (changed
// root, dropped privileges, full disk), nothing happens: the target never suffers.

#if !defined(__linux__)
#error "witness/linux is for Linux"
#endif

#include <cerrno>
#include <cstring>

#include "platform/platform.h"
#include "record/witness_writer.h"
#include "witness/witness.h"

extern "C" {
// What pthread_atfork calls; weak, because another libc has no such function, and a missing one ends the program there.
__attribute__((weak)) int __register_atfork(void (*)(), void (*)(), void (*)(), void*);
extern void* __dso_handle;
}

namespace alloc8::witness {

namespace {

constexpr std::size_t kPathBytes = 4096;

// Set once before main, read in forked children.
char sessionFolder[kPathBytes];

// Not on the stack, which may be the small one of a signal handler that forks. One thread at a time writes a record:
// before main the one that starts the process, in a forked child the only one there is.
char pathBuffer[kPathBytes];

// Appends the number in decimal; the end of what was written.
char* appendNumber(char* at, std::uint64_t value) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (count > 0) *at++ = digits[--count];
  return at;
}

// <session>/<pid>-<sequence>.witness; the folder's length leaves room for it.
const char* recordPath(std::int64_t pid, std::uint64_t sequence) {
  char* at = stpcpy(pathBuffer, sessionFolder);
  *at++ = '/';
  at = appendNumber(at, static_cast<std::uint64_t>(pid));
  *at++ = '-';
  at = appendNumber(at, sequence);
  stpcpy(at, ".witness");
  return pathBuffer;
}

void writeRecord(record::WitnessKind kind) {
  const int saved = errno;
  auto* memory = static_cast<char*>(platform::mapPages(record::WitnessWriter::kMemoryBytes, platform::pageSize()));
  if (memory == nullptr) return;
  record::WitnessWriter writer(memory);
  record::WitnessHeader header{};
  header.kind = static_cast<std::uint32_t>(kind);
  header.sequenceNs = platform::monotonicNs();
  header.pid = platform::processId();
  header.ppid = platform::parentProcessId();
  platform::executablePath(pathBuffer, sizeof pathBuffer);
  header.executable = writer.addString(pathBuffer);
  if (kind == record::WitnessKind::kExec) describeBindings(writer);
  std::size_t bytes = 0;
  const void* record = writer.finish(header, &bytes);
  platform::writeNewFile(recordPath(header.pid, header.sequenceNs), record, bytes);
  platform::unmapPages(memory, record::WitnessWriter::kMemoryBytes);
  errno = saved;
}

// A forked child has its parent's bindings, so its record says only that it lives.
void inForkedChild() { writeRecord(record::WitnessKind::kFork); }

__attribute__((constructor)) void start() {
  const char* folder = platform::earlyEnvironment("ALLOC8_SESSION");
  constexpr std::size_t kNameBytes = 64;  // '/', two numbers and the suffix
  if (folder == nullptr || *folder == '\0' || std::strlen(folder) >= kPathBytes - kNameBytes) return;
  if (__register_atfork == nullptr || !canDescribe()) return;
  std::strcpy(sessionFolder, folder);
  const int saved = errno;
  writeRecord(record::WitnessKind::kExec);
  __register_atfork(nullptr, nullptr, inForkedChild, &__dso_handle);
  errno = saved;
}

}  // namespace

}  // namespace alloc8::witness
