// producer-consumer: one half of the threads allocates, the other half frees. An allocator whose freed memory stays
// with the thread that freed it grows without end here, or pays for each block's way back (Lever and Boreham, "malloc()
// performance in a multithreaded Linux environment", 2000; Berger et al., 2000, call the growth blowup).

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "workloads/workload.h"

using namespace alloc8::workloads;

namespace {

struct Block {
  void* memory;
  std::size_t size;
};
using Batch = std::vector<Block>;

// Between one producer and one consumer; a producer that is far ahead waits.
class Queue {
 public:
  void put(Batch batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return batches_.size() < kMost; });
    batches_.push_back(std::move(batch));
    changed_.notify_all();
  }
  Batch take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !batches_.empty(); });
    Batch batch = std::move(batches_.front());
    batches_.pop_front();
    changed_.notify_all();
    return batch;
  }

 private:
  static constexpr std::size_t kMost = 8;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> batches_;
};

constexpr std::size_t kBatch = 1000;

void produce(Worker& worker, Queue& queue, std::uint64_t blocks) {
  const std::size_t largest = worker.options.size < 16 ? 16 : worker.options.size;
  while (blocks > 0) {
    Batch batch(blocks < kBatch ? blocks : kBatch);
    for (Block& block : batch) {
      block.size = worker.random.between(16, largest);
      worker.decided(block.size);
      worker.operation([&] {
        block.memory = worker.allocate(block.size);
        touch(block.memory, block.size, 1);
      });
    }
    blocks -= batch.size();
    queue.put(std::move(batch));
  }
  queue.put({});
}

void consume(Worker& worker, Queue& queue) {
  for (;;) {
    const Batch batch = queue.take();
    if (batch.empty()) return;
    for (const Block& block : batch) worker.operation([&] { worker.release(block.memory, block.size); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Description description{"producer-consumer",
                                "one half of the threads allocates blocks up to --size, the other half frees them",
                                {.threads = 2, .size = 400, .operations = 10'000'000}};
  std::vector<std::unique_ptr<Queue>> queues;
  for (int i = 0; i < 2048; ++i) queues.push_back(std::make_unique<Queue>());
  return runWorkload(argc, argv, description, [&](Worker& worker) {
    Queue& queue = *queues[worker.index / 2];
    const bool alone = worker.index % 2 == 0 && worker.index + 1 == worker.options.threads;
    // A last thread without a partner keeps its part to itself.
    if (alone) {
      for (std::uint64_t i = 0; i < worker.share(); ++i) {
        worker.operation([&] { worker.release(worker.allocate(worker.options.size), worker.options.size); });
      }
    } else if (worker.index % 2 == 0) {
      produce(worker, queue, worker.share());
    } else {
      consume(worker, queue);
    }
  });
}
