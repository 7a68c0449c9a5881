// The layout of a session's control page: the file `control` in its folder, which the controller makes before the
// target starts and which every process maps, to read only. What is to be done at a call stands in one word of it, so
// that a change is seen by all processes at their next call.
//
// Little-endian, one page. A change is written in this order: its place in `history`, then `levels`, then `changes`;
// who begins reads `changes` first and `levels` after it. A change that falls in between is then one that came later,
// and is never missed.

#pragma once

#include <cstddef>
#include <cstdint>

namespace alloc8::record {

inline constexpr char kControlMagic[8] = {'A', '8', 'C', 'N', 'T', 'R', 'L', '1'};
inline constexpr std::uint32_t kControlVersion = 1;
inline constexpr std::size_t kControlBytes = 4096;
inline constexpr std::size_t kControlHistory = 240;
inline constexpr char kControlName[] = "control";

// The levels from that time on.
struct ControlChange {
  std::uint64_t ns;  // monotonic clock
  std::uint32_t levels;
  std::uint32_t reserved;
};

struct ControlPage {
  char magic[8];
  std::uint32_t version;
  std::uint32_t bytes;
  std::uint32_t levels;        // ProbeLevels
  std::uint32_t changes;       // how many there have been; change n stands at n % kControlHistory
  std::uint64_t sampleBytes;   // 0: as the environment says; for files that are begun from now on
  std::uint32_t latencyEvery;  // likewise
  std::uint32_t reserved[55];
  ControlChange history[kControlHistory];
};
static_assert(sizeof(ControlPage) == kControlBytes);

}  // namespace alloc8::record
