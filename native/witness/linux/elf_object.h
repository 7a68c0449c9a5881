// One loaded ELF object as the dynamic loader sees it: its symbols, their versions, and lookup by name under the rules
// of the loader. Reads mapped memory only.

#pragma once

#include <cstddef>
#include <cstdint>

#include <elf.h>
#include <link.h>

namespace alloc8::witness {

class ElfObject {
 public:
  // Points into the object's dynamic section; false when it lacks what lookup needs.
  bool open(const link_map* map);

  const char* symbolName(std::uint32_t index) const { return strings_ + symbols_[index].st_name; }

  // References are among the undefined symbols before this one. Reads all relocations.
  std::uint32_t referencesEnd() const;
  bool isUndefined(std::uint32_t index) const { return symbols_[index].st_shndx == SHN_UNDEF; }

  // The version that a reference asks for; null when it asks for none.
  const char* neededVersion(std::uint32_t index) const;

  // A definition of `name`, whatever its version; 0 when there is none. `gnuHash` is gnuHash(name).
  std::uint32_t findDefinition(const char* name, std::uint32_t gnuHash) const;

  // The definition of `name`, of which there may be several, that satisfies a reference to `version`; 0 for none.
  std::uint32_t findSatisfying(const char* name, std::uint32_t gnuHash, const char* version) const;

  // The version that a definition carries; null for an unversioned one.
  const char* definedVersion(std::uint32_t index) const;

  // Whether the definition satisfies a reference to `version` (null: to none), as glibc's check_match decides it.
  bool satisfies(std::uint32_t index, const char* version) const;

  // What the loader has written where the object's code looks for a symbol: the address of the definition that it
  // chose, or of the object's own PLT entry as long as a function has not been called. Null where the object has no
  // such place.
  const void* boundTo(std::uint32_t index) const;

  // The name by which others need this object, null when it has none; the names of those that it needs, from 0 on, null
  // behind the last.
  const char* soname() const;
  const char* neededLibrary(std::size_t which) const;

  static std::uint32_t gnuHash(const char* name);

 private:
  struct Relocations {
    const char* table;
    std::size_t bytes;
    std::size_t entryBytes;
  };

  static std::uint32_t symbolsEnd(const Relocations& relocations);
  const void* boundIn(const Relocations& relocations, std::uint32_t index) const;
  const char* versionName(std::uint32_t versionIndex, bool defined) const;
  bool isUsable(std::uint32_t index) const;

  // The first definition of `name` that `accept` takes; 0 when there is none.
  template <class Accept>
  std::uint32_t find(const char* name, std::uint32_t gnuHash, Accept accept) const;

  const link_map* map_ = nullptr;
  Relocations data_{};
  Relocations calls_{};
  const ElfW(Sym) * symbols_ = nullptr;
  const char* strings_ = nullptr;
  const ElfW(Half) * versions_ = nullptr;
  const char* needed_ = nullptr;  // DT_VERNEED
  std::size_t neededCount_ = 0;
  const char* defined_ = nullptr;  // DT_VERDEF
  std::size_t definedCount_ = 0;
  const std::uint32_t* gnuBuckets_ = nullptr;
  const std::uint32_t* gnuChain_ = nullptr;
  std::uint32_t gnuBucketCount_ = 0;
  std::uint32_t firstHashed_ = 0;  // the first symbol that the GNU hash table knows
  std::uint32_t symbolCount_ = 0;  // of an object that has only the old hash table
};

}  // namespace alloc8::witness
