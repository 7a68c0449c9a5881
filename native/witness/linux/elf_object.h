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

  // References are among the undefined symbols before this one.
  std::uint32_t referencesEnd() const { return referencesEnd_; }
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

  static std::uint32_t gnuHash(const char* name);

 private:
  const char* versionName(std::uint32_t versionIndex, bool defined) const;
  bool isUsable(std::uint32_t index) const;

  // The first definition of `name` that `accept` takes; 0 when there is none.
  template <class Accept>
  std::uint32_t find(const char* name, std::uint32_t gnuHash, Accept accept) const;

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
  std::uint32_t referencesEnd_ = 0;
};

}  // namespace alloc8::witness
