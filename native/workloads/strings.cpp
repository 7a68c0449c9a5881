// strings: maps from strings to strings that grow, change and shrink: what most C++ programs do most of the time. All
// memory comes from operator new, in nodes and in short and long strings.

#include <string>
#include <unordered_map>

#include "workloads/workload.h"

using namespace alloc8::workloads;

int main(int argc, char** argv) {
  const Description description{"strings",
                                "a map of strings that are added, changed and removed, about --size of them",
                                {.threads = 1, .size = 100'000, .operations = 5'000'000}};
  return runWorkload(argc, argv, description, [](Worker& worker) {
    std::unordered_map<std::string, std::string> map;
    const auto keys = static_cast<std::uint32_t>(worker.options.size * 2);
    for (std::uint64_t i = 0; i < worker.share(); ++i) {
      const std::uint32_t key = worker.random.below(keys < 2 ? 2 : keys);
      const std::size_t length =
          worker.random.below(8) == 0 ? worker.random.between(16, 400) : worker.random.between(1, 30);
      const bool remove = worker.random.below(2) == 0;
      worker.decided(key);
      worker.operation([&] {
        std::string name = "the key of entry " + std::to_string(key);
        if (remove) {
          map.erase(name);
        } else {
          map[std::move(name)].assign(length, 'x');
        }
      });
    }
    worker.decided(map.size());
  });
}
