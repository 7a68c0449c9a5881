// What can be set from outside: ALLOC8_HOARD=buffer=4k:purge=100. Read once, when the first thread gets a heap; a value
// that cannot be is as if it were not there.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "heaps/settings.h"

namespace alloc8::heaps::hoard {

// What a thread's heap is given by its tunables.
struct HeapLimits {
  std::size_t slackBytes;
  unsigned emptyPercent;    // the empty fraction, in hundredths
  std::size_t bufferBytes;  // most bytes in a class's buffer that frees put there
};

class Tunables {
 public:
  constexpr Tunables() = default;

  // Whether they are known: there may be no environment yet.
  bool ensure() {
    return once_.ensure("ALLOC8_HOARD", [this](const char* text) { parse(text); });
  }

  void parse(const char* text) {
    readSettings(text, [this](const Setting& setting) { set(setting); });
  }

  HeapLimits heapLimits() const {
    return {slack_.load(std::memory_order_relaxed), empty_.load(std::memory_order_relaxed),
            buffer_.load(std::memory_order_relaxed)};
  }
  // How long free memory is kept, at least, for whoever needs some.
  std::uint64_t purgeNs() const { return std::uint64_t{purge_.load(std::memory_order_relaxed)} * 1000000; }
  bool hugePages() const { return hugePages_.load(std::memory_order_relaxed); }
  // How much may lie idle when the heap grows, in hundredths of what is in use.
  unsigned idlePercent() const { return idle_.load(std::memory_order_relaxed); }
  // Bytes of freed huge blocks that are kept.
  std::size_t hugeCache() const { return hugeCache_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kMost = std::size_t{1} << 40;

  void set(const Setting& setting) {
    const std::size_t value = setting.value;
    if (setting.is("slack") && value <= kMost) slack_.store(value, std::memory_order_relaxed);
    if (setting.is("empty") && value >= 1 && value <= 99) {
      empty_.store(static_cast<unsigned>(value), std::memory_order_relaxed);
    }
    if (setting.is("buffer") && value <= kMost) buffer_.store(value, std::memory_order_relaxed);
    if (setting.is("purge") && value <= 1000000) purge_.store(static_cast<unsigned>(value), std::memory_order_relaxed);
    if (setting.is("idle") && value <= 1000) idle_.store(static_cast<unsigned>(value), std::memory_order_relaxed);
    if (setting.is("thp") && value <= 1) hugePages_.store(value == 1, std::memory_order_relaxed);
    if (setting.is("huge_cache") && value <= kMost) hugeCache_.store(value, std::memory_order_relaxed);
  }

  EnvironmentOnce once_;
  std::atomic<std::size_t> slack_{std::size_t{1} << 20};
  std::atomic<unsigned> empty_{50};
  std::atomic<std::size_t> buffer_{std::size_t{32} << 10};
  std::atomic<unsigned> purge_{100};
  std::atomic<unsigned> idle_{50};
  std::atomic<bool> hugePages_{false};
  std::atomic<std::size_t> hugeCache_{std::size_t{64} << 20};
};

}  // namespace alloc8::heaps::hoard
