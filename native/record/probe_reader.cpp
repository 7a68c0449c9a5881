// The reader of probe files; probe_format.h has the layout.

#include "record/probe_reader.h"

#include <cstring>

namespace alloc8::record {

namespace {

std::string at(std::uint64_t offset, const char* what) {
  return std::string(what) + " at offset " + std::to_string(offset);
}

std::string headerProblem(const ProbeHeader& header) {
  if (std::memcmp(header.magic, kProbeMagic, sizeof kProbeMagic) != 0) return at(0, "not a probe file");
  if (header.version != kProbeVersion) return at(offsetof(ProbeHeader, version), "unknown version");
  if (header.headerBytes != kProbeHeaderBytes) return at(offsetof(ProbeHeader, headerBytes), "wrong header size");
  if (header.slotBytes != kProbeSlotBytes) return at(offsetof(ProbeHeader, slotBytes), "wrong slot size");
  if (header.usedSlots > header.capacitySlots) return at(offsetof(ProbeHeader, usedSlots), "more slots than there are");
  return {};
}

// `given` and what belongs to it from one reading, `taken` from an earlier one.
void addTo(ProbeTally& tally, const ProbeCounts& later, const ProbeCounts& earlier) {
  for (std::size_t i = 0; i < kProbeEntries; ++i) {
    tally.entries[i].calls += later.entries[i].calls;
    tally.entries[i].failures += later.entries[i].failures;
    tally.entries[i].bytes += later.entries[i].bytes;
  }
  for (std::size_t i = 0; i < kProbeClasses; ++i) {
    tally.requested[i] += later.requested[i];
    tally.classes[i].given += later.classes[i].given;
    tally.classes[i].givenBytes += later.classes[i].givenBytes;
    tally.classes[i].taken += earlier.classes[i].taken;
    tally.classes[i].takenBytes += earlier.classes[i].takenBytes;
  }
  tally.requestedLiveBytes += later.requestedLiveBytes;
}

void subtract(ProbeTally& tally, const ProbeCounts& before) {
  const auto less = [](std::uint64_t& value, std::uint64_t by) { value -= by < value ? by : value; };
  for (std::size_t i = 0; i < kProbeEntries; ++i) {
    less(tally.entries[i].calls, before.entries[i].calls);
    less(tally.entries[i].failures, before.entries[i].failures);
    less(tally.entries[i].bytes, before.entries[i].bytes);
  }
  for (std::size_t i = 0; i < kProbeClasses; ++i) {
    less(tally.requested[i], before.requested[i]);
    less(tally.classes[i].given, before.classes[i].given);
    less(tally.classes[i].givenBytes, before.classes[i].givenBytes);
    less(tally.classes[i].taken, before.classes[i].taken);
    less(tally.classes[i].takenBytes, before.classes[i].takenBytes);
  }
  less(tally.requestedLiveBytes, before.requestedLiveBytes);
}

// The bytes may be at any address.
template <class Part>
void copy(Part& part, const void* bytes, std::uint64_t offset) {
  std::memcpy(&part, static_cast<const char*>(bytes) + offset, sizeof part);
}

}  // namespace

std::uint64_t probeBytesInUse(const void* firstPage, std::size_t bytes, std::string* problem) {
  ProbeHeader header{};
  if (bytes < sizeof header) {
    *problem = at(bytes, "truncated");
    return 0;
  }
  copy(header, firstPage, 0);
  *problem = headerProblem(header);
  return problem->empty() ? kProbeHeaderBytes + std::uint64_t{header.usedSlots} * kProbeSlotBytes : 0;
}

std::string parseProbe(const void* first, std::size_t firstBytes, const void* second, std::size_t secondBytes,
                       ProbeContent* content) {
  *content = ProbeContent{};
  std::string problem;
  const std::uint64_t needed = probeBytesInUse(first, firstBytes, &problem);
  if (!problem.empty()) return problem;
  if (firstBytes < needed) return at(firstBytes, "truncated");
  if (secondBytes < needed) return at(secondBytes, "truncated");
  copy(content->header, second, 0);
  problem = headerProblem(content->header);
  if (!problem.empty()) return problem;
  copy(content->inherited, second, kProbePage);
  // Of a slot that is new in the second reading only what it has given counts: some of it may be taken in the first.
  const std::uint64_t end = kProbeHeaderBytes + std::uint64_t{content->header.usedSlots} * kProbeSlotBytes;
  for (std::uint64_t offset = kProbeHeaderBytes; offset < end && offset + kProbeSlotBytes <= secondBytes;
       offset += kProbeSlotBytes) {
    ProbeSlot earlier{};
    ProbeSlot later{};
    if (offset < needed) copy(earlier, first, offset);
    copy(later, second, offset);
    addTo(content->total, later.counts, earlier.counts);
    content->threadsSeen += later.threads;
    ProbeThread thread{
        later.thread, later.beganNs, later.state == static_cast<std::uint32_t>(ProbeSlotState::kUsed), {}};
    addTo(thread.tally, later.counts, earlier.counts);
    subtract(thread.tally, later.before);
    content->threads.push_back(thread);
  }
  // Without a sign, where sums that a damaged file asks for wrap round.
  std::uint64_t liveBlocks = 0;
  std::uint64_t liveBytes = 0;
  for (std::size_t i = 0; i < kProbeClasses; ++i) {
    const ProbeClassCount& size = content->total.classes[i];
    liveBlocks += size.given - size.taken + content->inherited.blocks[i];
    liveBytes += size.givenBytes - size.takenBytes + content->inherited.bytes[i];
  }
  content->liveBlocks = static_cast<std::int64_t>(liveBlocks);
  content->liveBytes = static_cast<std::int64_t>(liveBytes);
  return {};
}

}  // namespace alloc8::record
