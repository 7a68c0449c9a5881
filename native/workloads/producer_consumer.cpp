// producer-consumer: of each two threads one allocates and the other frees. An allocator whose freed memory stays with
// the thread that freed it grows without end here, which Berger et al. (ASPLOS 2000) call blowup, or pays for each
// block's way back (Lever and Boreham, "malloc() performance in a multithreaded Linux environment", USENIX 2000).

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "workloads/workload.h"

using namespace alloc8::workloads;

namespace {

constexpr std::size_t kSmallest = 16;
constexpr std::size_t kBatch = 1'000;

using Batch = std::vector<Block>;

// Between one producer and one consumer; a producer that is eight batches ahead waits. Allocates nothing.
class Queue {
 public:
  void put(Batch&& batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ < ring_.size(); });
    ring_[(first_ + count_++) % ring_.size()] = std::move(batch);
    changed_.notify_one();
  }
  Batch take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ > 0; });
    Batch batch = std::move(ring_[first_]);
    first_ = (first_ + 1) % ring_.size();
    --count_;
    changed_.notify_one();
    return batch;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Batch, 8> ring_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

void produce(Worker& worker, Queue& queue, std::uint64_t blocks) {
  while (blocks > 0) {
    Batch batch(blocks < kBatch ? blocks : kBatch);
    for (Block& block : batch) {
      const std::size_t size = worker.random.between(kSmallest, worker.options.size);
      worker.operation([&] { block = worker.make(size); });
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
    for (const Block& block : batch) worker.operation([&] { worker.drop(block); });
  }
}

// What a thread without a partner does.
void both(Worker& worker, std::uint64_t blocks) {
  for (; blocks > 0; --blocks) {
    Block block;
    const std::size_t size = worker.random.between(kSmallest, worker.options.size);
    worker.operation([&] { block = worker.make(size); });
    worker.operation([&] { worker.drop(block); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Description description{
      .name = "producer-consumer",
      .summary = "of each two threads one allocates blocks of random size and the other frees them",
      .size = "the largest block in bytes, the smallest being 16",
      .operation = "an allocation or a free",
      .defaults = {.threads = 2, .size = 400, .operations = 10'000'000},
      .smallestSize = kSmallest};
  const Options options = parseOptions(argc, argv, description);
  std::vector<std::unique_ptr<Queue>> queues;
  while (queues.size() < (options.threads + 1) / 2) queues.push_back(std::make_unique<Queue>());
  return runWorkload(description, options, [&](Worker& worker) {
    const std::size_t lane = worker.index / 2;
    const std::uint64_t all = options.operations / 2;
    const std::uint64_t blocks = all / queues.size() + (lane < all % queues.size() ? 1 : 0);
    if (worker.index % 2 == 1)
      consume(worker, *queues[lane]);
    else if (worker.index + 1 == options.threads)
      both(worker, blocks);
    else
      produce(worker, *queues[lane], blocks);
  });
}
