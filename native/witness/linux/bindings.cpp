// What each loaded object's own references to allocation entry points resolve to. Not dlsym(RTLD_DEFAULT), which asks
// without a version and so answers "the heap" where the program itself, whose reference carries a version, is bound to
// libc. What the loader has already written into an object is what holds, also where an auditor (LD_AUDIT) or a tool
// has changed it; a function that was never called yet is resolved here by the loader's rule.

#if !defined(__linux__)
#error "witness/linux is for Linux"
#endif

#include <cstring>
#include <new>

#include <dlfcn.h>

#include "alloc8/detail/entry_points.h"
#include "platform/platform.h"
#include "witness/linux/elf_object.h"
#include "witness/linux/loader.h"
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
  const link_map* map;
  std::uint32_t index;  // in the record; kNone as long as nothing there names it
  std::uint32_t place;  // in the order in which this object's definitions are searched
};

struct EntryPoint {
  const char* name;
  std::uint32_t hash;
  std::uint32_t text;  // its string in the record; kNone as long as nothing there names it
  std::uint32_t role;
};

const char* nameOf(const link_map* map) { return map->l_name == nullptr ? "" : map->l_name; }

std::size_t countObjects(const link_map* first) {
  std::size_t count = 0;
  for (const link_map* map = first; map != nullptr; map = map->l_next) ++count;
  return count;
}

// Describes the objects of one namespace into a record: all of them, or those from one on.
class Describer {
 public:
  // `loaded` has room for `capacity` objects, zeroed.
  Describer(record::WitnessWriter& writer, Loaded* loaded, std::size_t capacity)
      : writer_(writer), loaded_(loaded), capacity_(capacity) {
    for (std::size_t i = 0; i < kEntryPointCount; ++i) {
      const Known& known = kEntryPoints[i];
      entries_[i] = {known.name, ElfObject::gnuHash(known.name), record::kNone, static_cast<std::uint32_t>(known.role)};
    }
  }

  // In the order of loading, which at start is the order of search. The bound is there should another thread load a
  // library meanwhile. Gives the number of those up to `last`, 0 where it is not among them.
  std::size_t openObjects(const link_map* first, const link_map* last) {
    std::size_t upToLast = 0;
    for (const link_map* map = first; map != nullptr && count_ < capacity_; map = map->l_next) {
      Loaded& loaded = loaded_[count_];
      loaded = {};
      loaded.map = map;
      loaded.index = record::kNone;
      loaded.place = static_cast<std::uint32_t>(count_);
      if (loaded.elf.open(map)) ++count_;
      if (map == last) upToLast = count_;
    }
    return upToLast;
  }

  // Names every object in the record, whether or not it allocates.
  void nameObjects() {
    for (std::size_t i = 0; i < count_; ++i) indexOf(loaded_[i]);
  }

  // Where this object stands; the number of objects when it is not among them.
  std::size_t find(const link_map* map) const {
    std::size_t i = 0;
    while (i < count_ && loaded_[i].map != map) ++i;
    return i;
  }

  std::size_t count() const { return count_; }

