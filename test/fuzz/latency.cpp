// Feeds files of latencies to their reader. Such a file is large and mostly empty, so an input is a list of changes to
// a good one of two pages for threads and histograms, which are taken back afterwards.

#include "fuzz.h"
#include "record/latency_reader.h"

#include <vector>

namespace {

using namespace alloc8::record;
using alloc8::fuzz::demand;
using alloc8::fuzz::Exact;
using alloc8::fuzz::take;

constexpr std::size_t kPages = 2;
constexpr std::size_t kBytes = kLatencyHeaderBytes + kPages * kLatencyPage;

std::string good() {
  std::string bytes(kBytes, '\0');
  LatencyHeader header{};
  std::memcpy(header.magic, kLatencyMagic, sizeof header.magic);
  header.version = kLatencyVersion;
  header.headerBytes = kLatencyHeaderBytes;
  header.capacityPages = kPages;
  header.usedPages = kPages;
  header.every = 1;
  std::memcpy(bytes.data(), &header, sizeof header);
  // The first thread's page, and of it the first histogram.
  const std::uint32_t first = 1;
  std::memcpy(bytes.data() + kLatencyPage, &first, sizeof first);
  LatencyThread thread{};
  thread.pages[0] = 2;
  std::memcpy(bytes.data() + kLatencyHeaderBytes, &thread, sizeof thread);
  return bytes;
}

void read(const char* bytes, std::size_t count) {
  std::string problem;
  const std::uint64_t used = latencyBytesInUse(bytes, count, &problem);
  alloc8::fuzz::demandOffset(problem);
  demand(problem.empty() == (used != 0), "a length or a problem, not both");
  LatencyContent content;
  problem = parseLatency(bytes, count, LatencyReaderClock{{1'000'000, 1'000'000}, 1}, &content);
  alloc8::fuzz::demandOffset(problem);
  if (!problem.empty()) return;
  demand(content.sums.size() <= kProbeEntries * kLatencyGroups, "a sum for an entry point and a group");
  demand(content.nsPerTick > 0, "a tick has a length");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string whole = good();
  static std::vector<char> changed(whole.begin(), whole.end());
  const std::uint8_t* end = data + size;
  const std::size_t cut = take<std::uint16_t>(data, end);
  std::vector<std::size_t> places;
  while (data < end) {
    // The header, the threads' numbers, or the two pages.
    const std::size_t part = take<std::uint8_t>(data, end) % 3U;
    const std::size_t offset = take<std::uint16_t>(data, end);
    std::size_t at = part == 0
                         ? offset % sizeof(LatencyHeader)
                         : (part == 1 ? kLatencyPage + offset % 64 : kLatencyHeaderBytes + offset % (2 * kLatencyPage));
    std::size_t count = take<std::uint8_t>(data, end) % 16U;
    for (; count > 0 && data < end && at < kBytes; --count, ++at) {
      places.push_back(at);
      changed[at] = static_cast<char>(*data++);
    }
  }
  if (cut == 0) {
    read(changed.data(), changed.size());
  } else {
    const Exact shorter(changed.data(), kBytes - cut % kBytes);
    read(shorter.data(), shorter.size());
  }
  for (const std::size_t place : places) changed[place] = whole[place];
  return 0;
}
