// The contract with the operating system on Linux: what is loaded where, asked without the loader's lock.

#if !defined(__linux__)
#error "platform/linux is for Linux"
#endif

#include "platform/platform.h"

#include <cerrno>
#include <cstring>

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc's since 2.35, and weak: the libc that a program runs on may be older. Not by its header, which declares
// it as always there, if at all.
extern "C" {
struct alloc8_dl_find_object {
  unsigned long long flags;
  void* mapStart;
  void* mapEnd;
  link_map* map;
  void* unwindTable;
  unsigned long long reserved[7];
};
int alloc8_find_object(void* address, alloc8_dl_find_object* result) __asm__("_dl_find_object") __attribute__((weak));
}

namespace alloc8::platform {

bool canFindLoadedObjects() { return alloc8_find_object != nullptr; }

namespace {

// Program headers: of the executable the kernel has told where, of a library they stand behind its first bytes.
void findParts(LoadedObject* object) {
  if (*object->name == '\0') {
    object->parts = reinterpret_cast<const void*>(getauxval(AT_PHDR));
    object->partCount = getauxval(AT_PHNUM);
  } else {
    const auto* header = reinterpret_cast<const ElfW(Ehdr)*>(object->start);
    if (std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_phentsize != sizeof(ElfW(Phdr))) return;
    if (header->e_phoff + header->e_phnum * sizeof(ElfW(Phdr)) > object->end - object->start) return;
    object->parts = reinterpret_cast<const void*>(object->start + header->e_phoff);
    object->partCount = header->e_phnum;
  }
  const auto* parts = static_cast<const ElfW(Phdr)*>(object->parts);
  const auto table = reinterpret_cast<std::uintptr_t>(object->unwindTable);
  for (std::size_t i = 0; parts != nullptr && i < object->partCount; ++i) {
    const std::uintptr_t start = object->bias + parts[i].p_vaddr;
    if (parts[i].p_type != PT_LOAD || table - start >= parts[i].p_filesz) continue;
    object->readOnlyStart = start;
    object->readOnlyEnd = start + parts[i].p_filesz;
  }
}

}  // namespace

bool findLoadedObject(std::uintptr_t address, LoadedObject* object) {
  if (alloc8_find_object == nullptr) return false;
  alloc8_dl_find_object found{};
  if (alloc8_find_object(reinterpret_cast<void*>(address), &found) != 0 || found.map == nullptr) return false;
  *object = LoadedObject{};
  object->start = reinterpret_cast<std::uintptr_t>(found.mapStart);
  object->end = reinterpret_cast<std::uintptr_t>(found.mapEnd);
  object->bias = found.map->l_addr;
  object->unwindTable = found.unwindTable;
  object->name = found.map->l_name;
  object->isLoader = object->bias != 0 && object->bias == getauxval(AT_BASE);
  findParts(object);
  if (object->parts == nullptr) object->unwindTable = nullptr;
  return true;
}

std::size_t buildIdOf(const LoadedObject& object, void* buffer, std::size_t capacity) {
  const auto* parts = static_cast<const ElfW(Phdr)*>(object.parts);
  for (std::size_t i = 0; parts != nullptr && i < object.partCount; ++i) {
    if (parts[i].p_type != PT_NOTE) continue;
    std::uintptr_t at = object.bias + parts[i].p_vaddr;
    const std::uintptr_t end = at + parts[i].p_memsz;
    while (end - at >= sizeof(ElfW(Nhdr))) {
      const auto* note = reinterpret_cast<const ElfW(Nhdr)*>(at);
      const std::uintptr_t name = at + sizeof *note;
      const std::uintptr_t text = name + ((note->n_namesz + std::uintptr_t{3}) & ~std::uintptr_t{3});
      const std::uintptr_t next = text + ((note->n_descsz + std::uintptr_t{3}) & ~std::uintptr_t{3});
      if (next > end || next <= at) break;
      const bool isGnu = note->n_namesz == 4 && std::memcmp(reinterpret_cast<const char*>(name), "GNU", 4) == 0;
      if (isGnu && note->n_type == NT_GNU_BUILD_ID && note->n_descsz <= capacity) {
        std::memcpy(buffer, reinterpret_cast<const void*>(text), note->n_descsz);
        return note->n_descsz;
      }
      at = next;
    }
  }
  return 0;
}

bool isReadable(std::uintptr_t address) {
  const int saved = errno;
  // The kernel copies the set before it finds that there is no such way of changing the mask: EFAULT, or EINVAL. A call
  // that every filter of system calls lets through.
  constexpr int kNoSuchWay = -1;
  constexpr std::size_t kSetBytes = 8;
  syscall(SYS_rt_sigprocmask, kNoSuchWay, address, nullptr, kSetBytes);
  const bool readable = errno != EFAULT;
  errno = saved;
  return readable;
}

void threadName(char* buffer) {
  const int saved = errno;
  constexpr std::size_t kNameBytes = 16;
  if (prctl(PR_GET_NAME, buffer) != 0) buffer[0] = '\0';
  buffer[kNameBytes - 1] = '\0';
  errno = saved;
}

}  // namespace alloc8::platform