  // RTLD_DEEPBIND: the object looks into itself and into what it needs, breadth first, before all others.
  void searchFirst(std::size_t root) {
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < count_; ++i) loaded_[i].place = record::kNone;
    loaded_[root].place = next++;
    for (std::uint32_t at = 0; at < next; ++at) {
      const Loaded& from = *byPlace(at);
      const char* needed = nullptr;
      for (std::size_t which = 0; (needed = from.elf.neededLibrary(which)) != nullptr; ++which) {
        Loaded* found = byName(needed);
        if (found != nullptr && found->place == record::kNone) found->place = next++;
      }
    }
    for (std::size_t i = 0; i < count_; ++i) {
      if (loaded_[i].place == record::kNone) loaded_[i].place = next++;
    }
  }

  void describe(std::size_t first) {
    for (std::size_t i = first; i < count_; ++i) {
      // The probe's stand for those behind it.
      if (isProbe(loaded_[i])) continue;
      for (EntryPoint& entry : entries_) describeDefinition(loaded_[i], entry);
    }
    for (std::size_t i = first; i < count_; ++i) describeReferences(loaded_[i]);
  }

 private:
  std::uint32_t indexOf(Loaded& loaded) {
    if (loaded.index == record::kNone) loaded.index = writer_.addObject(nameOf(loaded.map));
    return loaded.index;
  }

  std::uint32_t textOf(EntryPoint& entry) {
    if (entry.text == record::kNone) entry.text = writer_.addString(entry.name);
    return entry.text;
  }

  Loaded* byPlace(std::uint32_t place) const {
    for (std::size_t i = 0; i < count_; ++i) {
      if (loaded_[i].place == place) return &loaded_[i];
    }
    return nullptr;
  }

  Loaded* byName(const char* needed) const {
    for (std::size_t i = 0; i < count_; ++i) {
      const char* path = nameOf(loaded_[i].map);
      const char* slash = std::strrchr(path, '/');
      const char* soname = loaded_[i].elf.soname();
      const bool named =
          std::strcmp(slash == nullptr ? path : slash + 1, needed) == 0 || std::strcmp(path, needed) == 0;
      if (named || (soname != nullptr && std::strcmp(soname, needed) == 0)) return &loaded_[i];
    }
    return nullptr;
  }

  void describeDefinition(Loaded& loaded, EntryPoint& entry) {
    const std::uint32_t symbol = loaded.elf.findDefinition(entry.name, entry.hash);
    if (symbol == 0) return;
    writer_.addDefinition({indexOf(loaded), textOf(entry), versionText(loaded.elf.definedVersion(symbol)), entry.role});
  }

  void describeReferences(Loaded& loaded) {
    const std::uint32_t end = loaded.elf.referencesEnd();
    for (std::uint32_t symbol = 1; symbol < end; ++symbol) {
      if (!loaded.elf.isUndefined(symbol)) continue;
      EntryPoint* entry = find(loaded.elf.symbolName(symbol));
      if (entry == nullptr) continue;
      const char* version = loaded.elf.neededVersion(symbol);
      Loaded* target = bound(loaded, symbol, *entry);
      if (target == nullptr) target = resolve(*entry, version);
      // The probe passes all on to what stands behind it, which it has looked up without a version.
      if (target != nullptr && isProbe(*target) && !isProbe(loaded)) target = behindProbe(*entry, *target);
      const std::uint32_t where = target == nullptr ? record::kNone : indexOf(*target);
      writer_.addReference({indexOf(loaded), textOf(*entry), versionText(version), where, entry->role});
    }
  }

  static bool isProbe(const Loaded& loaded) {
    const char* soname = loaded.elf.soname();
    const char* path = nameOf(loaded.map);
    const char* slash = std::strrchr(path, '/');
    const char* name = soname != nullptr ? soname : slash == nullptr ? path : slash + 1;
    return std::strcmp(name, "liballoc8-probe.so") == 0;
  }

  // The first object behind the probe that defines the symbol.
  Loaded* behindProbe(const EntryPoint& entry, const Loaded& probe) const {
    Loaded* first = nullptr;
    for (std::size_t i = 0; i < count_; ++i) {
      Loaded& candidate = loaded_[i];
      if (&candidate == &probe || candidate.place < probe.place) continue;
      if (first != nullptr && first->place < candidate.place) continue;
      if (candidate.elf.findSatisfying(entry.name, entry.hash, nullptr) != 0) first = &candidate;
    }
    return first;
  }

  // The object that the loader, or who came after it, has chosen. Only where that one defines the symbol: otherwise it
  // is a PLT entry, the object's own for a function that was not called yet, or the executable's for all others.
  Loaded* bound(const Loaded& from, std::uint32_t symbol, const EntryPoint& entry) const {
    const void* address = from.elf.boundTo(symbol);
    const link_map* owner = address == nullptr ? nullptr : ownerOf(address);
    if (owner == nullptr) return nullptr;
    const std::size_t at = find(owner);
    if (at == count_ || loaded_[at].elf.findDefinition(entry.name, entry.hash) == 0) return nullptr;
    return &loaded_[at];
  }

  // The first object in search order whose definition satisfies the reference.
  Loaded* resolve(const EntryPoint& entry, const char* version) const {
    Loaded* first = nullptr;
    for (std::size_t i = 0; i < count_; ++i) {
      Loaded& candidate = loaded_[i];
      if (first != nullptr && first->place < candidate.place) continue;
      if (candidate.elf.findSatisfying(entry.name, entry.hash, version) != 0) first = &candidate;
    }
    return first;
  }

  EntryPoint* find(const char* name) {
    // Most symbols of a large program are none of ours; their first letter says so.
    if (std::strchr("mcrfapv_", name[0]) == nullptr || name[0] == '\0') return nullptr;
    const std::uint32_t hash = ElfObject::gnuHash(name);
    for (EntryPoint& entry : entries_) {
      if (entry.hash == hash && std::strcmp(entry.name, name) == 0) return &entry;
    }
    return nullptr;
  }

  std::uint32_t versionText(const char* version) {
    return version == nullptr ? record::kNone : writer_.addShared(version);
  }

  record::WitnessWriter& writer_;
  Loaded* loaded_;
  std::size_t capacity_;
  std::size_t count_ = 0;
  EntryPoint entries_[kEntryPointCount];
};

// Calls `use` with a describer for the objects of a list. It stands in memory of its own with them, and not on the
// stack, which may be a signal handler's.
template <class Use>
void withDescriber(record::WitnessWriter& writer, const link_map* list, Use use) {
  const std::size_t capacity = countObjects(list);
  const std::size_t bytes = sizeof(Describer) + capacity * sizeof(Loaded);
  auto* memory = static_cast<char*>(platform::mapPages(bytes, platform::pageSize()));
  if (memory == nullptr) return;
  auto* loaded = reinterpret_cast<Loaded*>(memory + sizeof(Describer));
  use(*::new (memory) Describer(writer, loaded, capacity));
  platform::unmapPages(memory, bytes);
}

}  // namespace

const link_map* firstObject() { return &_r_debug == nullptr ? nullptr : _r_debug.r_map; }

bool canDescribe() { return firstObject() != nullptr; }

void describeBindings(record::WitnessWriter& writer) {
  withDescriber(writer, firstObject(), [](Describer& describer) {
    describer.openObjects(firstObject(), nullptr);
    describer.nameObjects();
    describer.describe(0);
  });
}

bool describeSince(record::WitnessWriter& writer, const link_map* list, const link_map* last, bool deepBound) {
  withDescriber(writer, list, [=](Describer& describer) {
    const std::size_t first = describer.openObjects(list, last);
    if (first == describer.count()) return;
    if (deepBound) describer.searchFirst(first);
    describer.describe(first);
  });
  return writer.hasReferences();
}

}  // namespace alloc8::witness
