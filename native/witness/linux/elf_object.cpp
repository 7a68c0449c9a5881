// Symbols and versions of a loaded ELF object. The layouts are those of the System V ABI and of the GNU extensions
// (DT_GNU_HASH; Drepper, "ELF Symbol Versioning"); the matching rule is glibc's (elf/dl-lookup.c, check_match).

#if !defined(__linux__)
#error "witness/linux is for Linux"
#endif

#include "witness/linux/elf_object.h"

#include <cstring>

namespace alloc8::witness {

namespace {

constexpr std::uint32_t kVersionMask = 0x7fff;
constexpr std::uint32_t kHiddenBit = 0x8000;

// The name in a record of a version table, by the record's version index; null when it is not there.
const char* neededName(const char* table, std::size_t count, const char* strings, std::uint32_t wanted) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto* need = reinterpret_cast<const ElfW(Verneed)*>(table);
    const char* entry = table + need->vn_aux;
    for (unsigned j = 0; j < need->vn_cnt; ++j) {
      const auto* aux = reinterpret_cast<const ElfW(Vernaux)*>(entry);
      if ((aux->vna_other & kVersionMask) == wanted) return strings + aux->vna_name;
      entry += aux->vna_next;
    }
    table += need->vn_next;
  }
  return nullptr;
}

const char* definedName(const char* table, std::size_t count, const char* strings, std::uint32_t wanted) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto* definition = reinterpret_cast<const ElfW(Verdef)*>(table);
    if ((definition->vd_ndx & kVersionMask) == wanted) {
      const auto* aux = reinterpret_cast<const ElfW(Verdaux)*>(table + definition->vd_aux);
      return strings + aux->vda_name;
    }
    table += definition->vd_next;
  }
  return nullptr;
}

}  // namespace

bool ElfObject::open(const link_map* map) {
  const std::uint32_t* gnu = nullptr;
  // glibc relocates the pointers of the dynamic section in place where the section is writable; where it is not (the
  // vdso), they are still offsets.
  const auto at = [map](ElfW(Addr) value) {
    return reinterpret_cast<const char*>(value < map->l_addr ? value + map->l_addr : value);
  };
  for (const ElfW(Dyn)* entry = map->l_ld; entry != nullptr && entry->d_tag != DT_NULL; ++entry) {
    const char* pointer = at(entry->d_un.d_ptr);
    switch (entry->d_tag) {
      case DT_SYMTAB: symbols_ = reinterpret_cast<const ElfW(Sym)*>(pointer); break;
      case DT_STRTAB: strings_ = pointer; break;
      case DT_VERSYM: versions_ = reinterpret_cast<const ElfW(Half)*>(pointer); break;
      case DT_VERNEED: needed_ = pointer; break;
      case DT_VERNEEDNUM: neededCount_ = entry->d_un.d_val; break;
      case DT_VERDEF: defined_ = pointer; break;
      case DT_VERDEFNUM: definedCount_ = entry->d_un.d_val; break;
      case DT_GNU_HASH: gnu = reinterpret_cast<const std::uint32_t*>(pointer); break;
      case DT_HASH: sysvHash_ = reinterpret_cast<const std::uint32_t*>(pointer); break;
      default: break;
    }
  }
  if (symbols_ == nullptr || strings_ == nullptr) return false;
  if (gnu != nullptr) {
    // nbuckets, symoffset, bloom size, bloom shift; bloom words; buckets; chain.
    gnuBucketCount_ = gnu[0];
    firstDefined_ = gnu[1];
    const auto* bloom = reinterpret_cast<const ElfW(Addr)*>(gnu + 4);
    gnuBuckets_ = reinterpret_cast<const std::uint32_t*>(bloom + gnu[2]);
    gnuChain_ = gnuBuckets_ + gnuBucketCount_;
    // An object without definitions has symoffset past its only bucket, which is empty: its undefined symbols are then
    // counted by DT_HASH where it is there, and by symoffset otherwise.
    return true;
  }
  if (sysvHash_ != nullptr) firstDefined_ = sysvHash_[1];  // nchain is the number of symbols, of either kind
  return sysvHash_ != nullptr;
}

std::uint32_t ElfObject::gnuHash(const char* name) {
  std::uint32_t hash = 5381;
  for (; *name != '\0'; ++name) hash = hash * 33 + static_cast<unsigned char>(*name);
  return hash;
}

bool ElfObject::isUsable(std::uint32_t index) const {
  const ElfW(Sym)& symbol = symbols_[index];
  const unsigned binding = symbol.st_info >> 4;
  const unsigned visibility = symbol.st_other & 3U;
  return symbol.st_shndx != SHN_UNDEF && symbol.st_value != 0 && binding != STB_LOCAL && visibility != STV_HIDDEN &&
         visibility != STV_INTERNAL;
}

std::uint32_t ElfObject::findDefinition(const char* name, std::uint32_t gnuHash) const {
  if (gnuBuckets_ != nullptr) {
    if (gnuBucketCount_ == 0) return 0;
    std::uint32_t index = gnuBuckets_[gnuHash % gnuBucketCount_];
    if (index < firstDefined_) return 0;
    for (;; ++index) {
      const std::uint32_t hash = gnuChain_[index - firstDefined_];
      if ((hash | 1U) == (gnuHash | 1U) && std::strcmp(symbolName(index), name) == 0 && isUsable(index)) return index;
      if ((hash & 1U) != 0) return 0;
    }
  }
  // The old table's hash is of no other use here, and objects with it alone are rare: look at every symbol.
  for (std::uint32_t index = 1; index < firstDefined_; ++index) {
    if (std::strcmp(symbolName(index), name) == 0 && isUsable(index)) return index;
  }
  return 0;
}

const char* ElfObject::versionName(std::uint32_t versionIndex, bool defined) const {
  if (versionIndex <= VER_NDX_GLOBAL) return nullptr;
  return defined ? definedName(defined_, defined_ == nullptr ? 0 : definedCount_, strings_, versionIndex)
                 : neededName(needed_, needed_ == nullptr ? 0 : neededCount_, strings_, versionIndex);
}

const char* ElfObject::neededVersion(std::uint32_t index) const {
  return versions_ == nullptr ? nullptr : versionName(versions_[index] & kVersionMask, false);
}

const char* ElfObject::definedVersion(std::uint32_t index) const {
  return versions_ == nullptr ? nullptr : versionName(versions_[index] & kVersionMask, true);
}

bool ElfObject::satisfies(std::uint32_t index, const char* version) const {
  if (versions_ == nullptr) return true;
  const std::uint32_t own = versions_[index];
  // A reference without a version takes the base definition, or the only one that is not hidden.
  if (version == nullptr) return (own & kVersionMask) < 3 || (own & kHiddenBit) == 0;
  const char* name = definedVersion(index);
  if (name == nullptr) return (own & kHiddenBit) == 0;
  return std::strcmp(name, version) == 0;
}

}  // namespace alloc8::witness
