// The reader of files of latencies; latency_format.h has the layout.

#include "record/latency_reader.h"

#include <cstring>

namespace alloc8::record {

namespace {

std::string at(std::uint64_t offset, const char* what) {
  return std::string(what) + " at offset " + std::to_string(offset);
}

// The bytes may be at any address.
template <class Part>
void copy(Part& part, const void* bytes, std::uint64_t offset) {
  std::memcpy(&part, static_cast<const char*>(bytes) + offset, sizeof part);
}

std::string headerProblem(const LatencyHeader& header) {
  if (std::memcmp(header.magic, kLatencyMagic, sizeof kLatencyMagic) != 0) return at(0, "not a file of latencies");
  if (header.version != kLatencyVersion) return at(offsetof(LatencyHeader, version), "unknown version");
  if (header.headerBytes != kLatencyHeaderBytes) return at(offsetof(LatencyHeader, headerBytes), "wrong header size");
  if (header.usedPages > header.capacityPages) {
    return at(offsetof(LatencyHeader, usedPages), "more pages than there are");
  }
  return {};
}

// The speed between two readings; 0 where they cannot tell. Processors tick a hundred million times to ten thousand
// million times a second; where the system's clock stands in, once a nanosecond.
double speed(const LatencyClock& first, const LatencyClock& then) {
  if (then.ns <= first.ns || then.ticks <= first.ticks) return 0;
  const double found = static_cast<double>(then.ns - first.ns) / static_cast<double>(then.ticks - first.ticks);
  return found >= 0.1 && found <= 10 ? found : 0;
}

// Two machines seldom start in the same second, and a calendar that is kept right moves by less.
bool sameClock(const LatencyHeader& header, const LatencyReaderClock& reader) {
  constexpr std::uint64_t kApartNs = 1'000'000'000;
  const std::uint64_t apart =
      reader.originNs > header.originNs ? reader.originNs - header.originNs : header.originNs - reader.originNs;
  return header.originNs != 0 && apart < kApartNs && reader.now.ns > header.first.ns + kLatencyLateNs;
}

double findSpeed(const LatencyHeader& header, const LatencyReaderClock& reader) {
  const double late = header.lateState == kLatencyLate ? speed(header.first, header.late) : 0;
  if (late != 0) return late;
  // A reading of microseconds is right to a few hundredths; the reader's is far better, if it is of the same clocks.
  const double soon = speed(header.first, header.soon);
  const double ours = sameClock(header, reader) ? speed(header.first, reader.now) : 0;
  if (ours != 0 && (soon == 0 || (ours > soon * 0.8 && ours < soon * 1.25))) return ours;
  return soon != 0 ? soon : 1;
}

void add(LatencyHistogram& sum, const LatencyHistogram& one) {
  if (one.maxTicks > sum.maxTicks) sum.maxTicks = one.maxTicks;
  sum.sumTicks += one.sumTicks;
  for (std::size_t i = 0; i < kLatencyBuckets; ++i) sum.buckets[i] += one.buckets[i];
}

// The pages of a file, each of which belongs to one place only.
class Pages {
 public:
  Pages(const void* memory, std::uint32_t used) : memory_(memory), taken_(used, false) {}

  // Null: it came after the header was read. A problem where it is not one of the file's, or another's.
  template <class Page>
  const Page* take(std::uint32_t number, const LatencyHeader& header, std::uint64_t offset, Page& page,
                   std::string* problem) {
    if (number > header.capacityPages) *problem = at(offset, "a page that does not exist");
    if (number > taken_.size() || !problem->empty()) return nullptr;
    if (taken_[number - 1]) {
      *problem = at(offset, "a page that is another's");
      return nullptr;
    }
    taken_[number - 1] = true;
    copy(page, memory_, offsetOf(number));
    return &page;
  }

  static std::uint64_t offsetOf(std::uint32_t number) {
    return kLatencyHeaderBytes + (std::uint64_t{number} - 1) * kLatencyPage;
  }

 private:
  const void* memory_;
  std::vector<bool> taken_;
};

constexpr std::size_t kSums = static_cast<std::size_t>(ProbeEntry::kCount) * kLatencyGroups;

std::string addThread(const LatencyThread& thread, std::uint64_t offset, Pages& pages, LatencyContent* content,
                      std::vector<std::size_t>& places) {
  std::string problem;
  content->lostCalls += thread.lostCalls;
  for (std::size_t i = 0; i < kSums; ++i) {
    if (thread.pages[i] == 0) continue;
    LatencyHistogram one{};
    const std::uint64_t from = offset + offsetof(LatencyThread, pages) + i * sizeof thread.pages[i];
    if (pages.take(thread.pages[i], content->header, from, one, &problem) == nullptr) {
      if (!problem.empty()) return problem;
      continue;
    }
    if (places[i] == 0) {
      content->sums.push_back({i / kLatencyGroups, i % kLatencyGroups, {}});
      places[i] = content->sums.size();
    }
    add(content->sums[places[i] - 1].histogram, one);
  }
  return {};
}

}  // namespace

std::uint64_t latencyBytesInUse(const void* firstPage, std::size_t bytes, std::string* problem) {
  LatencyHeader header{};
  if (bytes < sizeof header) {
    *problem = at(bytes, "truncated");
    return 0;
  }
  copy(header, firstPage, 0);
  *problem = headerProblem(header);
  return problem->empty() ? kLatencyHeaderBytes + std::uint64_t{header.usedPages} * kLatencyPage : 0;
}

std::string parseLatency(const void* memory, std::size_t bytes, const LatencyReaderClock& reader,
                         LatencyContent* content) {
  *content = LatencyContent{};
  std::string problem;
  const std::uint64_t needed = latencyBytesInUse(memory, bytes, &problem);
  if (!problem.empty()) return problem;
  if (bytes < needed) return at(bytes, "truncated");
  copy(content->header, memory, 0);
  content->nsPerTick = findSpeed(content->header, reader);
  Pages pages(memory, content->header.usedPages);
  std::vector<std::size_t> places(kSums, 0);
  for (std::size_t slot = 0; slot < kLatencyThreads; ++slot) {
    const std::uint64_t from = kLatencyPage + slot * sizeof(std::uint32_t);
    std::uint32_t number = 0;
    copy(number, memory, from);
    if (number == 0) continue;
    LatencyThread thread{};
    if (pages.take(number, content->header, from, thread, &problem) != nullptr) {
      problem = addThread(thread, Pages::offsetOf(number), pages, content, places);
    }
    if (!problem.empty()) return problem;
  }
  return {};
}

}  // namespace alloc8::record
