// strings: a map from strings to strings that grows, changes and shrinks: what most C++ programs do most of the time.
// All memory comes from operator new, in nodes and in short and long strings.

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "workloads/workload.h"

using namespace alloc8::workloads;

namespace {

using String = std::basic_string<char, std::char_traits<char>, Counted<char>>;

struct Hash {
  std::size_t operator()(const String& text) const { return std::hash<std::string_view>()(text); }
};

using Map = std::unordered_map<String, String, Hash, std::equal_to<>, Counted<std::pair<const String, String>>>;

}  // namespace

int main(int argc, char** argv) {
  const Description description{.name = "strings",
                                .summary = "a map of strings in which entries are set and removed at random",
                                .size = "how many keys there are, of all threads together",
                                .operation = "an entry set or removed",
                                .defaults = {.threads = 1, .size = 100'000, .operations = 1'000'000, .timedOneIn = 16}};
  return runWorkload(description, parseOptions(argc, argv, description), [](Worker& worker) {
    Map map;
    const std::uint64_t keys = worker.partOf(worker.options.size) + 1;
    for (std::uint64_t left = worker.partOf(worker.options.operations); left > 0; --left) {
      const std::uint32_t number = worker.random.below(keys);
      // Most texts are short, and one in eight has some hundred characters.
      const std::size_t length =
          worker.random.below(8) == 0 ? worker.random.between(16, 400) : worker.random.between(1, 30);
      const bool remove = worker.random.below(3) == 0;
      worker.operation([&] {
        String key("the key of entry ");
        key.append(std::to_string(number));
        if (remove)
          map.erase(key);
        else
          map[std::move(key)].assign(length, static_cast<char>('a' + number % 26));
      });
    }
    worker.finished();
    for (const auto& [key, text] : map) worker.saw(key.size() + static_cast<unsigned char>(text.back()));
  });
}
