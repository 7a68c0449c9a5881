// The layout of a file of samples: the stacks from which one process has allocated, each with sums over those of its
// allocations that were sampled. One file per process, mapped shared and written in place, so that it is readable while
// it grows and whole after SIGKILL. Its size does not depend on how long the process runs.
//
// Little-endian. A header page, then modules, threads, sites and frames, each with room for a fixed number. What is
// added is written before the number in use counts it; sums are added to by any thread, atomically.
//
// An allocation is sampled with the probability p = 1 - exp(-bytes / mean) (Poisson sampling by byte), and stands for 1
// / p of its kind (Horvitz and Thompson, "A Generalization of Sampling Without Replacement From a Finite Universe",
// 1952), so that sums of bytes / p are unbiased, with the variance sum of (1 - p) (bytes / p)^2.

#pragma once

#include <cstddef>
#include <cstdint>

namespace alloc8::record {

inline constexpr char kSamplesMagic[8] = {'A', '8', 'S', 'A', 'M', 'P', 'L', '1'};
inline constexpr std::uint32_t kSamplesVersion = 1;
inline constexpr std::size_t kSamplesPage = 4096;

inline constexpr std::size_t kMostModules = 1024;
inline constexpr std::size_t kMostSampledThreads = 1024;
inline constexpr std::size_t kMostSites = 16384;
inline constexpr std::size_t kMostDepth = 256;  // of a stack
inline constexpr std::size_t kMostFrames = std::size_t{1} << 20;

// Lifetimes go by factors of four from a microsecond on.
inline constexpr std::size_t kLifetimes = 20;
inline constexpr std::uint64_t kShortestLifetimeNs = 1000;
constexpr std::size_t lifetimeOf(std::uint64_t ns) {
  std::size_t at = 0;
  for (std::uint64_t limit = kShortestLifetimeNs; ns > limit && at < kLifetimes - 1; limit *= 4) ++at;
  return at;
}

struct SamplesHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t headerBytes;
  std::uint32_t moduleBytes;
  std::uint32_t siteBytes;
  std::uint32_t usedModules;
  std::uint32_t usedThreads;
  std::uint32_t usedSites;
  std::uint32_t usedFrames;
  std::int64_t pid;
  std::int64_t ppid;
  std::uint64_t startNs;
  std::uint64_t meanBytes;
  std::uint64_t lostSamples;  // for which there was no room
  std::uint64_t lostBytes;    // what they stand for
  std::uint64_t varianceShift;
  // Where the process has its sampled blocks that are live, for who may read its memory: an array of addresses (0 and 1
  // stand for none) and one of SampledBlock, of so many each. 0 in files of before.
  std::uint64_t liveAddresses;
  std::uint64_t liveBlocks;
  std::uint64_t livePlaces;
  std::uint64_t reserved[12];
};
static_assert(sizeof(SamplesHeader) <= kSamplesPage);

// What is known of a sampled block.
struct SampledBlock {
  std::uint64_t bytes;      // usable
  std::uint64_t requested;  // 16 at least
  std::uint64_t bornNs;
  std::uint32_t site;
  std::int32_t thread;  // as in SampledThread
};
static_assert(sizeof(SampledBlock) == 32);

// An object of the process in which frames lie.
struct SampledModule {
  std::uint64_t start;  // where it is loaded
  std::uint64_t bias;   // what is added to addresses in its file
  std::uint32_t ready;  // 1: written
  std::uint32_t buildIdBytes;
  std::uint8_t buildId[32];
  char path[456];
};
static_assert(sizeof(SampledModule) == 512);

struct SampledThread {
  std::int64_t thread;
  char name[24];
};
static_assert(kMostSampledThreads * sizeof(SampledThread) % kSamplesPage == 0);

// Sums over samples. `blocks` has 8 bits behind the point; `variance` is in units of 2^varianceShift square bytes, so
// that one sample's, which is about the mean's square, takes 24 bits.
struct SampleSums {
  std::uint64_t samples;
  std::uint64_t blocks;
  std::uint64_t bytes;
  std::uint64_t variance;
};
inline constexpr unsigned kBlockFraction = 8;
constexpr std::uint64_t varianceShiftOf(std::uint64_t meanBytes) {
  const auto bits = static_cast<unsigned>(64 - __builtin_clzll(meanBytes | 1));
  return 2 * bits > 24 ? 2 * bits - 24 : 0;
}

inline constexpr std::uint32_t kSiteReady = 1;     // written, and found by its stack
inline constexpr std::uint32_t kSiteComplete = 2;  // the stack reaches the program's or the thread's start

struct SampleSite {
  std::uint64_t hash;
  std::uint32_t firstFrame;
  std::uint32_t frames;
  std::uint32_t thread;
  std::uint32_t flags;
  // Read before what was allocated, so that nothing is seen freed that is not seen allocated.
  SampleSums freed;
  std::uint64_t elsewhereBlocks;  // freed by another thread; as in SampleSums
  std::uint64_t elsewhereBytes;
  std::uint64_t lifetimes[kLifetimes];  // blocks freed, as in SampleSums
  SampleSums allocated;
  std::uint64_t reserved[2];
};
static_assert(sizeof(SampleSite) == 24 + 2 * 32 + 16 + kLifetimes * 8 + 16);

// A frame: the module's number plus 1 in the bits from 48 on, and the address in its file below; without a module the
// address in memory.
inline constexpr unsigned kFrameModuleShift = 48;

inline constexpr std::size_t kModulesOffset = kSamplesPage;
inline constexpr std::size_t kThreadsOffset = kModulesOffset + kMostModules * sizeof(SampledModule);
inline constexpr std::size_t kSitesOffset = kThreadsOffset + kMostSampledThreads * sizeof(SampledThread);
inline constexpr std::size_t kFramesOffset = kSitesOffset + kMostSites * sizeof(SampleSite);
inline constexpr std::size_t kSamplesBytes = kFramesOffset + kMostFrames * sizeof(std::uint64_t);
static_assert(kFramesOffset % kSamplesPage == 0);

}  // namespace alloc8::record
