// The reader of files of samples; samples_format.h has the layout.

#include "record/samples_reader.h"

#include <cstring>

namespace alloc8::record {

namespace {

std::string at(std::uint64_t offset, const char* what) {
  return std::string(what) + " at offset " + std::to_string(offset);
}

// The bytes may be at any address.
template <class Part>
Part copy(const void* bytes, std::uint64_t offset) {
  Part part;
  std::memcpy(&part, static_cast<const char*>(bytes) + offset, sizeof part);
  return part;
}

std::string headerProblem(const SamplesHeader& header) {
  if (std::memcmp(header.magic, kSamplesMagic, sizeof kSamplesMagic) != 0) return at(0, "not a file of samples");
  if (header.version != kSamplesVersion) return at(offsetof(SamplesHeader, version), "unknown version");
  if (header.headerBytes != kSamplesPage) return at(offsetof(SamplesHeader, headerBytes), "wrong header size");
  if (header.moduleBytes != sizeof(SampledModule)) return at(offsetof(SamplesHeader, moduleBytes), "wrong module size");
  if (header.siteBytes != sizeof(SampleSite)) return at(offsetof(SamplesHeader, siteBytes), "wrong site size");
  if (header.usedModules > kMostModules) return at(offsetof(SamplesHeader, usedModules), "too many modules");
  if (header.usedThreads < 1 || header.usedThreads > kMostSampledThreads)
    return at(offsetof(SamplesHeader, usedThreads), "a wrong number of threads");
  if (header.usedSites > kMostSites) return at(offsetof(SamplesHeader, usedSites), "too many sites");
  if (header.usedFrames > kMostFrames) return at(offsetof(SamplesHeader, usedFrames), "too many frames");
  if (header.varianceShift > 63) return at(offsetof(SamplesHeader, varianceShift), "a wrong unit of variance");
  if (header.meanBytes == 0) return at(offsetof(SamplesHeader, meanBytes), "no mean distance");
  return {};
}

std::vector<SamplesPart> partsOf(const SamplesHeader& header) {
  return {{0, sizeof(SamplesHeader)},
          {kModulesOffset, header.usedModules * sizeof(SampledModule)},
          {kThreadsOffset, header.usedThreads * sizeof(SampledThread)},
          {kSitesOffset, header.usedSites * sizeof(SampleSite)},
          {kFramesOffset, header.usedFrames * sizeof(std::uint64_t)}};
}

std::string hexOf(const std::uint8_t* bytes, std::size_t count) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

std::string textOf(const char* bytes, std::size_t capacity) { return {bytes, strnlen(bytes, capacity)}; }

void readModules(const void* file, SamplesContent* content) {
  for (std::uint64_t i = 0; i < content->header.usedModules; ++i) {
    const auto module = copy<SampledModule>(file, kModulesOffset + i * sizeof(SampledModule));
    const std::size_t idBytes = module.buildIdBytes <= sizeof module.buildId ? module.buildIdBytes : 0;
    content->modules.push_back({textOf(module.path, sizeof module.path), hexOf(module.buildId, idBytes), module.bias});
  }
}

std::string readSite(const void* file, std::uint64_t offset, SamplesContent* content) {
  const auto site = copy<SampleSite>(file, offset);
  // One that is being written, or was given up.
  if ((site.flags & kSiteReady) == 0) return {};
  const SamplesHeader& header = content->header;
  if (site.thread >= header.usedThreads) return at(offset + offsetof(SampleSite, thread), "an unknown thread");
  if (site.firstFrame > header.usedFrames || site.frames > header.usedFrames - site.firstFrame)
    return at(offset + offsetof(SampleSite, firstFrame), "frames beyond the end");
  if (site.frames > kMostDepth) return at(offset + offsetof(SampleSite, frames), "too deep a stack");
  ReadSite read{site, {}};
  for (std::uint64_t i = 0; i < site.frames; ++i) {
    const std::uint64_t frameAt = kFramesOffset + (site.firstFrame + i) * sizeof(std::uint64_t);
    read.frames.push_back(copy<std::uint64_t>(file, frameAt));
    const std::uint64_t module = read.frames.back() >> kFrameModuleShift;
    if (module > kMostModules) return at(frameAt, "an unknown module");
    // Both are newer than the header that was read.
    if (module > header.usedModules) return {};
  }
  content->sites.push_back(std::move(read));
  return {};
}

}  // namespace

std::vector<SamplesPart> samplesParts(const void* firstPage, std::size_t bytes, std::string* problem) {
  if (bytes < sizeof(SamplesHeader)) {
    *problem = at(bytes, "truncated");
    return {};
  }
  const auto header = copy<SamplesHeader>(firstPage, 0);
  *problem = headerProblem(header);
  return problem->empty() ? partsOf(header) : std::vector<SamplesPart>{};
}

std::string parseSamples(const void* file, std::size_t bytes, SamplesContent* content) {
  *content = SamplesContent{};
  std::string problem;
  for (const SamplesPart& part : samplesParts(file, bytes, &problem)) {
    if (part.bytes > 0 && part.offset + part.bytes > bytes) return at(bytes, "truncated");
  }
  if (!problem.empty()) return problem;
  content->header = copy<SamplesHeader>(file, 0);
  readModules(file, content);
  for (std::uint64_t i = 0; i < content->header.usedThreads; ++i) {
    const auto thread = copy<SampledThread>(file, kThreadsOffset + i * sizeof(SampledThread));
    content->threads.push_back({thread.thread, textOf(thread.name, sizeof thread.name)});
  }
  for (std::uint64_t i = 0; i < content->header.usedSites; ++i) {
    problem = readSite(file, kSitesOffset + i * sizeof(SampleSite), content);
    if (!problem.empty()) return problem;
  }
  return {};
}

}  // namespace alloc8::record
