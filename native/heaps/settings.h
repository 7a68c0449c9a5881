// Settings of a heap from the environment, ALLOC8_NAME=key=number:key=number, numbers in bytes with k, m or g behind
// them. What is no number, or one that no word holds, is as if it were not there: a heap never refuses to start.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "platform/platform.h"

namespace alloc8::heaps {

// One setting that is well formed.
struct Setting {
  const char* key;
  std::size_t keyLength;
  std::size_t value;

  bool is(const char* name) const {
    for (std::size_t i = 0; i < keyLength; ++i) {
      if (name[i] == '\0' || name[i] != key[i]) return false;
    }
    return name[keyLength] == '\0';
  }
};

// A number and its unit in [text, end); false where it is no number, or one above PTRDIFF_MAX.
inline bool readNumber(const char* text, const char* end, std::size_t* out) {
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

// Calls use(Setting) for each that is well formed; `text` may be null.
template <class Use>
void readSettings(const char* text, Use use) {
  while (text != nullptr && *text != '\0') {
    const char* equals = nullptr;
    const char* end = text;
    for (; *end != '\0' && *end != ':'; ++end) {
      if (*end == '=' && equals == nullptr) equals = end;
    }
    std::size_t value = 0;
    if (equals != nullptr && readNumber(equals + 1, end, &value)) {
      use(Setting{text, static_cast<std::size_t>(equals - text), value});
    }
    text = *end == ':' ? end + 1 : end;
  }
}

// Has a variable of the environment read once, as soon as there is an environment.
class EnvironmentOnce {
 public:
  constexpr EnvironmentOnce() = default;

  // Calls parse(text or null) unless that was done. Cheap, but not for hot paths. Another thread may go on before it
  // is: whether it was is the answer.
  template <class Parse>
  bool ensure(const char* variable, Parse parse) {
    if (state_.load(std::memory_order_acquire) == kRead) return true;
    if (!platform::environmentReady()) return false;
    std::uint32_t seen = kUnread;
    if (!state_.compare_exchange_strong(seen, kReading, std::memory_order_acq_rel)) return seen == kRead;
    parse(platform::earlyEnvironment(variable));
    state_.store(kRead, std::memory_order_release);
    return true;
  }

 private:
  static constexpr std::uint32_t kUnread = 0;
  static constexpr std::uint32_t kReading = 1;
  static constexpr std::uint32_t kRead = 2;
  std::atomic<std::uint32_t> state_{kUnread};
};

}  // namespace alloc8::heaps
