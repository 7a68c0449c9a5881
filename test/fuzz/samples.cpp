// Feeds files of samples to their reader. Such a file is large and mostly empty, so an input is a list of changes to a
// good one, which are taken back afterwards.

#include "fuzz.h"
#include "record/samples_reader.h"

#include <vector>

namespace {

using namespace alloc8::record;
using alloc8::fuzz::demand;
using alloc8::fuzz::Exact;
using alloc8::fuzz::take;

constexpr std::uint32_t kSites = 2;
constexpr std::uint32_t kFrames = 8;
constexpr std::size_t kBytes = kFramesOffset + kFrames * sizeof(std::uint64_t);

// What is in use of it, one behind the other: where changes go.
constexpr SamplesPart kUsed[] = {{0, sizeof(SamplesHeader)},
                                 {kModulesOffset, sizeof(SampledModule)},
                                 {kThreadsOffset, 2 * sizeof(SampledThread)},
                                 {kSitesOffset, kSites * sizeof(SampleSite)},
                                 {kFramesOffset, kFrames * sizeof(std::uint64_t)}};

std::string good() {
  std::string bytes(kBytes, '\0');
  SamplesHeader header{};
  std::memcpy(header.magic, kSamplesMagic, sizeof header.magic);
  header.version = kSamplesVersion;
  header.headerBytes = kSamplesPage;
  header.moduleBytes = sizeof(SampledModule);
  header.siteBytes = sizeof(SampleSite);
  header.usedModules = 1;
  header.usedThreads = 2;
  header.usedSites = kSites;
  header.usedFrames = kFrames;
  header.meanBytes = 4096;
  std::memcpy(bytes.data(), &header, sizeof header);
  for (std::uint32_t i = 0; i < kSites; ++i) {
    SampleSite site{};
    site.firstFrame = i * 4;
    site.frames = 4;
    site.thread = i;
    site.flags = kSiteReady;
    std::memcpy(bytes.data() + kSitesOffset + i * sizeof site, &site, sizeof site);
  }
  return bytes;
}

std::size_t placeOf(std::size_t offset) {
  for (const SamplesPart& part : kUsed) {
    if (offset < part.bytes) return part.offset + offset;
    offset -= part.bytes;
  }
  return kBytes - 1;
}

void read(const char* bytes, std::size_t count) {
  std::string problem;
  const auto parts = samplesParts(bytes, count, &problem);
  alloc8::fuzz::demandOffset(problem);
  demand(problem.empty() != parts.empty(), "parts or a problem, not both");
  SamplesContent content;
  problem = parseSamples(bytes, count, &content);
  alloc8::fuzz::demandOffset(problem);
  if (!problem.empty()) return;
  for (const ReadSite& site : content.sites) {
    demand(site.frames.size() <= kMostDepth, "a stack is no deeper than it can be");
    demand(site.site.thread < content.threads.size(), "a stack has a thread");
    for (const std::uint64_t frame : site.frames)
      demand(frame >> kFrameModuleShift <= content.modules.size(), "a frame has a module or none");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string whole = good();
  static std::vector<char> changed(whole.begin(), whole.end());
  const std::uint8_t* end = data + size;
  const std::size_t cut = take<std::uint16_t>(data, end) % 900;
  std::vector<std::size_t> places;
  while (data < end) {
    const std::size_t from = take<std::uint16_t>(data, end);
    std::size_t count = take<std::uint8_t>(data, end) % 16U;
    for (; count > 0 && data < end; --count) {
      places.push_back(placeOf(from + places.size() % 16));
      changed[places.back()] = static_cast<char>(*data++);
    }
  }
  if (cut == 0) {
    read(changed.data(), changed.size());
  } else {
    // To the byte, so that one that is read behind it is seen.
    const Exact shorter(changed.data(), placeOf(cut));
    read(shorter.data(), shorter.size());
  }
  for (const std::size_t place : places) changed[place] = whole[place];
  return 0;
}
