// What happens where a point falls: the stack is followed, its site found or made, and the block remembered.

#include "probe/sampler.h"

#include "base/fixed_point.h"
#include "platform/platform.h"
#include "probe/control.h"
#include "probe/cost.h"
#include "probe/settings.h"
#include "probe/unwind/walk.h"
#include "record/samples_writer.h"

namespace alloc8::probe {

namespace {

using base::Wide;
using record::kMostDepth;

enum Phase : std::uint32_t { kNotBegun = 0, kBeginning = 1, kBegun = 2, kFailed = 3 };

// For stacks that are being followed. Not on the stack, because the program may be on a small one, a signal's; nor for
// each thread, because a library that is opened late gets little of what threads have.
struct StackBuffer {
  std::atomic<bool> taken;
  std::uintptr_t frames[kMostDepth];
};
constexpr std::size_t kStackBuffers = 32;
constinit StackBuffer stackBuffers[kStackBuffers]{};

// Null where so many threads are at it.
StackBuffer* takeBuffer() {
  for (StackBuffer& buffer : stackBuffers) {
    if (!buffer.taken.load(std::memory_order_relaxed) && !buffer.taken.exchange(true)) return &buffer;
  }
  return nullptr;
}

constinit record::SamplesFile samplesFile;

// Sites by the hash of their stacks: numbers plus 1, in private pages that are wiped in a child.
constexpr std::size_t kIndexBits = 16;
struct SiteIndex {
  std::atomic<std::uint32_t> at[std::size_t{1} << kIndexBits];
};
static_assert(record::kMostSites <= (std::size_t{1} << kIndexBits) / 4);

SiteIndex* makeIndex() {
  void* memory = platform::mapPages(sizeof(SiteIndex), platform::pageSize());
  if (memory == nullptr) return nullptr;
  if (platform::wipeOnFork(memory, sizeof(SiteIndex))) return static_cast<SiteIndex*>(memory);
  platform::unmapPages(memory, sizeof(SiteIndex));
  return nullptr;
}

// A child has these mappings from its parent, empty.
LiveSamples* liveSamples;
SiteIndex* siteIndex;

// Of this process's file; 0 until it is begun. Threads draw their first point before they have looked.
std::atomic<std::uint64_t> meanBytes;

std::uint64_t begunMean() { return meanBytes.load(std::memory_order_relaxed); }

// What the controller asks for now, which may be anything.
std::uint64_t askedMean() {
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 40;
  const record::ControlPage* page = control();
  const std::uint64_t asked = page == nullptr ? 0 : __atomic_load_n(&page->sampleBytes, __ATOMIC_RELAXED);
  const std::uint64_t mean = asked != 0 ? asked : settings.sampleBytes;
  return mean < 1 || mean > kLargest ? Settings{}.sampleBytes : mean;
}

std::uint64_t mean() {
  const std::uint64_t begun = begunMean();
  return begun != 0 ? begun : askedMean();
}

bool begin() {
  const std::uint64_t asked = askedMean();
  meanBytes.store(asked, std::memory_order_relaxed);
  char path[kPathBytes];
  if (!companionPath(path, ".samples")) return false;
  if (liveSamples == nullptr) liveSamples = LiveSamples::make();
  if (siteIndex == nullptr) siteIndex = makeIndex();
  if (liveSamples == nullptr || siteIndex == nullptr) return false;
  const record::ProbeHeader& process = processFile.header();
  measureSamplingCost(processFile.header().costPicoseconds);
  if (!samplesFile.create(path, process.pid, process.ppid, asked)) return false;
  liveSamples->tellPlaces(&samplesFile.header());
  return true;
}

std::uint64_t nextRandom(std::uint64_t& state) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1d;
}

// The distance to the next point, of exponential distribution: -ln(u) * mean.
std::int64_t draw(SamplerThread& own) {
  if (own.random == 0) {
    own.random = platform::monotonicNs() * 0x9e3779b97f4a7c15 ^ reinterpret_cast<std::uintptr_t>(&own) ^
                 static_cast<std::uint64_t>(platform::threadId()) << 32;
    if (own.random == 0) own.random = 1;
    for (int round = 0; round < 8; ++round) nextRandom(own.random);
  }
  const std::uint64_t log2 = base::negativeLog2(nextRandom(own.random) | 1);
  const Wide natural = (Wide{log2} * base::kLn2) >> 60;  // 32 bits behind the point
  return static_cast<std::int64_t>((natural * mean()) >> 32);
}

// What a sample stands for.
struct Weight {
  std::uint64_t blocks;
  std::uint64_t bytes;
  std::uint64_t variance;
};

Weight weightOf(std::uint64_t charge, std::uint64_t bytes) {
  const std::uint64_t mean = begunMean();
  // log2 of e to the power of charge / mean; from 63 on it is certain that a point has fallen.
  constexpr std::uint64_t kCertain = 44;
  constexpr std::uint64_t kOne = std::uint64_t{1} << 63;
  std::uint64_t missed = 0;
  if (charge / mean < kCertain) {
    const Wide log2 = ((Wide{charge} << base::kFractionBits) / mean * base::kInverseLn2) >> 60;
    missed = base::powerOfHalf(static_cast<std::uint64_t>(log2));
  }
  const std::uint64_t hit = missed == kOne ? 1 : kOne - missed;
  const auto scaled = [hit](std::uint64_t value) { return static_cast<std::uint64_t>((Wide{value} << 63) / hit); };
  const std::uint64_t all = scaled(bytes);
  const Wide square = (Wide{all} * all) >> record::varianceShiftOf(mean);
  const std::uint64_t bounded = square > ~std::uint64_t{0} ? ~std::uint64_t{0} : static_cast<std::uint64_t>(square);
  return {scaled(std::uint64_t{1} << record::kBlockFraction), all,
          static_cast<std::uint64_t>((Wide{bounded} * missed) >> 63)};
}

void add(std::uint64_t& sum, std::uint64_t by) { std::atomic_ref(sum).fetch_add(by, std::memory_order_relaxed); }

void add(record::SampleSums& sums, const Weight& weight) {
  add(sums.samples, 1);
  add(sums.blocks, weight.blocks);
  add(sums.bytes, weight.bytes);
  add(sums.variance, weight.variance);
}

std::uint64_t hashOf(const std::uintptr_t* addresses, std::size_t count, std::uint32_t thread) {
  std::uint64_t hash = (thread + std::uint64_t{1}) * 0x9e3779b97f4a7c15;
  for (std::size_t at = 0; at < count; ++at) {
    hash = (hash ^ addresses[at]) * 0xff51afd7ed558ccd;
    hash ^= hash >> 32;
  }
  return hash | 1;
}

// Turns addresses into module and place, where they stand.
void encodeFrames(std::uintptr_t* addresses, std::size_t count) {
  platform::LoadedObject object{};
  std::uint32_t number = 0;
  for (std::size_t at = 0; at < count; ++at) {
    const std::uintptr_t place = addresses[at] - 1;
    if (number == 0 || place - object.start >= object.end - object.start) {
      number = platform::findLoadedObject(place, &object) ? samplesFile.moduleNumber(object) : 0;
    }
    if (number == 0) continue;
    addresses[at] = (addresses[at] - object.bias) | std::uintptr_t{number} << record::kFrameModuleShift;
  }
}

std::uint32_t makeSite(std::uint64_t hash, SamplerThread& own, std::uintptr_t* frames, const Walk& walk) {
  encodeFrames(frames, walk.frames);
  char name[16];
  platform::threadName(name);
  samplesFile.nameThread(own.number, name);
  static_assert(sizeof(std::uintptr_t) == sizeof(std::uint64_t));
  return samplesFile.addSite(hash, own.number, frames, walk.frames, walk.complete);
}

// The number plus 1 of the site of this thread's stack; 0 where there is no room.
std::uint32_t findSite(SamplerThread& own, std::uintptr_t* frames) {
  constexpr std::size_t kMostSteps = 64;
  constexpr std::size_t kMask = (std::size_t{1} << kIndexBits) - 1;
  const Walk walk = walkStack(frames, kMostDepth);
  const std::uint64_t hash = hashOf(frames, walk.frames, own.number);
  std::uint32_t made = 0;
  for (std::size_t step = 0; step < kMostSteps; ++step) {
    std::atomic<std::uint32_t>& entry = siteIndex->at[((hash >> 20) + step) & kMask];
    std::uint32_t number = entry.load(std::memory_order_acquire);
    if (number == 0) {
      if (made == 0) made = makeSite(hash, own, frames, walk);
      if (made == 0) return 0;
      if (entry.compare_exchange_strong(number, made, std::memory_order_acq_rel)) {
        samplesFile.publishSite(made);
        return made;
      }
    }
    if (samplesFile.site(number - 1).hash == hash) return number;
  }
  return 0;
}

void registerThread(SamplerThread& own, std::int64_t thread) {
  if (own.asked) return;
  own.asked = true;
  char name[16];
  platform::threadName(name);
  own.number = samplesFile.addThread(thread, name);
}

// Remembers the block; false where there is no room.
bool remember(SamplerThread& own, std::int64_t thread, std::size_t charge, std::size_t usable, void* block) {
  registerThread(own, thread);
  StackBuffer* buffer = takeBuffer();
  if (buffer == nullptr) return false;
  const std::uint32_t site = findSite(own, buffer->frames);
  buffer->taken.store(false, std::memory_order_release);
  if (site == 0) return false;
  const LiveSample sample{usable, charge, platform::monotonicNs(), site - 1, static_cast<std::int32_t>(thread)};
  // The program does not have the block yet, so nobody frees it before it is counted.
  if (!liveSamples->put(block, sample)) return false;
  add(samplesFile.site(site - 1).allocated, weightOf(charge, usable));
  return true;
}

}  // namespace

