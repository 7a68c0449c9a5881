// Unwind tables are read as libgcc reads them, over everything that this process has loaded; and damaged ones are read
// within their bounds.

#include "probe/unwind/row.h"

#include <cstring>
#include <vector>

#include <dlfcn.h>
#include <sys/mman.h>
#include <unwind.h>

#include "check.h"
#include "platform/platform.h"

namespace {

using namespace alloc8;
using namespace alloc8::probe;

struct Frames {
  std::uintptr_t at[64];
  std::size_t count = 0;
};

_Unwind_Reason_Code addFrame(_Unwind_Context* context, void* frames) {
  auto* all = static_cast<Frames*>(frames);
  if (all->count < 64) all->at[all->count++] = _Unwind_GetIP(context);
  return _URC_NO_REASON;
}

// Reached through the C library, whose frames are followed too.
Frames expected;
int compareAndLook(const void*, const void*) {
  expected.count = 0;
  _Unwind_Backtrace(addFrame, &expected);
  return 0;
}

// All frames are inside this program, so the walk, which leaves out its own library, is not compared here; rows are.
void rowsLeadWhereLibgccGoes() {
  char letters[] = "dcba";
  qsort(letters, 4, 1, compareAndLook);
  CHECK(expected.count > 4);
  // libgcc gives zero for what stands behind the program's start.
  if (expected.at[expected.count - 1] == 0) --expected.count;
  std::size_t known = 0;
  for (std::size_t i = 0; i < expected.count; ++i) {
    platform::LoadedObject object{};
    CHECK(platform::findLoadedObject(expected.at[i] - 1, &object));
    const UnwindRow row =
        readUnwindRow(object.unwindTable, object.readOnlyStart, object.readOnlyEnd, expected.at[i] - 1);
    if (row.base != FrameBase::kUnknown) ++known;
  }
  CHECK_EQUAL(known, expected.count);
}

// Of libc: each place in its code, known or not, is read without harm, and most are known.
void everyPlaceOfLibcIsRead() {
  platform::LoadedObject object{};
  CHECK(platform::findLoadedObject(reinterpret_cast<std::uintptr_t>(dlsym(RTLD_DEFAULT, "gnu_get_libc_version")),
                                   &object));
  std::size_t known = 0;
  std::size_t all = 0;
  for (std::uintptr_t at = object.start; at < object.end; at += 97) {
    const UnwindRow row = readUnwindRow(object.unwindTable, object.readOnlyStart, object.readOnlyEnd, at);
    ++all;
    if (row.base != FrameBase::kUnknown) ++known;
  }
  CHECK(known * 2 > all);
}

// A copy of libc's tables with pages behind it that cannot be read: with bytes changed at random it is read within
// bounds.
void damagedTablesAreReadWithinBounds() {
  platform::LoadedObject object{};
  CHECK(platform::findLoadedObject(reinterpret_cast<std::uintptr_t>(dlsym(RTLD_DEFAULT, "gnu_get_libc_version")),
                                   &object));
  const std::size_t bytes = object.readOnlyEnd - object.readOnlyStart;
  const std::size_t whole = (bytes + 4095) & ~std::size_t{4095};
  auto* memory = static_cast<char*>(mmap(nullptr, whole + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  CHECK_EQUAL(mprotect(memory + 4096, whole, PROT_READ | PROT_WRITE), 0);
  // To the end of the last page, so that one byte too far is seen.
  char* copy = memory + 4096 + (whole - bytes);
  std::memcpy(copy, reinterpret_cast<const void*>(object.readOnlyStart), bytes);
  const auto start = reinterpret_cast<std::uintptr_t>(copy);
  const std::uintptr_t table = start + (reinterpret_cast<std::uintptr_t>(object.unwindTable) - object.readOnlyStart);
  const std::size_t tables = start + bytes - table;
  std::uint64_t state = 99;
  for (int round = 0; round < 200000; ++round) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    if (round % 20 == 0) copy[bytes - 1 - (state >> 20) % tables] = static_cast<char>(state >> 56);
    const std::uintptr_t code =
        start - object.readOnlyStart + object.start + (state >> 33) % (object.end - object.start);
    readUnwindRow(reinterpret_cast<const void*>(table), start, start + bytes, code);
  }
  munmap(memory, whole + 8192);
}

}  // namespace

int main() {
  RUN(rowsLeadWhereLibgccGoes);
  RUN(everyPlaceOfLibcIsRead);
  RUN(damagedTablesAreReadWithinBounds);
}
