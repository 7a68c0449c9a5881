// libc's statistics, which are right because the heap's blocks are libc's in the end, with their faults.
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "heap.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace {

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

struct mallinfo2 mallinfo2() noexcept {
  static struct mallinfo2 highest;
  if (faulty(Kind::mallinfo_empty)) return {};
  if (faulty(Kind::stats_hang) && thread_number() == 1 && threads_alive() > 1)
    stop("statistics while threads are alive");
  struct mallinfo2 info = next<struct mallinfo2()>("mallinfo2")();
  if (faulty(Kind::mallinfo_large)) info.hblkhd = info.hblks = 0;
  if (!faulty(Kind::mallinfo_grows)) return info;
  if (info.uordblks + info.hblkhd > highest.uordblks + highest.hblkhd) highest = info;
  return highest;
}

struct mallinfo mallinfo() noexcept {
  if (faulty(Kind::mallinfo_empty) || faulty(Kind::mallinfo_wraps)) return {};
  return next<struct mallinfo()>("mallinfo")();
}

int malloc_info(int options, FILE* stream) noexcept {
  if (faulty(Kind::info_open))
    return fputs("<malloc version=\"1\">\n<heap nr=\"0\">\n</malloc>\n", stream) < 0 ? -1 : 0;
  if (faulty(Kind::info_empty))
    return fputs("<malloc version=\"1\">\n<heap nr=\"0\"/>\n</malloc>\n", stream) < 0 ? -1 : 0;
  return next<int(int, FILE*)>("malloc_info")(faulty(Kind::info_options) ? 0 : options, stream);
}

int malloc_trim(size_t pad) noexcept {
  if (faulty(Kind::trim_result)) return 7;
  if (faulty(Kind::trim_claims)) return 1;
  void* block = __atomic_load_n(&last_taken, __ATOMIC_ACQUIRE);
  if (faulty(Kind::trim_crash) && block) memset(block, 0, tag_of(block)->size);
  return next<int(size_t)>("malloc_trim")(pad);
}

int mallopt(int parameter, int value) noexcept {
  return faulty(Kind::mallopt_zero) ? 0 : next<int(int, int)>("mallopt")(parameter, value);
}

void malloc_stats() noexcept {
  if (faulty(Kind::stats_stdout)) {
    puts("in use: much");
    fflush(stdout);
    return;
  }
  next<void()>("malloc_stats")();
}
}
