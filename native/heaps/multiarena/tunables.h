// What can be set from outside, by libc's names: ALLOC8_MULTIARENA=arena_max=2:mmap_threshold=65536. Read once, as soon
// as there is an environment; a value that cannot be is as if it were not there.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "platform/platform.h"

namespace alloc8::heaps::multiarena {

class Tunables {
 public:
  // The largest value that the mmap threshold grows to by itself, as in glibc.
  static constexpr std::size_t kThresholdLimit = std::size_t{32} << 20;

  constexpr Tunables() = default;

  // Reads the environment unless that was done. Cheap, but not for hot paths.
  void ensure() {
    if (state_.load(std::memory_order_acquire) == kRead) return;
    if (!platform::environmentReady()) return;
    std::uint32_t seen = kUnread;
    if (!state_.compare_exchange_strong(seen, kReading, std::memory_order_acq_rel)) return;  // another thread does it
    parse(platform::earlyEnvironment("ALLOC8_MULTIARENA"));
    state_.store(kRead, std::memory_order_release);
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
    while (text != nullptr && *text != '\0') {
      const char* end = text;
      while (*end != '\0' && *end != ':') ++end;
      set(text, end);
      text = *end == ':' ? end + 1 : end;
    }
  }

 private:
  static constexpr std::uint32_t kUnread = 0;
  static constexpr std::uint32_t kReading = 1;
  static constexpr std::uint32_t kRead = 2;

  void set(const char* text, const char* end) {
    std::size_t value = 0;
    if (const char* number = valueOf(text, end, "arena_max"); number != nullptr) {
      if (readNumber(number, end, &value) && value != 0) arenaMax_.store(value, std::memory_order_relaxed);
    } else if ((number = valueOf(text, end, "top_pad")) != nullptr) {
      if (readNumber(number, end, &value)) topPad_.store(value, std::memory_order_relaxed);
    } else if ((number = valueOf(text, end, "mmap_threshold")) != nullptr) {
      if (readNumber(number, end, &value)) fix(mmapThreshold_, value < kThresholdLimit ? value : kThresholdLimit);
    } else if ((number = valueOf(text, end, "trim_threshold")) != nullptr) {
      if (readNumber(number, end, &value)) fix(trimThreshold_, value);
    }
  }

  void fix(std::atomic<std::size_t>& threshold, std::size_t value) {
    threshold.store(value, std::memory_order_relaxed);
    fixed_.store(true, std::memory_order_relaxed);
  }

  // What follows `key=` in the setting; null where that is another key.
  static const char* valueOf(const char* text, const char* end, const char* key) {
    for (; *key != '\0'; ++key, ++text) {
      if (text == end || *text != *key) return nullptr;
    }
    return text != end && *text == '=' ? text + 1 : nullptr;
  }

  // False where it is no number, or one that no word or no address space holds.
  static bool readNumber(const char* text, const char* end, std::size_t* out) {
    if (text == end) return false;
    unsigned shift = 0;
    const char last = static_cast<char>(*(end - 1) | 0x20);
    if (last == 'k' || last == 'm' || last == 'g') {
      shift = last == 'k' ? 10 : last == 'm' ? 20 : 30;
      if (--end == text) return false;
    }
    std::size_t value = 0;
    for (; text != end; ++text) {
      if (*text < '0' || *text > '9' || value > (SIZE_MAX >> 1) / 10 - 9) return false;
      value = value * 10 + static_cast<std::size_t>(*text - '0');
    }
    if (value > (SIZE_MAX >> 1) >> shift) return false;
    *out = value << shift;
    return true;
  }

  std::atomic<std::uint32_t> state_{kUnread};
  std::atomic<bool> fixed_{false};
  std::atomic<std::size_t> arenaMax_{0};
  std::atomic<std::size_t> mmapThreshold_{std::size_t{128} << 10};
  std::atomic<std::size_t> trimThreshold_{std::size_t{128} << 10};
  std::atomic<std::size_t> topPad_{std::size_t{128} << 10};
};

}  // namespace alloc8::heaps::multiarena
