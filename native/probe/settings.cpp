// Reads what the controller asks of the probe.

#include "probe/settings.h"

#include <cstring>

#include "platform/platform.h"

namespace alloc8::probe {

namespace {

struct Name {
  const char* text;
  record::ProbeLevels level;
};

constexpr Name kNames[] = {{"counts", record::kProbeCounts},
                           {"live", record::kProbeLive},
                           {"latency", record::kProbeLatency},
                           {"sample", record::kProbeSample}};

constexpr std::uint64_t kLargestNumber = std::uint64_t{1} << 40;

// The number behind a colon; 0 where there is none.
std::uint64_t numberIn(const char* text, std::size_t length) {
  std::uint64_t number = 0;
  for (std::size_t at = 0; at < length && number < kLargestNumber; ++at) {
    if (text[at] < '0' || text[at] > '9') return 0;
    number = number * 10 + static_cast<std::uint64_t>(text[at] - '0');
  }
  return number;
}

void add(Settings& settings, const char* word, std::size_t length) {
  const auto* colon = static_cast<const char*>(std::memchr(word, ':', length));
  const std::size_t named = colon == nullptr ? length : static_cast<std::size_t>(colon - word);
  const std::uint64_t number = colon == nullptr ? 0 : numberIn(colon + 1, length - named - 1);
  for (const Name& name : kNames) {
    if (std::strlen(name.text) != named || std::memcmp(name.text, word, named) != 0) continue;
    settings.levels |= name.level | record::kProbeCounts;
    if (number == 0) return;
    if (name.level == record::kProbeSample) settings.sampleBytes = number;
    if (name.level == record::kProbeLatency) settings.latencyEvery = static_cast<std::uint32_t>(number);
  }
}

}  // namespace

Settings settingsFromEnvironment() {
  Settings found;
  const char* text = platform::earlyEnvironment("ALLOC8_PROBE");
  while (text != nullptr && *text != '\0') {
    const std::size_t length = std::strcspn(text, ",");
    add(found, text, length);
    text += length;
    if (*text == ',') ++text;
  }
  return found;
}

}  // namespace alloc8::probe
