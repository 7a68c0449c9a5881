// Which objects were loaded after start, in the program's own namespace and in those that dlmopen makes. The loader's
// lists are read under its lock for them, which is held only while a list changes, and not while constructors run.

#if !defined(__linux__)
#error "witness/linux is for Linux"
#endif

#include <cstring>
#include <new>

#include <dlfcn.h>

#include "platform/platform.h"
#include "witness/linux/loader.h"
#include "witness/witness.h"

extern __attribute__((weak)) r_debug _r_debug;  // NOLINT(readability-redundant-declaration)

#ifdef DLFO_STRUCT_HAS_EH_DBASE                                                                        // glibc 2.35
extern "C" __attribute__((weak)) int _dl_find_object(void* address, dl_find_object* result) noexcept;  // NOLINT
#endif

namespace alloc8::witness {

namespace {

// glibc's struct r_debug_extended, which headers before 2.35 do not have: the namespaces are a list.
struct Namespace {
  r_debug base;
  const Namespace* next;
};
constexpr int kHasNext = 2;  // from this r_version on

// More namespaces than glibc can hold.
constexpr std::size_t kMaxNamespaces = 16;

// What has been described: everything up to these.
const link_map* lastAtStart = nullptr;
const link_map* lastSeen = nullptr;
std::size_t objectsOf[kMaxNamespaces];  // of the namespaces that dlmopen made
unsigned long long addsSeen = 0;        // how many objects have come and gone
unsigned long long removalsSeen = 0;

template <class Function>
void underLock(Function function) {
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        (*static_cast<Function*>(data))(*info);
        return 1;  // the first object is enough: the lock is what matters
      },
      &function);
}

const link_map* lastOf(const link_map* map) {
  while (map != nullptr && map->l_next != nullptr) map = map->l_next;
  return map;
}

std::size_t countObjects(const link_map* map) {
  std::size_t count = 0;
  for (; map != nullptr; map = map->l_next) ++count;
  return count;
}

const Namespace* firstOtherNamespace() {
  if (_r_debug.r_version < kHasNext) return nullptr;
  return reinterpret_cast<const Namespace*>(&_r_debug)->next;
}

bool isAtRest(const r_debug& list) { return list.r_state == r_debug::RT_CONSISTENT; }

// Describes one list into an entry of its own; nothing where it does not refer to entry points.
void enterList(record::Journal& journal, std::int64_t pid, const link_map* list, const link_map* last,
               std::uint32_t flags) {
  // The writer, too, stands there: this may run on a signal handler's own stack, of a few kilobytes.
  constexpr std::size_t kBytes = record::WitnessWriter::kMemoryBytes + sizeof(record::WitnessWriter);
  auto* memory = static_cast<char*>(platform::mapPages(kBytes, platform::pageSize()));
  if (memory == nullptr) return;
  auto& writer = *::new (memory + record::WitnessWriter::kMemoryBytes) record::WitnessWriter(memory);
  record::WitnessHeader header{};
  header.kind = static_cast<std::uint32_t>(record::WitnessKind::kLate);
  header.pid = pid;
  header.sequenceNs = platform::monotonicNs();
  header.executable = writer.addString("");
  if (describeSince(writer, list, last, (flags & record::kDeepBound) != 0)) {
    std::size_t bytes = 0;
    const void* record = writer.finish(header, &bytes);
    record::JournalEntry* entry = journal.reserve(record::JournalKind::kLate, pid, bytes);
    if (entry != nullptr) {
      std::memcpy(record::Journal::text(entry), record, bytes);
      entry->flags = flags;
      record::Journal::finish(entry, bytes);
    }
  }
  platform::unmapPages(memory, kBytes);
}

}  // namespace

const link_map* ownerOf([[maybe_unused]] const void* address) {
#ifdef DLFO_STRUCT_HAS_EH_DBASE
  if (&_dl_find_object != nullptr) {
    dl_find_object found{};
    if (_dl_find_object(const_cast<void*>(address), &found) == 0) return found.dlfo_link_map;
  }
#endif
  return nullptr;
}

bool listsAreAtRest() {
  if (&_r_debug == nullptr || !isAtRest(_r_debug)) return false;
  std::size_t which = 0;
  for (const Namespace* each = firstOtherNamespace(); each != nullptr && which < kMaxNamespaces; each = each->next) {
    if (!isAtRest(each->base)) return false;
    ++which;
  }
  return true;
}

void rememberObjects() {
  underLock([](const dl_phdr_info& info) {
    lastAtStart = lastSeen = lastOf(firstObject());
    addsSeen = info.dlpi_adds;
    removalsSeen = info.dlpi_subs;
  });
}

bool hasLateObjects() {
  bool has = false;
  underLock([&has](const dl_phdr_info& info) { has = info.dlpi_adds != addsSeen; });
  return has;
}

void enterLateObjects(record::Journal& journal, std::int64_t pid, std::uint32_t flags) {
  underLock([&](const dl_phdr_info& info) {
    // Once something was unloaded, what was seen last may be gone, or be another object at the same address.
    const link_map* last = info.dlpi_subs == removalsSeen ? lastSeen : lastAtStart;
    if (info.dlpi_adds != addsSeen) enterList(journal, pid, firstObject(), last, flags);
    lastSeen = lastOf(firstObject());
    addsSeen = info.dlpi_adds;
    removalsSeen = info.dlpi_subs;
    std::size_t which = 0;
    for (const Namespace* each = firstOtherNamespace(); each != nullptr && which < kMaxNamespaces; each = each->next) {
      const std::size_t objects = countObjects(each->base.r_map);
      if (objects > objectsOf[which]) {
        enterList(journal, pid, each->base.r_map, nullptr, flags | record::kOwnNamespace);
      }
      objectsOf[which++] = objects;
    }
  });
}

}  // namespace alloc8::witness
