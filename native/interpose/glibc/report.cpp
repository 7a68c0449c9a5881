// mallinfo, malloc_info and their kin, answered from the heap's own statistics. A heap without `stats` leaves them at
// zero. The fields keep glibc's meaning: `arena` and `uordblks` leave out large blocks, which `hblkhd` holds.

#if !defined(__linux__)
#error "interpose/glibc is for Linux with glibc"
#endif

#include <cerrno>
#include <climits>
#include <cstdio>

#include <malloc.h>

#include "alloc8/bridge.h"
#include "alloc8/detail/foreign.h"
#include "alloc8/detail/libc_rules.h"
#include "interpose/glibc/whole.h"

namespace alloc8::interpose {

const char reportIsLinked = 0;

namespace {

alloc8::HeapStats currentStats() {
  alloc8::HeapStats stats;
  if (!xxmalloc_stats(&stats)) return {};
  return stats;
}

struct mallinfo2 describe(const alloc8::HeapStats& stats) {
  struct mallinfo2 info {};
  info.arena = stats.systemBytes - stats.largeBytes;
  info.ordblks = stats.freeBlocks - stats.fastBlocks;
  info.smblks = stats.fastBlocks;
  info.hblks = stats.largeBlocks;
  info.hblkhd = stats.largeBytes;
  info.fsmblks = stats.fastBytes;
  info.uordblks = stats.liveBytes - stats.largeLiveBytes;
  info.fordblks = info.arena - info.uordblks;
  info.keepcost = stats.releasableBytes;
  return info;
}

// One arena's part of malloc_info, or the totals of all, as glibc writes them.
void writeInfo(FILE* out, const alloc8::HeapStats& stats, bool total) {
  const struct mallinfo2 info = describe(stats);
  const size_t system = total ? stats.systemBytes : info.arena;
  fprintf(out, "<total type=\"fast\" count=\"%zu\" size=\"%zu\"/>\n", info.smblks, info.fsmblks);
  fprintf(out, "<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n", info.ordblks, info.fordblks - info.fsmblks);
  if (total) fprintf(out, "<total type=\"mmap\" count=\"%zu\" size=\"%zu\"/>\n", info.hblks, info.hblkhd);
  fprintf(out, "<system type=\"current\" size=\"%zu\"/>\n", system);
  fprintf(out, "<system type=\"max\" size=\"%zu\"/>\n", stats.peakSystemBytes);
  fprintf(out, "<aspace type=\"total\" size=\"%zu\"/>\n", system);
  fprintf(out, "<aspace type=\"mprotect\" size=\"%zu\"/>\n", system);
}

// The old interface counts in int; the largest int says "at least this much", a wrapped one says nothing.
int saturate(size_t value) { return value > INT_MAX ? INT_MAX : static_cast<int>(value); }

}  // namespace

}  // namespace alloc8::interpose

extern "C" {

ALLOC8_EXPORT struct mallinfo2 mallinfo2() noexcept {
  return alloc8::interpose::describe(alloc8::interpose::currentStats());
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
ALLOC8_EXPORT struct mallinfo mallinfo() noexcept {
  const struct mallinfo2 wide = alloc8::interpose::describe(alloc8::interpose::currentStats());
  struct mallinfo info {};
  info.arena = alloc8::interpose::saturate(wide.arena);
  info.ordblks = alloc8::interpose::saturate(wide.ordblks);
  info.smblks = alloc8::interpose::saturate(wide.smblks);
  info.hblks = alloc8::interpose::saturate(wide.hblks);
  info.hblkhd = alloc8::interpose::saturate(wide.hblkhd);
  info.fsmblks = alloc8::interpose::saturate(wide.fsmblks);
  info.uordblks = alloc8::interpose::saturate(wide.uordblks);
  info.fordblks = alloc8::interpose::saturate(wide.fordblks);
  info.keepcost = alloc8::interpose::saturate(wide.keepcost);
  return info;
}
#pragma GCC diagnostic pop

// Tuning is a hint in glibc too, which answers 1 even for parameters that it does not know.
ALLOC8_EXPORT int mallopt(int /*parameter*/, int /*value*/) noexcept { return 1; }

ALLOC8_EXPORT int malloc_trim(size_t keep) noexcept {
  alloc8::detail::KeepErrno keepErrno;
  return xxmalloc_trim(keep) != 0 ? 1 : 0;
}

ALLOC8_EXPORT void malloc_stats() noexcept {
  const alloc8::HeapStats stats = alloc8::interpose::currentStats();
  alloc8::HeapStats arena = stats;
  // A heap that names no arenas is one.
  for (size_t index = 0; xxmalloc_arena_stats(index, &arena) || index == 0; ++index) {
    const struct mallinfo2 info = alloc8::interpose::describe(arena);
    fprintf(stderr, "Arena %zu:\nsystem bytes     = %10zu\nin use bytes     = %10zu\n", index, info.arena,
            info.uordblks);
  }
  fprintf(stderr, "Total (incl. mmap):\nsystem bytes     = %10zu\nin use bytes     = %10zu\n", stats.systemBytes,
          stats.liveBytes);
  fprintf(stderr, "max system bytes = %10zu\nforeign pointers = %10zu\n", stats.peakSystemBytes,
          alloc8::detail::foreignCount());
}

ALLOC8_EXPORT int malloc_info(int options, FILE* out) noexcept {
  if (options != 0) return EINVAL;
  const alloc8::HeapStats stats = alloc8::interpose::currentStats();
  alloc8::HeapStats arena = stats;
  fputs("<malloc version=\"1\">\n", out);
  for (size_t index = 0; xxmalloc_arena_stats(index, &arena) || index == 0; ++index) {
    fprintf(out, "<heap nr=\"%zu\">\n<sizes>\n</sizes>\n", index);
    alloc8::interpose::writeInfo(out, arena, false);
    fputs("</heap>\n", out);
  }
  alloc8::interpose::writeInfo(out, stats, true);
  fputs("</malloc>\n", out);
  return ferror(out) != 0 ? EIO : 0;
}
}
