// What each loaded object's own references to allocation entry points resolve to. Not dlsym(RTLD_DEFAULT), which asks
// without a version and so answers "the heap" where the program itself, whose reference carries a version, is bound to
// libc.

#if !defined(__linux__)
#error "witness/linux is for Linux"
#endif

#include <cstring>

#include "alloc8/detail/entry_points.h"
#include "platform/platform.h"
#include "witness/linux/elf_object.h"
#include "witness/witness.h"

// Weak, so that this library has no need of glibc's loader by name: under another libc it must load and keep silent,
// because a library that does not load ends the program there.
extern __attribute__((weak)) r_debug _r_debug;  // NOLINT(readability-redundant-declaration)

namespace alloc8::witness {

namespace {

struct Known {
  const char* name;
  record::WitnessRole role;
};

constexpr Known kEntryPoints[] = {
#define ALLOC8_KNOWN(symbol, role) {#symbol, record::WitnessRole::role},
    ALLOC8_ENTRY_POINTS(ALLOC8_KNOWN)
#undef ALLOC8_KNOWN
};
constexpr std::size_t kEntryPointCount = sizeof kEntryPoints / sizeof *kEntryPoints;

struct Loaded {
  ElfObject elf;
  std::uint32_t index;  // in the record
};

struct EntryPoint {
  const char* name;
  std::uint32_t hash;
  std::uint32_t text;  // its string in the record
  std::uint32_t role;
};

const link_map* firstObject() { return &_r_debug == nullptr ? nullptr : _r_debug.r_map; }

std::size_t countObjects() {
  std::size_t count = 0;
  for (const link_map* map = firstObject(); map != nullptr; map = map->l_next) ++count;
  return count;
}

class Describer {
 public:
  Describer(record::WitnessWriter& writer, Loaded* loaded) : writer_(writer), loaded_(loaded) {
    for (std::size_t i = 0; i < kEntryPointCount; ++i) {
      const Known& known = kEntryPoints[i];
      entries_[i] = {known.name, ElfObject::gnuHash(known.name), writer_.addString(known.name),
                     static_cast<std::uint32_t>(known.role)};
    }
  }

  // `capacity` bounds the walk, should another thread load a library meanwhile.
  void openObjects(std::size_t capacity) {
    for (const link_map* map = firstObject(); map != nullptr && count_ < capacity; map = map->l_next) {
      Loaded& loaded = loaded_[count_];
      loaded = {};
      loaded.index = writer_.addObject(map->l_name == nullptr ? "" : map->l_name);
      if (loaded.index != record::kNone && loaded.elf.open(map)) ++count_;
    }
  }

  void describe() {
    for (std::size_t i = 0; i < count_; ++i) {
      for (const EntryPoint& entry : entries_) describeDefinition(loaded_[i], entry);
    }
    for (std::size_t i = 0; i < count_; ++i) describeReferences(loaded_[i]);
  }

 private:
  void describeDefinition(const Loaded& loaded, const EntryPoint& entry) {
    const std::uint32_t symbol = loaded.elf.findDefinition(entry.name, entry.hash);
    if (symbol == 0) return;
    writer_.addDefinition({loaded.index, entry.text, versionText(loaded.elf.definedVersion(symbol)), entry.role});
  }

  void describeReferences(const Loaded& loaded) {
    for (std::uint32_t symbol = 1; symbol < loaded.elf.referencesEnd(); ++symbol) {
      if (!loaded.elf.isUndefined(symbol)) continue;
      const EntryPoint* entry = find(loaded.elf.symbolName(symbol));
      if (entry == nullptr) continue;
      const char* version = loaded.elf.neededVersion(symbol);
      writer_.addReference({loaded.index, entry->text, versionText(version), resolve(*entry, version), entry->role});
    }
  }

  // The first object in search order whose definition satisfies the reference.
  std::uint32_t resolve(const EntryPoint& entry, const char* version) const {
    for (std::size_t i = 0; i < count_; ++i) {
      if (loaded_[i].elf.findSatisfying(entry.name, entry.hash, version) != 0) return loaded_[i].index;
    }
    return record::kNone;
  }

  const EntryPoint* find(const char* name) const {
    // Most symbols of a large program are none of ours; their first letter says so.
    if (std::strchr("mcrfapv_", name[0]) == nullptr || name[0] == '\0') return nullptr;
    const std::uint32_t hash = ElfObject::gnuHash(name);
    for (const EntryPoint& entry : entries_) {
      if (entry.hash == hash && std::strcmp(entry.name, name) == 0) return &entry;
    }
    return nullptr;
  }

  std::uint32_t versionText(const char* version) {
    return version == nullptr ? record::kNone : writer_.addShared(version);
  }

  record::WitnessWriter& writer_;
  Loaded* loaded_;
  std::size_t count_ = 0;
  EntryPoint entries_[kEntryPointCount];
};

}  // namespace

bool canDescribe() { return firstObject() != nullptr; }

void describeBindings(record::WitnessWriter& writer) {
  const std::size_t capacity = countObjects();
  const std::size_t bytes = capacity * sizeof(Loaded);
  auto* loaded = static_cast<Loaded*>(platform::mapPages(bytes, platform::pageSize()));
  if (loaded == nullptr) return;
  Describer describer(writer, loaded);
  describer.openObjects(capacity);
  describer.describe();
  platform::unmapPages(loaded, bytes);
}

}  // namespace alloc8::witness
