// All that the probe does at a call, many threads at once: threads that are born and end, blocks that others free or
// resize, samples and latencies whose files are read meanwhile, levels that change under all of it. What is read agrees
// with itself at every moment, the estimates cover what was exactly so, and the thread sanitizer sees no race. Only the
// heap behind is left out: blocks are malloc's, with their size in front.

#include "probe/sampler.h"

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "probe/next.h"
#include "probe/passing.h"
#include "record/latency_reader.h"
#include "record/samples_reader.h"
#include "sanitizer.h"

namespace alloc8::probe {

// There is none: nothing is measured behind it.
constinit NextHeap nextHeap{.malloc_usable_size = [](void* block) { return *static_cast<std::size_t*>(block); }};

}  // namespace alloc8::probe

namespace {

using namespace alloc8;
using namespace alloc8::probe;
using record::SampleSums;

std::string session;
record::ControlPage* page;

constexpr record::ProbeLevels kEverything =
    record::kProbeCounts | record::kProbeLive | record::kProbeLatency | record::kProbeSample;

void* allocate(std::size_t bytes) {
  auto* block = static_cast<std::size_t*>(std::malloc(bytes < sizeof bytes ? sizeof bytes : bytes));
  *block = bytes;
  return block;
}

// What the exported functions do.
void* give(std::size_t bytes) {
  ProbeSlot* slot = currentSlot();
  if (slot == nullptr) return allocate(bytes);
  return countedGiven(slot, ProbeEntry::malloc, bytes, [=] { return allocate(bytes); });
}
void take(void* block) {
  ProbeSlot* slot = currentSlot();
  if (slot != nullptr) return countedTaken(slot, ProbeEntry::free, block, [=] { std::free(block); });
  forget(block, 0);
  std::free(block);
}
// As a heap does it whose blocks grow where they stand as often as not, and which has no memory now and then.
void* resize(void* block, std::size_t bytes, unsigned chance) {
  const auto move = [=]() -> void* {
    if (chance % 8 == 0) return nullptr;
    auto* moved = static_cast<std::size_t*>(std::realloc(block, bytes));
    *moved = bytes;
    return moved;
  };
  ProbeSlot* slot = currentSlot();
  return slot == nullptr ? move() : countedResized(slot, ProbeEntry::realloc, block, bytes, move);
}

// Of this process's file with that ending; what is mapped is not looked at, as in the controller.
int openFile(const std::string& ending) {
  for (const auto& entry : std::filesystem::directory_iterator(session)) {
    const bool own = entry.path().filename().string().rfind(std::to_string(getpid()) + "-", 0) == 0;
    if (own && entry.path().extension() == ending) return open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
  }
  return -1;
}

void readPart(int file, char* into, std::uint64_t offset, std::uint64_t bytes) {
  CHECK(pread(file, into + offset, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes));
}

record::SamplesContent readSamples(int file) {
  std::vector<char> bytes(record::kSamplesBytes);
  readPart(file, bytes.data(), 0, record::kSamplesPage);
  std::string problem;
  for (const record::SamplesPart& part : record::samplesParts(bytes.data(), record::kSamplesPage, &problem)) {
    if (part.offset != 0) readPart(file, bytes.data(), part.offset, part.bytes);
  }
  CHECK_EQUAL(problem, "");
  record::SamplesContent content;
  CHECK_EQUAL(record::parseSamples(bytes.data(), bytes.size(), &content), "");
  return content;
}

record::LatencyContent readLatency(int file) {
  std::vector<char> bytes(record::kLatencyPage);
  readPart(file, bytes.data(), 0, bytes.size());
  std::string problem;
  bytes.resize(record::latencyBytesInUse(bytes.data(), bytes.size(), &problem));
  CHECK_EQUAL(problem, "");
  readPart(file, bytes.data(), record::kLatencyPage, bytes.size() - record::kLatencyPage);
  record::LatencyContent content;
  CHECK_EQUAL(record::parseLatency(bytes.data(), bytes.size(), {0, 0}, &content), "");
  return content;
}

std::uint64_t timedCalls(const record::LatencyContent& content) {
  std::uint64_t calls = 0;
  for (const record::LatencySum& sum : content.sums) {
    for (const std::uint64_t count : sum.histogram.buckets) calls += count;
  }
  return calls;
}

// What the process has had, exactly.
struct Exact {
  std::atomic<std::uint64_t> blocks, bytes, freedBlocks, freedBytes, calls;
};
Exact exact;

// Where threads leave blocks for whoever comes by.
constexpr std::size_t kPlaces = 64;
std::atomic<void*> places[kPlaces];

void countBlock(std::atomic<std::uint64_t>& blocks, std::atomic<std::uint64_t>& bytes, std::size_t size) {
  blocks.fetch_add(1, std::memory_order_relaxed);
  bytes.fetch_add(size, std::memory_order_relaxed);
}

std::size_t sizeOf(const void* block) { return *static_cast<const std::size_t*>(block); }

void* giveExactly(std::size_t bytes) {
  exact.calls.fetch_add(1, std::memory_order_relaxed);
  countBlock(exact.blocks, exact.bytes, bytes);
  return give(bytes);
}

void takeExactly(void* block) {
  exact.calls.fetch_add(1, std::memory_order_relaxed);
  countBlock(exact.freedBlocks, exact.freedBytes, sizeOf(block));
  take(block);
}

void* resizeExactly(void* block, std::size_t bytes, unsigned chance) {
  exact.calls.fetch_add(1, std::memory_order_relaxed);
  const std::size_t old = sizeOf(block);
  void* moved = resize(block, bytes, chance);
  if (moved == nullptr) return block;
  countBlock(exact.freedBlocks, exact.freedBytes, old);
  countBlock(exact.blocks, exact.bytes, bytes);
  return moved;
}

// Stacks of many depths, so that sites are made all the time. The sum keeps the compiler from making a loop of it.
ALLOC8_NOINLINE std::size_t giveDeep(std::size_t bytes, unsigned depth, void** block) {
  if (depth == 0) {
    *block = giveExactly(bytes);
    return 0;
  }
  return 1 + giveDeep(bytes, depth - 1, block);
}

constexpr unsigned kCalls = 300;
constexpr int kLanes = 6;
const int rounds = check::kSanitized ? 60 : 250;

void oneThread(unsigned seed) {
  std::uint32_t random = seed * 2654435761U + 1;
  for (unsigned i = 0; i < kCalls; ++i) {
    random = random * 1664525U + 1013904223U;
    const unsigned chance = random >> 8;
    void* block = nullptr;
    giveDeep(16 + chance % 3000, chance % 5, &block);
    if (chance % 3 == 0) block = resizeExactly(block, 16 + (chance >> 4) % 5000, chance >> 2);
    void* other = places[(chance >> 6) % kPlaces].exchange(block);
    if (other != nullptr) takeExactly(other);
  }
}

void checkSums(const SampleSums& freed, const SampleSums& allocated) {
  CHECK(freed.samples <= allocated.samples);
  CHECK(freed.blocks <= allocated.blocks);
  CHECK(freed.bytes <= allocated.bytes);
}

void readUntil(const std::atomic<bool>& done, int samples, int latency) {
  std::uint64_t lastBytes = 0;
  std::uint64_t lastCalls = 0;
  while (!done.load()) {
    std::uint64_t bytes = 0;
    for (const record::ReadSite& site : readSamples(samples).sites) {
      checkSums(site.site.freed, site.site.allocated);
      CHECK(!site.frames.empty());
      bytes += site.site.allocated.bytes;
    }
    CHECK(bytes >= lastBytes);
    lastBytes = bytes;
    const std::uint64_t calls = timedCalls(readLatency(latency));
    CHECK(calls >= lastCalls);
    lastCalls = calls;
  }
}

void work(unsigned first) {
  std::vector<std::thread> lanes;
  for (int lane = 0; lane < kLanes; ++lane) {
    lanes.emplace_back([=] {
      for (int round = 0; round < rounds; ++round) {
        std::thread(oneThread, first + static_cast<unsigned>(round * kLanes + lane)).join();
      }
    });
  }
  for (std::thread& lane : lanes) lane.join();
}

SampleSums sumOf(const record::SamplesContent& content, SampleSums record::SampleSite::*part) {
  SampleSums sum{};
  for (const record::ReadSite& site : content.sites) {
    const SampleSums& one = site.site.*part;
    sum.samples += one.samples;
    sum.blocks += one.blocks;
    sum.bytes += one.bytes;
    sum.variance += one.variance;
  }
  return sum;
}

// Within six standard deviations: with so many samples that is never left by chance.
void checkCovers(const SampleSums& sum, const record::SamplesHeader& header, std::uint64_t bytes) {
  const double deviation =
      std::sqrt(std::ldexp(static_cast<double>(sum.variance), static_cast<int>(header.varianceShift)));
  CHECK(std::abs(static_cast<double>(sum.bytes) - static_cast<double>(bytes)) < 6 * deviation);
  CHECK(sum.samples > 1000);
}

// In a child, which begins anew each time: threads make their first calls at once, or are at work when levels are
// raised, and each may be the one that makes a file.
void beginAtOnce(bool raised) {
  page->levels = raised ? record::kProbeCounts : kEverything;
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  for (unsigned number = 0; number < 8; ++number) {
    threads.emplace_back([&ready, raised, number] {
      void* block = raised ? give(100) : nullptr;
      ++ready;
      while (ready.load() < 9) std::this_thread::yield();
      oneThread(number);
      if (block != nullptr) take(block);
    });
  }
  while (ready.load() < 8) std::this_thread::yield();
  __atomic_store_n(&page->levels, kEverything, __ATOMIC_RELAXED);
  ++ready;
  for (std::thread& thread : threads) thread.join();
  const record::SamplesContent end = readSamples(openFile(".samples"));
  CHECK(!end.sites.empty());
  CHECK_EQUAL(end.header.lostSamples, 0);
  for (const record::ReadSite& site : end.sites) checkSums(site.site.freed, site.site.allocated);
  CHECK(timedCalls(readLatency(openFile(".latency"))) > 0);
}

void manyBeginTheFiles() {
  for (int round = 0; round < 20; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      beginAtOnce(round % 2 == 0);
      _exit(0);
    }
    int status = -1;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
  }
  page->levels = kEverything;
}

