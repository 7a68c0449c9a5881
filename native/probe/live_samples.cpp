// The table of sampled blocks.

#include "probe/live_samples.h"

#include "platform/platform.h"

namespace alloc8::probe {

LiveSamples* LiveSamples::make() {
  const std::size_t page = platform::pageSize();
  const std::size_t bytes = (sizeof(LiveSamples) + page - 1) & ~(page - 1);
  void* memory = platform::mapPages(bytes, page);
  if (memory == nullptr) return nullptr;
  if (platform::wipeOnFork(memory, bytes)) return static_cast<LiveSamples*>(memory);
  platform::unmapPages(memory, bytes);
  return nullptr;
}

bool LiveSamples::putInto(std::size_t bucket, std::uintptr_t address, const LiveSample& sample) {
  for (std::size_t at = 0; at < kBucket; ++at) {
    std::atomic<std::uintptr_t>& slot = addresses_[bucket][at];
    std::uintptr_t free = 0;
    if (slot.load(std::memory_order_relaxed) != 0 || !slot.compare_exchange_strong(free, kHeld)) continue;
    samples_[bucket][at] = sample;
    slot.store(address, std::memory_order_release);
    return true;
  }
  return false;
}

bool LiveSamples::put(const void* block, const LiveSample& sample) {
  const std::uint64_t hash = hashOf(block);
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  std::atomic<std::uint8_t>& count = filter_[hash >> (64 - kFilterBits)];
  if (count.load(std::memory_order_relaxed) == 0xff) return false;
  count.fetch_add(1, std::memory_order_relaxed);
  if (putInto(firstBucket(hash), address, sample) || putInto(secondBucket(hash), address, sample)) return true;
  count.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

bool LiveSamples::takeFrom(std::size_t bucket, std::uintptr_t address, LiveSample* sample) {
  for (std::size_t at = 0; at < kBucket; ++at) {
    std::atomic<std::uintptr_t>& slot = addresses_[bucket][at];
    std::uintptr_t seen = address;
    // Freed twice at once, one of both has it.
    if (slot.load(std::memory_order_relaxed) != address || !slot.compare_exchange_strong(seen, kHeld)) continue;
    *sample = samples_[bucket][at];
    slot.store(0, std::memory_order_release);
    return true;
  }
  return false;
}

bool LiveSamples::take(const void* block, LiveSample* sample) {
  const std::uint64_t hash = hashOf(block);
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  if (!takeFrom(firstBucket(hash), address, sample) && !takeFrom(secondBucket(hash), address, sample)) return false;
  filter_[hash >> (64 - kFilterBits)].fetch_sub(1, std::memory_order_relaxed);
  return true;
}

void LiveSamples::tellPlaces(record::SamplesHeader* header) const {
  header->liveAddresses = reinterpret_cast<std::uintptr_t>(addresses_);
  header->liveBlocks = reinterpret_cast<std::uintptr_t>(samples_);
  header->livePlaces = kBuckets * kBucket;
}

}  // namespace alloc8::probe
