// Files of latencies: what is written by threads is read, with the times that their ticks stand for; what is cut off or
// damaged is an error with an offset; where there is no room that is counted.

#include "record/latency_writer.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "platform/platform.h"
#include "record/latency_reader.h"

namespace {

using namespace alloc8::record;
namespace platform = alloc8::platform;

std::string folder() {
  static const std::string made = [] {
    char name[] = "/tmp/alloc8-latency-XXXXXX";
    CHECK(mkdtemp(name) != nullptr);
    return std::string(name);
  }();
  return made;
}

std::string newPath() {
  static int count = 0;
  return folder() + "/" + std::to_string(++count) + ".latency";
}

std::string usedPart(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(kLatencyPage, 0);
  CHECK(file.read(bytes.data(), kLatencyPage));
  std::string problem;
  bytes.resize(latencyBytesInUse(bytes.data(), bytes.size(), &problem));
  CHECK_EQUAL(problem, "");
  CHECK(file.seekg(0).read(bytes.data(), static_cast<std::streamsize>(bytes.size())));
  return bytes;
}

// Parses from memory of exactly that size, so that a sanitizer sees every read beyond it.
std::string parse(const std::string& bytes, LatencyContent* out = nullptr, LatencyReaderClock reader = {{0, 0}, 0}) {
  LatencyContent unused;
  const std::unique_ptr<char[]> exact(new char[bytes.size()]);
  std::memcpy(exact.get(), bytes.data(), bytes.size());
  return parseLatency(exact.get(), bytes.size(), reader, out == nullptr ? &unused : out);
}

template <class Value>
void put(std::string& bytes, std::size_t at, Value value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

void everyCountHasABucketCloseToIt() {
  std::uint64_t before = 0;
  for (std::size_t at = 0; at < kLatencyBuckets; ++at) {
    const std::uint64_t low = latencyBucketLow(at);
    CHECK(at == 0 || low > before);
    CHECK_EQUAL(latencyBucketOf(low), at);
    const std::uint64_t last = at + 1 < kLatencyBuckets ? latencyBucketLow(at + 1) - 1 : ~std::uint64_t{0};
    CHECK_EQUAL(latencyBucketOf(last), at);
    // The middle is off by a sixteenth at most.
    CHECK((last - low) / 2 <= low / 16 + 1);
    before = low;
  }
}

void threadsOfSlotsAreSummed() {
  const std::string path = newPath();
  LatencyFile file;
  CHECK(file.create(path.c_str(), 42, 7, 3));
  file.header().overheadTicks = 10;
  std::vector<std::thread> threads;
  for (std::size_t slot : {std::size_t{0}, std::size_t{5}, kLatencyThreads - 1}) {
    threads.emplace_back([&file, slot] {
      LatencyThread* place = file.thread(slot);
      CHECK(place != nullptr);
      for (std::uint64_t i = 0; i < 1000; ++i) file.add(place, ProbeEntry::malloc, 1, 110);
      file.add(place, ProbeEntry::free, kLatencyAny, 1010 + slot);
      // A clock that went back, and less than a reading takes.
      file.add(place, ProbeEntry::calloc, 0, ~std::uint64_t{0} - 5);
      file.add(place, ProbeEntry::calloc, 0, 4);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(file.thread(kLatencyThreads) == nullptr);
  LatencyContent content;
  CHECK_EQUAL(parse(usedPart(path), &content), "");
  CHECK_EQUAL(content.header.pid, 42);
  CHECK_EQUAL(content.header.every, 3);
  CHECK_EQUAL(content.sums.size(), 3);
  for (const LatencySum& sum : content.sums) {
    const LatencyHistogram& one = sum.histogram;
    if (sum.entry == static_cast<std::size_t>(ProbeEntry::malloc)) {
      CHECK_EQUAL(sum.group, 1);
      CHECK_EQUAL(one.buckets[latencyBucketOf(100)], 3000);
      CHECK_EQUAL(one.sumTicks, 300000);
    } else if (sum.entry == static_cast<std::size_t>(ProbeEntry::free)) {
      CHECK_EQUAL(sum.group, kLatencyAny);
      CHECK_EQUAL(one.maxTicks, 1000 + kLatencyThreads - 1);
    } else {
      CHECK_EQUAL(one.buckets[0], 6);
    }
  }
  file.close();
}

void ticksAreTime() {
  LatencyFile file;
  const std::string path = newPath();
  CHECK(file.create(path.c_str(), 1, 1, 1));
  LatencyThread* place = file.thread(0);
  const std::uint64_t start = platform::ticks();
  const std::uint64_t startNs = platform::monotonicNs();
  while (platform::monotonicNs() - startNs < 2 * kLatencyLateNs) {
  }
  const std::uint64_t took = platform::ticks() - start;
  const std::uint64_t tookNs = platform::monotonicNs() - startNs;
  file.add(place, ProbeEntry::malloc, 0, took);
  LatencyContent content;
  CHECK_EQUAL(parse(usedPart(path), &content), "");
  const double ns = content.nsPerTick * static_cast<double>(content.sums[0].histogram.maxTicks);
  CHECK(ns > 0.99 * static_cast<double>(tookNs) && ns < 1.01 * static_cast<double>(tookNs));
  file.close();
}

constexpr std::uint64_t kOrigin = 1'700'000'000'000'000'000;

// A process that was over soon has its speed from the reader's clocks, where these can be its own.
void theReadersClocksServeWhereTheyFit() {
  LatencyFile file;
  const std::string path = newPath();
  CHECK(file.create(path.c_str(), 1, 1, 1));
  file.header().first = {1000, 1000};
  file.header().soon = {21000, 11000};
  file.header().originNs = kOrigin;
  file.close();
  const std::string bytes = usedPart(path);
  LatencyContent content;
  CHECK_EQUAL(parse(bytes, &content, {{2'040'001'000, 1'000'001'000}, kOrigin + 1'000'000}), "");
  CHECK(content.nsPerTick > 0.490 && content.nsPerTick < 0.491);
  // Another machine's, or after a new start of it: also where its clocks would do.
  for (const std::uint64_t origin : {kOrigin + 1'000'000'000, kOrigin - 1'000'000'000, std::uint64_t{0}}) {
    CHECK_EQUAL(parse(bytes, &content, {{2'040'001'000, 1'000'001'000}, origin}), "");
    CHECK_EQUAL(content.nsPerTick, 0.5);
  }
  CHECK_EQUAL(parse(bytes, &content, {{500, 900}, kOrigin}), "");
  CHECK_EQUAL(content.nsPerTick, 0.5);
  CHECK_EQUAL(parse(bytes, &content, {{9'000'000'000, 1'000'001'000}, kOrigin}), "");
  CHECK_EQUAL(content.nsPerTick, 0.5);
}

std::string sample() {
  LatencyFile file;
  const std::string path = newPath();
  CHECK(file.create(path.c_str(), 1, 1, 1));
  for (std::size_t slot = 0; slot < 2; ++slot) {
    LatencyThread* place = file.thread(slot);
    file.add(place, ProbeEntry::malloc, 0, 100);
    file.add(place, ProbeEntry::free, 7, 100);
  }
  file.close();
  return usedPart(path);
}

void damageIsAnErrorWithAnOffset() {
  const std::string whole = sample();
  CHECK_EQUAL(parse(whole), "");
  for (std::size_t length = 0; length < whole.size(); length += length < 256 ? 1 : 61) {
    CHECK_CONTAINS(parse(whole.substr(0, length)), "truncated at offset");
  }
  std::string bytes = whole;
  put(bytes, offsetof(LatencyHeader, usedPages), std::uint32_t{1} << 30);
  CHECK_CONTAINS(parse(bytes), "more pages than there are at offset");
  bytes = whole;
  put(bytes, kLatencyPage, std::uint32_t{1} << 20);
  CHECK_CONTAINS(parse(bytes), "a page that does not exist at offset 4096");
  bytes = whole;
  put(bytes, kLatencyPage + 4, std::uint32_t{1});
  CHECK_CONTAINS(parse(bytes), "a page that is another's at offset 4100");
  // Given out after the header was read.
  bytes = whole;
  put(bytes, kLatencyPage + 8, std::uint32_t{1000});
  CHECK_EQUAL(parse(bytes), "");
  std::uint32_t state = 99;
  for (int round = 0; round < 3000; ++round) {
    bytes = whole;
    for (int change = 0; change <= round % 8; ++change) {
      state = state * 1103515245U + 12345U;
      bytes[(state >> 8) % (round % 2 != 0 ? kLatencyHeaderBytes : bytes.size())] = static_cast<char>(state >> 16);
    }
    const std::string problem = parse(bytes);
    CHECK(problem.empty() || problem.find(" at offset ") != std::string::npos);
  }
}

// In a child, because the limit cannot be taken back.
void withoutRoomItIsCounted() {
  const std::string path = newPath();
  const pid_t child = fork();
  if (child == 0) {
    const rlimit limit{kLatencyHeaderBytes + 3 * kLatencyPage, kLatencyHeaderBytes + 3 * kLatencyPage};
    setrlimit(RLIMIT_FSIZE, &limit);
    LatencyFile file;
    CHECK(file.create(path.c_str(), 1, 1, 1));
    CHECK_EQUAL(file.header().capacityPages, 3);
    LatencyThread* place = file.thread(0);
    file.add(place, ProbeEntry::malloc, 0, 100);
    file.add(place, ProbeEntry::malloc, 1, 100);
    file.add(place, ProbeEntry::malloc, 2, 100);
    file.add(place, ProbeEntry::malloc, 2, 100);
    CHECK(file.thread(1) == nullptr);
    file.add(place, ProbeEntry::malloc, 0, 100);
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  LatencyContent content;
  CHECK_EQUAL(parse(usedPart(path), &content), "");
  CHECK_EQUAL(content.lostCalls, 2);
  CHECK_EQUAL(content.header.lostThreads, 1);
  CHECK_EQUAL(content.sums[0].histogram.sumTicks, 2 * (100 - content.header.overheadTicks));
}

}  // namespace

int main() {
  RUN(everyCountHasABucketCloseToIt);
  RUN(threadsOfSlotsAreSummed);
  RUN(ticksAreTime);
  RUN(theReadersClocksServeWhereTheyFit);
  RUN(damageIsAnErrorWithAnOffset);
  RUN(withoutRoomItIsCounted);
  std::filesystem::remove_all(folder());
}
