// Loaded objects as the witness sees them, judged by what the loader itself answers. The libraries beside this program
// are built for the ways in which objects differ: the kind of hash table, definitions or none, versions or none.

#include "witness/linux/elf_object.h"

#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include <dlfcn.h>
#include <gnu/lib-names.h>
#include <link.h>

#include "check.h"

namespace {

using alloc8::witness::ElfObject;

struct Loaded {
  void* handle;
  link_map* map;
  ElfObject elf;
};

Loaded load(const char* path) {
  Loaded loaded{dlopen(path, RTLD_NOW), nullptr, {}};
  if (loaded.handle == nullptr) CHECK_EQUAL(std::string(dlerror()), "");
  CHECK_EQUAL(dlinfo(loaded.handle, RTLD_DI_LINKMAP, &loaded.map), 0);
  CHECK(loaded.elf.open(loaded.map));
  return loaded;
}

// The undefined symbols of an object that are bound, with the versions they ask for.
std::map<std::string, std::string> references(const ElfObject& elf) {
  std::map<std::string, std::string> found;
  for (std::uint32_t symbol = 1; symbol < elf.referencesEnd(); ++symbol) {
    if (!elf.isUndefined(symbol)) continue;
    const char* version = elf.neededVersion(symbol);
    CHECK(found.emplace(elf.symbolName(symbol), version == nullptr ? "" : version).second);
  }
  return found;
}

std::uint32_t find(const ElfObject& elf, const char* name) {
  return elf.findDefinition(name, ElfObject::gnuHash(name));
}

void referencesAreFoundWhateverTheHashTable() {
  const ElfObject libc = load(LIBC_SO).elf;
  for (const char* path : {ALLOC8_NO_EXPORTS_GNU, ALLOC8_NO_EXPORTS_SYSV, ALLOC8_NO_EXPORTS_BOTH}) {
    const auto found = references(load(path).elf);
    for (const char* name : {"malloc", "free"}) {
      CHECK(found.contains(name));
      CHECK_EQUAL(found.at(name), std::string(libc.definedVersion(find(libc, name))));
    }
  }
}

// Built without PIE, where the address of a function makes its undefined symbol one that the hash table knows.
void referencesOfTheProgramAreFound() {
  void* (*volatile allocate)(std::size_t) = &std::malloc;
  std::free(allocate(10));
  Loaded self{dlopen(nullptr, RTLD_NOW), _r_debug.r_map, {}};
  CHECK(self.elf.open(self.map));
  const auto found = references(self.elf);
  CHECK(found.contains("malloc"));
  CHECK(found.contains("dlinfo"));
  CHECK(!found.contains("aligned_alloc"));
}

void definitionsAreThoseThatDlsymFinds() {
  const Loaded libc = load(LIBC_SO);
  for (const char* name : {"malloc", "free", "calloc", "realloc", "aligned_alloc", "posix_memalign", "reallocarray",
                           "malloc_usable_size", "mallinfo2", "malloc_no_such", ""}) {
    const std::uint32_t symbol = find(libc.elf, name);
    CHECK_EQUAL(symbol != 0, dlsym(libc.handle, name) != nullptr);
    if (symbol == 0) continue;
    CHECK_EQUAL(std::string(libc.elf.symbolName(symbol)), name);
    const char* version = libc.elf.definedVersion(symbol);
    CHECK(version != nullptr);
    CHECK(dlvsym(libc.handle, name, version) == dlsym(libc.handle, name));
  }
}

void versionsAreMatchedAsTheLoaderDoes() {
  const Loaded library = load(ALLOC8_TWO_VERSIONS);
  const std::uint32_t one = find(library.elf, "one");
  CHECK_EQUAL(std::string(library.elf.definedVersion(one)), "ALLOC8_1");
  for (const char* version : {"ALLOC8_1", "ALLOC8_2", "GLIBC_2.2.5"}) {
    CHECK_EQUAL(library.elf.satisfies(one, version), dlvsym(library.handle, "one", version) != nullptr);
  }
  CHECK(library.elf.satisfies(one, nullptr));
  CHECK(find(library.elf, "two") != 0);
  const std::uint32_t hash = ElfObject::gnuHash("two");
  for (const char* version : {"ALLOC8_1", "ALLOC8_2", "GLIBC_2.2.5"}) {
    const std::uint32_t two = library.elf.findSatisfying("two", hash, version);
    CHECK_EQUAL(two != 0, dlvsym(library.handle, "two", version) != nullptr);
    if (two != 0) CHECK_EQUAL(std::string(library.elf.definedVersion(two)), version);
  }
  // A reference without a version gets the one that is not hidden, wherever it stands in the table.
  CHECK_EQUAL(std::string(library.elf.definedVersion(library.elf.findSatisfying("two", hash, nullptr))), "ALLOC8_2");
  CHECK_EQUAL(find(library.elf, "hidden"), 0);
}

void aDefinitionWithoutVersionSatisfiesAll() {
  for (const char* path : {ALLOC8_NO_VERSIONS_GNU, ALLOC8_NO_VERSIONS_SYSV}) {
    const Loaded library = load(path);
    const std::uint32_t one = find(library.elf, "one");
    CHECK(one != 0);
    CHECK(library.elf.definedVersion(one) == nullptr);
    CHECK(library.elf.satisfies(one, nullptr));
    CHECK(library.elf.satisfies(one, "GLIBC_2.2.5"));
    CHECK(dlvsym(library.handle, "one", "GLIBC_2.2.5") != nullptr);  // the loader agrees
    CHECK_EQUAL(find(library.elf, "hidden"), 0);
    CHECK_EQUAL(find(library.elf, "malloc"), 0);
  }
}

// Every object of the process, the loader and the kernel's own among them.
void everyLoadedObjectCanBeRead() {
  int count = 0;
  for (const link_map* map = _r_debug.r_map; map != nullptr; map = map->l_next) {
    ElfObject elf;
    if (!elf.open(map)) continue;
    ++count;
    references(elf);
    find(elf, "malloc");
  }
  CHECK(count >= 4);  // the program, the C library, the loader, the kernel's
}

void hashesAreThoseOfTheFormat() {
  CHECK_EQUAL(ElfObject::gnuHash(""), 5381U);
  CHECK_EQUAL(ElfObject::gnuHash("printf"), 0x156b'2bb8U);
  CHECK_EQUAL(ElfObject::gnuHash("syscall"), 0xbac2'12a0U);
}

}  // namespace

int main() {
  RUN(referencesAreFoundWhateverTheHashTable);
  RUN(referencesOfTheProgramAreFound);
  RUN(definitionsAreThoseThatDlsymFinds);
  RUN(versionsAreMatchedAsTheLoaderDoes);
  RUN(aDefinitionWithoutVersionSatisfiesAll);
  RUN(everyLoadedObjectCanBeRead);
  RUN(hashesAreThoseOfTheFormat);
}
