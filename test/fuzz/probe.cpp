// Feeds probe files to their reader. A file is mostly zeros, and any change of its header makes it none, so an input is
// either a file as it stands or a list of changes to a good one: of the first reading, the second, or both.

#include "fuzz.h"
#include "record/probe_reader.h"

namespace {

using namespace alloc8::record;
using alloc8::fuzz::demand;
using alloc8::fuzz::Exact;
using alloc8::fuzz::take;

void read(const Exact& first, const Exact& second) {
  std::string problem;
  const std::uint64_t used = probeBytesInUse(first.data(), first.size(), &problem);
  alloc8::fuzz::demandOffset(problem);
  demand(problem.empty() == (used != 0), "a length or a problem, not both");
  ProbeContent content;
  problem = parseProbe(first.data(), first.size(), second.data(), second.size(), &content);
  alloc8::fuzz::demandOffset(problem);
  if (!problem.empty()) return;
  demand(used <= first.size() && used <= second.size(), "what is in use is there");
  // Slots that are new in the second reading are among them.
  demand(kProbeHeaderBytes + content.threads.size() * kProbeSlotBytes <= second.size(), "a thread a slot");
}

// A file with so many slots in use.
std::string good(std::uint32_t slots) {
  std::string bytes(kProbeHeaderBytes + slots * kProbeSlotBytes, '\0');
  ProbeHeader header{};
  std::memcpy(header.magic, kProbeMagic, sizeof header.magic);
  header.version = kProbeVersion;
  header.headerBytes = kProbeHeaderBytes;
  header.slotBytes = kProbeSlotBytes;
  header.capacitySlots = 4096;
  header.usedSlots = slots;
  header.levels = header.startLevels = kProbeCounts | kProbeLive;
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

// Each change: where, in which of the two, how much, and what.
void readChanged(const std::uint8_t* at, const std::uint8_t* end) {
  const std::uint32_t slots = take<std::uint8_t>(at, end) % 4U;
  const std::size_t cuts[2] = {take<std::uint16_t>(at, end), take<std::uint16_t>(at, end)};
  std::string files[2] = {good(slots), good(slots)};
  while (at < end) {
    const std::size_t offset = take<std::uint16_t>(at, end) % files[0].size();
    const unsigned which = take<std::uint8_t>(at, end);
    std::size_t count = take<std::uint8_t>(at, end);
    if (count > static_cast<std::size_t>(end - at)) count = static_cast<std::size_t>(end - at);
    if (count > files[0].size() - offset) count = files[0].size() - offset;
    for (unsigned file = 0; file < 2; ++file) {
      if ((which >> file & 1) == 0) std::memcpy(files[file].data() + offset, at, count);
    }
    at += count;
  }
  for (unsigned file = 0; file < 2; ++file) {
    if (cuts[file] != 0 && cuts[file] < files[file].size()) files[file].resize(cuts[file]);
  }
  read(Exact(files[0].data(), files[0].size()), Exact(files[1].data(), files[1].size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  if (data[0] % 2 == 0) {
    const Exact file(data + 1, size - 1);
    read(file, file);
  } else {
    readChanged(data + 1, data + size);
  }
  return 0;
}
