// The writer of files of latencies; latency_format.h has the layout.

#include "record/latency_writer.h"

#include <atomic>
#include <cstring>

#include "platform/platform.h"

namespace alloc8::record {

namespace {

template <class Word>
std::atomic_ref<Word> shared(Word& word) {
  return std::atomic_ref<Word>(word);
}

LatencyClock readClocks() {
  const platform::ClockPair pair = platform::readClocks();
  return {pair.ticks, pair.ns};
}

// What two readings of the clock take by themselves.
std::uint64_t leastOverhead() {
  std::uint64_t least = ~std::uint64_t{0};
  for (int round = 0; round < 16; ++round) {
    const std::uint64_t start = platform::ticks();
    const std::uint64_t took = platform::ticks() - start;
    if (took < least) least = took;
  }
  return least;
}

}  // namespace

bool LatencyFile::create(const char* path, std::int64_t pid, std::uint64_t startNs, std::uint32_t every) {
  const platform::SharedFile file =
      platform::createSharedFile(path, kLatencyHeaderBytes + kCapacityPages * kLatencyPage);
  if (file.memory == nullptr) return false;
  auto* header = static_cast<LatencyHeader*>(file.memory);
  const bool fits = file.bytes >= kLatencyHeaderBytes + 2 * kLatencyPage;
  if (!fits || (file.readyBytes < kLatencyHeaderBytes && !platform::populatePages(header, kLatencyHeaderBytes))) {
    platform::unmapPages(file.memory, file.bytes);
    return false;
  }
  header->version = kLatencyVersion;
  header->headerBytes = kLatencyHeaderBytes;
  header->capacityPages = static_cast<std::uint32_t>((file.bytes - kLatencyHeaderBytes) / kLatencyPage);
  header->every = every;
  header->pid = pid;
  header->startNs = startNs;
  header->first = readClocks();
  header->originNs = platform::clockOriginNs();
  header->overheadTicks = leastOverhead();
  std::memcpy(header->magic, kLatencyMagic, sizeof header->magic);
  header_ = header;
  return true;
}

void LatencyFile::close() {
  if (header_ == nullptr) return;
  platform::unmapPages(header_, kLatencyHeaderBytes + header_->capacityPages * kLatencyPage);
  header_ = nullptr;
  full_ = false;
}

// Behind a page stands a block of the disk before anybody is given its number: a full disk would end the process by
// SIGBUS. 0: there is none left.
std::uint32_t LatencyFile::takePage() {
  auto used = shared(header_->usedPages);
  std::uint32_t taken = used.load(std::memory_order_relaxed);
  if (shared(full_).load(std::memory_order_relaxed)) return 0;
  do {
    if (taken >= header_->capacityPages || !platform::populatePages(at<char>(taken + 1), kLatencyPage)) {
      shared(full_).store(true, std::memory_order_relaxed);
      return 0;
    }
  } while (!used.compare_exchange_weak(taken, taken + 1, std::memory_order_acq_rel));
  return taken + 1;
}

LatencyThread* LatencyFile::thread(std::size_t slot) {
  if (slot >= kLatencyThreads) return nullptr;
  auto* pages = reinterpret_cast<std::uint32_t*>(reinterpret_cast<char*>(header_) + kLatencyPage);
  if (pages[slot] == 0) {
    const std::uint32_t page = takePage();
    if (page == 0) {
      shared(header_->lostThreads).fetch_add(1, std::memory_order_relaxed);
      return nullptr;
    }
    shared(pages[slot]).store(page, std::memory_order_release);
  }
  return at<LatencyThread>(pages[slot]);
}

LatencyHistogram* LatencyFile::begin(LatencyThread* thread, ProbeEntry entry, std::size_t group) {
  noteClocks();
  const std::uint32_t page = takePage();
  if (page == 0) {
    ++thread->lostCalls;
    return nullptr;
  }
  shared(thread->pages[static_cast<std::size_t>(entry) * kLatencyGroups + group])
      .store(page, std::memory_order_release);
  return at<LatencyHistogram>(page);
}

bool LatencyFile::lendPage(LatencyThread* thread) {
  const std::uint32_t page = takePage();
  for (std::uint32_t& each : thread->pages) each = page;
  return page != 0;
}

void LatencyFile::noteClocksSoon() { header_->soon = readClocks(); }

void LatencyFile::noteClocks() {
  auto state = shared(header_->lateState);
  if (state.load(std::memory_order_relaxed) != 0) return;
  const LatencyClock now = readClocks();
  if (now.ns - header_->first.ns < kLatencyLateNs) return;
  std::uint32_t none = 0;
  if (!state.compare_exchange_strong(none, kLatencyLateBegun)) return;
  header_->late = now;
  state.store(kLatencyLate, std::memory_order_release);
}

}  // namespace alloc8::record
