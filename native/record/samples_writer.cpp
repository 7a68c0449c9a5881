// The writer of files of samples; samples_format.h has the layout.

#include "record/samples_writer.h"

#include <atomic>
#include <cstring>

namespace alloc8::record {

namespace {

template <class Word>
std::atomic_ref<Word> shared(Word& word) {
  return std::atomic_ref<Word>(word);
}

// Takes `count` of the `most` that begin there; null when there are not so many left, or no room on the disk. They have
// their pages before they are counted: on a full tmpfs even who reads a page that has none is ended by SIGBUS.
template <class Part>
Part* take(Part* parts, std::uint32_t& used, std::size_t count, std::size_t most, std::uint32_t* first) {
  std::uint32_t seen = shared(used).load(std::memory_order_relaxed);
  do {
    if (seen + count > most || !platform::populatePages(parts + seen, count * sizeof(Part))) return nullptr;
  } while (
      !shared(used).compare_exchange_weak(seen, seen + static_cast<std::uint32_t>(count), std::memory_order_acq_rel));
  *first = seen;
  return parts + seen;
}

void copyName(char* into, std::size_t capacity, const char* name) {
  const std::size_t length = strnlen(name, capacity - 1);
  std::memcpy(into, name, length);
  into[length] = '\0';
}

}  // namespace

bool SamplesFile::create(const char* path, std::int64_t pid, std::int64_t ppid, std::uint64_t meanBytes) {
  const platform::SharedFile file = platform::createSharedFile(path, kSamplesBytes, kSamplesBytes);
  if (file.memory == nullptr) return false;
  auto* header = static_cast<SamplesHeader*>(file.memory);
  // All threads that get no place of their own are the first.
  if (file.bytes < kSamplesBytes || !platform::populatePages(header, kSamplesPage) ||
      !platform::populatePages(static_cast<char*>(file.memory) + kThreadsOffset, kSamplesPage)) {
    platform::unmapPages(file.memory, file.bytes);
    return false;
  }
  header->version = kSamplesVersion;
  header->headerBytes = kSamplesPage;
  header->moduleBytes = sizeof(SampledModule);
  header->siteBytes = sizeof(SampleSite);
  header->usedThreads = 1;
  header->pid = pid;
  header->ppid = ppid;
  header->startNs = platform::monotonicNs();
  header->meanBytes = meanBytes;
  header->varianceShift = varianceShiftOf(meanBytes);
  std::memcpy(header->magic, kSamplesMagic, sizeof header->magic);
  bytes_ = file.bytes;
  header_ = header;
  return true;
}

void SamplesFile::close() {
  if (header_ == nullptr) return;
  platform::unmapPages(header_, bytes_);
  header_ = nullptr;
}

std::uint32_t SamplesFile::addThread(std::int64_t thread, const char* name) {
  std::uint32_t at = 0;
  SampledThread* entry =
      take(&part<SampledThread>(kThreadsOffset, 0), header_->usedThreads, 1, kMostSampledThreads, &at);
  if (entry == nullptr) return 0;
  entry->thread = thread;
  copyName(entry->name, sizeof entry->name, name);
  return at;
}

void SamplesFile::nameThread(std::uint32_t at, const char* name) {
  if (at == 0) return;
  auto& entry = part<SampledThread>(kThreadsOffset, at);
  copyName(entry.name, sizeof entry.name, name);
}

std::uint32_t SamplesFile::moduleNumber(const platform::LoadedObject& object) {
  std::uint8_t buildId[sizeof(SampledModule::buildId)];
  const std::size_t buildIdBytes = platform::buildIdOf(object, buildId, sizeof buildId);
  const std::uint32_t used = shared(header_->usedModules).load(std::memory_order_acquire);
  for (std::uint32_t at = 0; at < used; ++at) {
    auto& known = part<SampledModule>(kModulesOffset, at);
    if (shared(known.ready).load(std::memory_order_acquire) == 0 || known.start != object.start) continue;
    // Another library may have been loaded where an earlier one was.
    if (known.buildIdBytes == buildIdBytes && std::memcmp(known.buildId, buildId, buildIdBytes) == 0) return at + 1;
  }
  std::uint32_t at = 0;
  SampledModule* taken = take(&part<SampledModule>(kModulesOffset, 0), header_->usedModules, 1, kMostModules, &at);
  if (taken == nullptr) return 0;
  SampledModule& entry = *taken;
  entry.start = object.start;
  entry.bias = object.bias;
  entry.buildIdBytes = static_cast<std::uint32_t>(buildIdBytes);
  std::memcpy(entry.buildId, buildId, buildIdBytes);
  if (object.name == nullptr || *object.name == '\0') {
    platform::executablePath(entry.path, sizeof entry.path);
  } else {
    copyName(entry.path, sizeof entry.path, object.name);
  }
  shared(entry.ready).store(1, std::memory_order_release);
  return at + 1;
}

std::uint32_t SamplesFile::addSite(std::uint64_t hash, std::uint32_t thread, const std::uint64_t* frames,
                                   std::size_t count, bool complete) {
  std::uint32_t first = 0;
  std::uint32_t at = 0;
  std::uint64_t* into = take(&part<std::uint64_t>(kFramesOffset, 0), header_->usedFrames, count, kMostFrames, &first);
  if (into == nullptr) return 0;
  SampleSite* taken = take(&site(0), header_->usedSites, 1, kMostSites, &at);
  if (taken == nullptr) return 0;
  SampleSite& entry = *taken;
  std::memcpy(into, frames, count * sizeof *into);
  entry.hash = hash;
  entry.firstFrame = first;
  entry.frames = static_cast<std::uint32_t>(count);
  entry.thread = thread;
  if (complete) entry.flags = kSiteComplete;
  return at + 1;
}

void SamplesFile::publishSite(std::uint32_t number) const {
  shared(site(number - 1).flags).fetch_or(kSiteReady, std::memory_order_release);
}

void SamplesFile::lose(std::uint64_t bytes) const {
  shared(header_->lostSamples).fetch_add(1, std::memory_order_relaxed);
  shared(header_->lostBytes).fetch_add(bytes, std::memory_order_relaxed);
}

}  // namespace alloc8::record
