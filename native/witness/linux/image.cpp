// The witness's journal, and what it tells of a program that is started: which file, and whether the heap goes along.

#if !defined(__linux__)
#error "witness/linux is for Linux"
#endif

#include "witness/linux/image.h"

#include <atomic>
#include <cstring>

#include <dlfcn.h>

#include "alloc8/detail/compiler.h"
#include "base/decimal.h"
#include "platform/platform.h"

namespace alloc8::witness {

namespace {

constexpr std::size_t kPathBytes = 4096;
constexpr std::size_t kShortFolder = 256;

constexpr char kPreload[] = "LD_PRELOAD=";
constexpr char kSession[] = "ALLOC8_SESSION=";

// Where glibc's execvp looks when there is no PATH.
constexpr char kDefaultPath[] = "/bin:/usr/bin";

// As they were at start. A copy, because programs that change their title write over their environment.
struct AtStart {
  std::uint64_t root = 0;
  std::int64_t user = 0;
  char session[kPathBytes] = {};
  char preload[kPathBytes] = {};  // as many whole entries as fit
};

AtStart atStart;
record::Journal imageJournal;
std::int64_t owner = 0;
std::atomic<bool> silent{false};

// The value of a variable (its name with the '='); null when it is not set.
const char* valueOf(char* const* environment, const char* name) {
  if (environment == nullptr) return nullptr;
  const std::size_t length = std::strlen(name);
  for (; *environment != nullptr; ++environment) {
    if (std::strncmp(*environment, name, length) == 0) return *environment + length;
  }
  return nullptr;
}

// LD_PRELOAD's entries end at spaces and colons.
std::size_t entryLength(const char* list) { return std::strcspn(list, ": "); }

bool hasEntry(const char* list, const char* entry, std::size_t length) {
  while (*list != '\0') {
    const std::size_t here = entryLength(list);
    if (here == length && std::strncmp(list, entry, length) == 0) return true;
    list += here;
    list += std::strspn(list, ": ");
  }
  return false;
}

void copyEntries(char* out, const char* list) {
  std::size_t kept = std::strlen(list);
  if (kept >= kPathBytes) {
    kept = kPathBytes - 1;
    while (kept > 0 && std::strchr(": ", list[kept]) == nullptr) --kept;
  }
  std::memcpy(out, list, kept);
  out[kept] = '\0';
}

// Whether all entries of one list stand in the other.
bool includes(const char* list, const char* wanted) {
  while (*wanted != '\0') {
    const std::size_t length = entryLength(wanted);
    if (length != 0 && !hasEntry(list, wanted, length)) return false;
    wanted += length;
    wanted += std::strspn(wanted, ": ");
  }
  return true;
}

// The longest path that looking for a name in `path` can give.
std::size_t longestFound(const char* path, const char* name) {
  std::size_t longest = 1;  // the current folder is "."
  for (const char* at = path; *at != '\0';) {
    const std::size_t length = std::strcspn(at, ":");
    if (length > longest) longest = length;
    at += length;
    if (*at == ':') ++at;
  }
  return longest + 1 + std::strlen(name) + 1;
}

// The first program of that name in PATH, as execvp takes it, else the name alone; its length.
std::size_t findInPath(const char* path, const char* name, char* out) {
  for (const char* at = path;; ++at) {
    const std::size_t length = std::strcspn(at, ":");
    char* end = out;
    if (length == 0) {
      *end++ = '.';  // an empty entry is the current folder
    } else {
      end = static_cast<char*>(mempcpy(end, at, length));
    }
    *end++ = '/';
    std::strcpy(end, name);
    if (platform::isExecutable(out)) return std::strlen(out);
    at += length;
    if (*at == '\0') break;
  }
  std::strcpy(out, name);
  return std::strlen(out);
}

// Puts the current folder in front of a relative path, where it is known. A long one is not worth room on a stack that
// may be a signal handler's own, of a few kilobytes.
record::JournalEntry* enterRelative(record::JournalKind kind, std::int64_t pid, const char* name) {
  char folder[kShortFolder];
  const bool isShort = silent || platform::currentFolder(folder, sizeof folder) != 0;
  const std::size_t room = isShort ? sizeof folder : kPathBytes;
  record::JournalEntry* entry = imageJournal.reserve(kind, pid, room + std::strlen(name) + 1);
  if (entry == nullptr) return nullptr;
  char* text = record::Journal::text(entry);
  std::size_t length = silent ? 0 : platform::currentFolder(text, room);
  if (length > 1) text[length++] = '/';  // the root folder ends with one itself
  length = static_cast<std::size_t>(stpcpy(text + length, name) - text);
  entry->textBytes = static_cast<std::uint32_t>(length);
  return entry;
}

record::JournalEntry* enterFound(record::JournalKind kind, std::int64_t pid, const char* name) {
  const char* path = valueOf(platform::currentEnvironment(), "PATH=");
  if (path == nullptr) path = kDefaultPath;
  record::JournalEntry* entry = imageJournal.reserve(kind, pid, longestFound(path, name));
  if (entry != nullptr) {
    entry->textBytes = static_cast<std::uint32_t>(findInPath(path, name, record::Journal::text(entry)));
  }
  return entry;
}

}  // namespace

void followImage(std::int64_t pid, std::uint64_t sequenceNs, const char* sessionFolder) {
  owner = pid;
  atStart.root = platform::rootIdentity();
  atStart.user = platform::userId();
  const char* preload = valueOf(platform::currentEnvironment(), kPreload);
  if (preload != nullptr) copyEntries(atStart.preload, preload);
  std::strcpy(atStart.session, sessionFolder);
  char path[kPathBytes];
  char* end = stpcpy(path, sessionFolder);
  *end++ = '/';
  end = base::appendDecimal(end, static_cast<std::uint64_t>(pid));
  *end++ = '-';
  end = base::appendDecimal(end, sequenceNs);
  std::strcpy(end, ".journal");
  imageJournal.create(path, pid, sequenceNs);
}

std::int64_t memoryOwner() { return owner; }

void setMemoryOwner(std::int64_t pid) { owner = pid; }

record::Journal& journal() { return imageJournal; }

bool isSilent() { return silent.load(std::memory_order_relaxed); }

void setSilent() { silent.store(true, std::memory_order_relaxed); }

std::uint32_t startFlags(char* const* environment) {
  std::uint32_t flags = 0;
  const char* preload = valueOf(environment, kPreload);
  if (preload != nullptr && *preload != '\0') flags |= record::kPreloadPresent;
  if (includes(preload == nullptr ? "" : preload, atStart.preload)) flags |= record::kPreloadKept;
  const char* session = valueOf(environment, kSession);
  if (session != nullptr && std::strcmp(session, atStart.session) == 0) flags |= record::kSessionKept;
  if (silent) return flags;
  if (platform::rootIdentity() != atStart.root) flags |= record::kOtherRoot;
  if (platform::userId() != atStart.user) flags |= record::kOtherUser;
  return flags;
}

record::JournalEntry* enterStart(record::JournalKind kind, std::int64_t pid, const char* name, bool search,
                                 char* const* environment) {
  ALLOC8_ASSUME_NOTHING(name);
  if (!imageJournal.isOpen() || name == nullptr) return nullptr;
  const bool hasSlash = std::strchr(name, '/') != nullptr;
  record::JournalEntry* entry = nullptr;
  if (search && !hasSlash && *name != '\0' && !silent) {
    entry = enterFound(kind, pid, name);
  } else if (*name != '/') {
    entry = enterRelative(kind, pid, name);
  } else {
    entry = imageJournal.reserve(kind, pid, std::strlen(name));
    if (entry != nullptr) {
      entry->textBytes = static_cast<std::uint32_t>(std::strlen(name));
      std::memcpy(record::Journal::text(entry), name, entry->textBytes);
    }
  }
  if (entry != nullptr) entry->flags = startFlags(environment);
  return entry;
}

void* nextFunction(const char* name) { return platform::nextSymbol(name); }

}  // namespace alloc8::witness