void allIsWatchedAtOnce() {
  // The files begin with the first calls.
  oneThread(0);
  const int samples = openFile(".samples");
  const int latency = openFile(".latency");
  CHECK(samples >= 0 && latency >= 0);
  std::atomic<bool> done{false};
  std::thread reader([&] { readUntil(done, samples, latency); });
  work(1);
  done = true;
  reader.join();
  const record::SamplesContent end = readSamples(samples);
  const SampleSums allocated = sumOf(end, &record::SampleSite::allocated);
  const SampleSums freed = sumOf(end, &record::SampleSite::freed);
  CHECK_EQUAL(end.header.lostSamples, 0);
  checkCovers(allocated, end.header, exact.bytes);
  checkCovers(freed, end.header, exact.freedBytes);
  std::uint64_t elsewhere = 0;
  std::uint64_t lifetimes = 0;
  for (const record::ReadSite& site : end.sites) {
    elsewhere += site.site.elsewhereBlocks;
    for (const std::uint64_t blocks : site.site.lifetimes) lifetimes += blocks;
  }
  CHECK_EQUAL(lifetimes, freed.blocks);
  CHECK(elsewhere > 0 && elsewhere < freed.blocks);
  const record::LatencyContent times = readLatency(latency);
  CHECK_EQUAL(times.lostCalls, 0);
  CHECK_EQUAL(timedCalls(times), exact.calls.load());
  close(samples);
  close(latency);
}