constinit thread_local SamplerThread samplerThread;

void beginSampling() {
  SamplerThread& own = samplerThread;
  if (!own.busy) own = SamplerThread{};
}

bool ensureSamples() {
  std::atomic<std::uint32_t>& phase = processPage()->samplerPhase;
  std::uint32_t seen = phase.load(std::memory_order_acquire);
  if (ALLOC8_LIKELY(seen == kBegun)) return true;
  if (seen != kNotBegun || !phase.compare_exchange_strong(seen, kBeginning)) return false;
  const bool done = begin();
  if (done) processPage()->liveSamples.store(liveSamples, std::memory_order_release);
  phase.store(done ? kBegun : kFailed, std::memory_order_release);
  return done;
}

void leaveSamples() {
  samplesFile.close();
  meanBytes.store(0, std::memory_order_relaxed);
  // What threads of the parent held, which the child does not have.
  for (StackBuffer& buffer : stackBuffers) buffer.taken.store(false, std::memory_order_relaxed);
}

ALLOC8_NOINLINE void* sampleGiven(std::int64_t thread, std::size_t charge, void* block) {
  SamplerThread& own = samplerThread;
  if (own.busy) return block;
  own.busy = true;
  const std::uint64_t start = platform::monotonicNs();
  const bool first = own.random == 0;
  const std::int64_t until = draw(own);
  // A thread's first call has drawn nothing yet: its bytes count from here.
  own.untilSample = first ? until - static_cast<std::int64_t>(charge) : until;
  if ((!first || own.untilSample < 0) && ensureSamples()) {
    if (first) own.untilSample = draw(own);
    std::size_t usable = 0;
    if (!usableSize(block, &usable)) usable = charge;
    if (!remember(own, thread, charge, usable, block)) samplesFile.lose(weightOf(charge, usable).bytes);
  }
  add(processFile.header().samplingNs, platform::monotonicNs() - start);
  own.busy = false;
  return block;
}

