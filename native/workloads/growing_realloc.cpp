// growing-realloc: many buffers that grow by appending, some of them at the same time, as strings, vectors and parsers
// do. An allocator that grows in place, or moves pages instead of bytes, has little to do here.

#include <cstdlib>
#include <vector>

#include "workloads/workload.h"

using namespace alloc8::workloads;

namespace {

struct Buffer {
  unsigned char* memory = nullptr;
  std::size_t capacity = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const Description description{"growing-realloc",
                                "buffers that grow to --size by half of what they have, eight at a time",
                                {.threads = 1, .size = std::size_t{1} << 20, .operations = 100'000}};
  return runWorkload(argc, argv, description, [](Worker& worker) {
    std::vector<Buffer> buffers(8);
    for (std::uint64_t i = 0; i < worker.share(); ++i) {
      Buffer& buffer = buffers[worker.random.below(8)];
      worker.decided(buffer.capacity);
      worker.operation([&] {
        if (buffer.capacity >= worker.options.size) {
          worker.release(buffer.memory, buffer.capacity);
          buffer = {};
          return;
        }
        const std::size_t capacity = buffer.capacity < 32 ? 32 : buffer.capacity + buffer.capacity / 2;
        auto* memory = static_cast<unsigned char*>(std::realloc(buffer.memory, capacity));
        if (memory == nullptr) fail("realloc gave no memory");
        touch(memory + buffer.capacity, capacity - buffer.capacity, 1);
        worker.count(static_cast<std::ptrdiff_t>(capacity - buffer.capacity));
        buffer = {memory, capacity};
      });
    }
    for (const Buffer& buffer : buffers) worker.release(buffer.memory, buffer.capacity);
  });
}