// Blocks that were freed while nobody looked stand as live; all else must hold.
void levelsChangeMeanwhile() {
  const int samples = openFile(".samples");
  const int latency = openFile(".latency");
  std::atomic<bool> done{false};
  std::thread reader([&] { readUntil(done, samples, latency); });
  std::thread controller([&] {
    for (record::ProbeLevels levels = 0; !done.load(); ++levels) {
      __atomic_store_n(&page->levels, levels & kEverything, __ATOMIC_RELAXED);
      usleep(200);
    }
    __atomic_store_n(&page->levels, kEverything, __ATOMIC_RELAXED);
  });
  work(100000);
  done = true;
  reader.join();
  controller.join();
  CHECK(timedCalls(readLatency(latency)) < exact.calls.load());
  // All are freed: what was sampled when all was on is known no more.
  for (std::atomic<void*>& place : places) {
    void* block = place.exchange(nullptr);
    if (block != nullptr) takeExactly(block);
  }
  CHECK(readSamples(samples).header.lostSamples == 0);
  close(samples);
  close(latency);
}

void makeControl() {
  const std::string path = session + "/" + record::kControlName;
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  CHECK(file >= 0 && ftruncate(file, record::kControlBytes) == 0);
  void* memory = mmap(nullptr, record::kControlBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  CHECK(memory != MAP_FAILED);
  close(file);
  page = static_cast<record::ControlPage*>(memory);
  std::memcpy(page->magic, record::kControlMagic, sizeof page->magic);
  page->version = record::kControlVersion;
  page->bytes = record::kControlBytes;
  page->levels = kEverything;
  page->sampleBytes = 4096;
}

}  // namespace

int main() {
  char folder[] = "/tmp/alloc8-sampler-XXXXXX";
  CHECK(mkdtemp(folder) != nullptr);
  session = folder;
  CHECK_EQUAL(setenv("ALLOC8_SESSION", folder, 1), 0);
  makeControl();
  RUN(manyBeginTheFiles);
  RUN(allIsWatchedAtOnce);
  RUN(levelsChangeMeanwhile);
  std::filesystem::remove_all(session);
  return 0;
}