bool holdSample(const void* block, LiveSample* sample) {
  LiveSamples* live = processPage()->liveSamples.load(std::memory_order_acquire);
  return live != nullptr && live->mayHave(block) && live->take(block, sample);
}

void finishSample(const LiveSample& sample, std::int64_t thread) {
  const Weight weight = weightOf(sample.requested, sample.bytes);
  record::SampleSite& site = samplesFile.site(sample.site);
  add(site.freed, weight);
  const std::uint64_t now = platform::monotonicNs();
  add(site.lifetimes[record::lifetimeOf(now - sample.bornNs)], weight.blocks);
  if (sample.thread == static_cast<std::int32_t>(thread)) return;
  add(site.elsewhereBlocks, weight.blocks);
  add(site.elsewhereBytes, weight.bytes);
}

void forgetSample(const void* block, std::int64_t thread) {
  LiveSample sample;
  if (holdSample(block, &sample)) finishSample(sample, thread);
}

void restoreSample(const void* block, const LiveSample& sample) {
  LiveSamples* live = processPage()->liveSamples.load(std::memory_order_acquire);
  if (live != nullptr && live->put(block, sample)) return;
  // There was room a moment ago; where another has taken it, the block counts as freed.
  finishSample(sample, sample.thread);
}

}  // namespace alloc8::probe
