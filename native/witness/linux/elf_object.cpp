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

// The relocations that fill in the place of a function, by the supplement of the ABI for each processor.
#if defined(__x86_64__)
constexpr std::uint32_t kCallSlot = R_X86_64_JUMP_SLOT;
constexpr std::uint32_t kDataSlot = R_X86_64_GLOB_DAT;
#elif defined(__aarch64__)
constexpr std::uint32_t kCallSlot = R_AARCH64_JUMP_SLOT;
constexpr std::uint32_t kDataSlot = R_AARCH64_GLOB_DAT;
#else
#error "the relocations of this processor are not known here"
#endif

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

constexpr unsigned kSymbolShift = sizeof(ElfW(Addr)) == 8 ? 32 : 8;

}  // namespace

// One past the highest symbol that the relocations name. The symbol table does not say how long it is, and a hash table
// knows nothing of the undefined symbols of an object that defines none; but what no relocation names binds nowhere.
std::uint32_t ElfObject::symbolsEnd(const Relocations& relocations) {
  std::uint32_t end = 0;
  if (relocations.table == nullptr) return end;
  for (std::size_t at = 0; at + relocations.entryBytes <= relocations.bytes; at += relocations.entryBytes) {
    const auto* relocation = reinterpret_cast<const ElfW(Rel)*>(relocations.table + at);  // Rela begins like it
    const auto symbol = static_cast<std::uint32_t>(relocation->r_info >> kSymbolShift);
    if (symbol >= end) end = symbol + 1;
  }
  return end;
}

bool ElfObject::open(const link_map* map) {
  const std::uint32_t* gnu = nullptr;
  const std::uint32_t* sysv = nullptr;
  map_ = map;
  data_ = calls_ = {nullptr, 0, sizeof(ElfW(Rela))};
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
      case DT_HASH: sysv = reinterpret_cast<const std::uint32_t*>(pointer); break;
      case DT_RELA:
      case DT_REL: data_.table = pointer; break;
      case DT_RELASZ:
      case DT_RELSZ: data_.bytes = entry->d_un.d_val; break;
      case DT_RELAENT:
      case DT_RELENT: data_.entryBytes = entry->d_un.d_val; break;
      case DT_JMPREL: calls_.table = pointer; break;
      case DT_PLTRELSZ: calls_.bytes = entry->d_un.d_val; break;
      case DT_PLTREL: calls_.entryBytes = entry->d_un.d_val == DT_REL ? sizeof(ElfW(Rel)) : sizeof(ElfW(Rela)); break;
      default: break;
    }
  }
  if (symbols_ == nullptr || strings_ == nullptr || (gnu == nullptr && sysv == nullptr)) return false;
  if (gnu != nullptr) {
    // nbuckets, symoffset, bloom size, bloom shift; bloom words; buckets; chain.
    gnuBucketCount_ = gnu[0];
    firstHashed_ = gnu[1];
    const auto* bloom = reinterpret_cast<const ElfW(Addr)*>(gnu + 4);
    gnuBuckets_ = reinterpret_cast<const std::uint32_t*>(bloom + gnu[2]);
    gnuChain_ = gnuBuckets_ + gnuBucketCount_;
  } else {
    symbolCount_ = sysv[1];  // nchain
  }
  return true;
}

std::uint32_t ElfObject::referencesEnd() const {
  const std::uint32_t dataEnd = symbolsEnd(data_);
  const std::uint32_t callsEnd = symbolsEnd(calls_);
  return dataEnd > callsEnd ? dataEnd : callsEnd;
}

const void* ElfObject::boundIn(const Relocations& relocations, std::uint32_t index) const {
  if (relocations.table == nullptr) return nullptr;
  for (std::size_t at = 0; at + relocations.entryBytes <= relocations.bytes; at += relocations.entryBytes) {
    const auto* relocation = reinterpret_cast<const ElfW(Rel)*>(relocations.table + at);
    if (static_cast<std::uint32_t>(relocation->r_info >> kSymbolShift) != index) continue;
    const auto type = static_cast<std::uint32_t>(relocation->r_info & ((std::uint64_t{1} << kSymbolShift) - 1));
    if (type == kCallSlot || type == kDataSlot) {
      return *reinterpret_cast<void* const*>(map_->l_addr + relocation->r_offset);
    }
  }
  return nullptr;
}

const void* ElfObject::boundTo(std::uint32_t index) const {
  const void* call = boundIn(calls_, index);
  return call != nullptr ? call : boundIn(data_, index);
}

const char* ElfObject::soname() const {
  for (const ElfW(Dyn)* entry = map_->l_ld; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_SONAME) return strings_ + entry->d_un.d_val;
  }
  return nullptr;
}

const char* ElfObject::neededLibrary(std::size_t which) const {
  for (const ElfW(Dyn)* entry = map_->l_ld; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_NEEDED && which-- == 0) return strings_ + entry->d_un.d_val;
  }
  return nullptr;
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
  return find(name, gnuHash, [](std::uint32_t) { return true; });
}

std::uint32_t ElfObject::findSatisfying(const char* name, std::uint32_t gnuHash, const char* version) const {
  return find(name, gnuHash, [=, this](std::uint32_t index) { return satisfies(index, version); });
}

template <class Accept>
std::uint32_t ElfObject::find(const char* name, std::uint32_t gnuHash, Accept accept) const {
  if (gnuBuckets_ != nullptr) {
    if (gnuBucketCount_ == 0) return 0;
    std::uint32_t index = gnuBuckets_[gnuHash % gnuBucketCount_];
    if (index < firstHashed_) return 0;
    for (;; ++index) {
      const std::uint32_t hash = gnuChain_[index - firstHashed_];
      const bool named = (hash | 1U) == (gnuHash | 1U) && std::strcmp(symbolName(index), name) == 0;
      if (named && isUsable(index) && accept(index)) return index;
      if ((hash & 1U) != 0) return 0;
    }
  }
  // The old table's hash is of no other use here, and objects with it alone are rare: look at every symbol.
  for (std::uint32_t index = 1; index < symbolCount_; ++index) {
    if (std::strcmp(symbolName(index), name) == 0 && isUsable(index) && accept(index)) return index;
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
