// What can be set from outside, by libc's names: ALLOC8_MULTIARENA=arena_max=2:mmap_threshold=65536. Read once, as soon
// as there is an environment; a value that cannot be is as if it were not there.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "heaps/settings.h"
#include "platform/platform.h"

namespace alloc8::heaps::multiarena {

class Tunables {
 public:
  // The largest value that the mmap threshold grows to by itself, as in glibc.
  static constexpr std::size_t kThresholdLimit = std::size_t{32} << 20;

  constexpr Tunables() = default;

  // Reads the environment unless that was done. Cheap, but not for hot paths.
  void ensure() {
    once_.ensure("ALLOC8_MULTIARENA", [this](const char* text) { parse(text); });
  }

  // Most arenas: eight for each processor unless set.
  std::size_t arenaMax() {
    std::size_t most = arenaMax_.load(std::memory_order_relaxed);
    if (most == 0) {
      most = 8 * platform::processorCount();
      arenaMax_.store(most, std::memory_order_relaxed);
    }
    return most;
  }
  // Chunks of this size and above are mapped one by one.
  std::size_t mmapThreshold() const { return mmapThreshold_.load(std::memory_order_relaxed); }
  // A free top of this size and above is given back, down to the pad.
  std::size_t trimThreshold() const { return trimThreshold_.load(std::memory_order_relaxed); }
  // Bytes that are taken from the system beyond each need.
  std::size_t topPad() const { return topPad_.load(std::memory_order_relaxed); }

  // A mapped chunk of `bytes` was freed. Programs that free large blocks will want them again: from now on such chunks
  // come from arenas, and twice as much may wait at the top. Only where neither was set by hand, as in glibc.
  void mappedChunkFreed(std::size_t bytes) {
    if (fixed_.load(std::memory_order_relaxed) || bytes <= mmapThreshold() || bytes > kThresholdLimit) return;
    mmapThreshold_.store(bytes, std::memory_order_relaxed);
    trimThreshold_.store(2 * bytes, std::memory_order_relaxed);
  }

  // Takes settings of the form key=number:key=number; numbers may end in k, m or g.
  void parse(const char* text) {
    readSettings(text, [this](const Setting& setting) { set(setting); });
  }

 private:
  void set(const Setting& setting) {
    const std::size_t value = setting.value;
    if (setting.is("arena_max")) {
      if (value != 0) arenaMax_.store(value, std::memory_order_relaxed);
    } else if (setting.is("top_pad")) {
      topPad_.store(value, std::memory_order_relaxed);
    } else if (setting.is("mmap_threshold")) {
      fix(mmapThreshold_, value < kThresholdLimit ? value : kThresholdLimit);
    } else if (setting.is("trim_threshold")) {
      fix(trimThreshold_, value);
    }
  }

  void fix(std::atomic<std::size_t>& threshold, std::size_t value) {
    threshold.store(value, std::memory_order_relaxed);
    fixed_.store(true, std::memory_order_relaxed);
  }

  EnvironmentOnce once_;
  std::atomic<bool> fixed_{false};
  std::atomic<std::size_t> arenaMax_{0};
  std::atomic<std::size_t> mmapThreshold_{std::size_t{128} << 10};
  std::atomic<std::size_t> trimThreshold_{std::size_t{128} << 10};
  std::atomic<std::size_t> topPad_{std::size_t{128} << 10};
};

}  // namespace alloc8::heaps::multiarena
