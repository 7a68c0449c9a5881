// What the workloads share: a worker per thread, which counts what it allocates and checks what it frees, and a run of
// all of them from a common start to the report. A workload is a program that does nothing but allocate as some kind of
// program does, so that allocators can be compared by it. What a thread does follows from the seed, the number of
// threads and its own number alone, and never from time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "workloads/latencies.h"
#include "workloads/options.h"
#include "workloads/random.h"

namespace alloc8::workloads {

// A block and how much was asked for.
struct Block {
  void* memory = nullptr;
  std::size_t size = 0;
};

class Meeting;

// A clock that never goes back.
std::uint64_t nowNs();

class Worker {
 public:
  Worker(unsigned index, const Options& options, Meeting& done);

  const unsigned index;
  const Options& options;
  Random random;

  // This thread's part of a number that all threads share.
  std::uint64_t partOf(std::uint64_t all) const {
    return all / options.threads + (index < all % options.threads ? 1 : 0);
  }

  // Does one operation, and times some.
  template <class Operation>
  void operation(const Operation& operation) {
    if ((++operations_ & timedMask_) != 0) return operation();
    const std::uint64_t start = nowNs();
    operation();
    latencies_.add(nowNs() - start);
  }

  // malloc with the call counted; without memory the program ends. `write` or the workload itself fills the block.
  void* allocate(std::size_t bytes) {
    void* memory = std::malloc(bytes);
    if (memory == nullptr) outOfMemory("malloc", bytes);
    account(static_cast<std::ptrdiff_t>(bytes));
    return memory;
  }
  void* reallocate(void* memory, std::size_t before, std::size_t bytes) {
    memory = std::realloc(memory, bytes);
    if (memory == nullptr) outOfMemory("realloc", bytes);
    account(static_cast<std::ptrdiff_t>(bytes) - static_cast<std::ptrdiff_t>(before));
    return memory;
  }
  void release(void* memory, std::size_t bytes) {
    account(-static_cast<std::ptrdiff_t>(bytes));
    std::free(memory);
  }

  // The same with content: the beginning, the end and a byte in each page are written, and what is at both ends is
  // checked before the block is freed, by whichever thread frees it.
  Block make(std::size_t bytes) {
    const Block block{allocate(bytes), bytes};
    write(block);
    return block;
  }
  void drop(const Block& block) {
    check(block);
    release(block.memory, block.size);
  }

  // Bytes of `pagesFrom` and below are taken for written already, but for both ends.
  static void write(const Block& block, std::size_t pagesFrom = 0) {
    auto* at = static_cast<unsigned char*>(block.memory);
    const std::uint64_t content = contentOf(block);
    const auto each = static_cast<unsigned char>(content);
    if (block.size < sizeof content) {
      for (std::size_t i = 0; i < block.size; ++i) at[i] = each;
      return;
    }
    std::memcpy(at, &content, sizeof content);
    for (std::size_t page = (pagesFrom / kPage + 1) * kPage; page < block.size; page += kPage) at[page] = each;
    at[block.size - 1] = each;
  }
  static void check(const Block& block) { check(block, block.memory); }
  // Where a realloc has moved to `memory` what was written to the block.
  static void check(const Block& block, const void* memory) {
    const auto* at = static_cast<const unsigned char*>(memory);
    const std::uint64_t content = contentOf(block);
    const auto each = static_cast<unsigned char>(content);
    if (block.size < sizeof content) {
      for (std::size_t i = 0; i < block.size; ++i)
        if (at[i] != each) damaged(block);
      return;
    }
    std::uint64_t first = 0;
    std::memcpy(&first, at, sizeof first);
    if (first != content || at[block.size - 1] != each) damaged(block);
  }

  // Enters a call into the account of live bytes and into the checksum: more bytes or fewer.
  void account(std::ptrdiff_t bytes) {
    checksum_ = (checksum_ ^ static_cast<std::uint64_t>(bytes)) * 0x9e37'79b9'7f4a'7c15;
    pending_ += bytes;
    if (pending_ > highest_) highest_ = pending_;
    if (pending_ > kStep || pending_ < -kStep) flush();
  }
  // Enters into the checksum what was read.
  void saw(std::uint64_t value) { checksum_ = (checksum_ ^ value) * 0x9e37'79b9'7f4a'7c15; }

  // A number of the workload's own, of which the report has the mean over all threads.
  void sampled(double value) {
    sampleSum_ += value;
    ++samples_;
  }

  // All operations are done; what the thread frees afterwards is neither timed nor in the report. Returns when the
  // report's figures are taken. Called at the end of a body that does not call it.
  void finished();
  // The thread begins; for runWorkload.
  void begin() { begun_ = nowNs(); }

  std::uint64_t begunNs() const { return begun_; }
  std::uint64_t endedNs() const { return ended_; }
  std::uint64_t operations() const { return operations_; }
  std::uint64_t checksum() const { return checksum_; }
  const Latencies& latencies() const { return latencies_; }
  double sampleSum() const { return sampleSum_; }
  std::uint64_t samples() const { return samples_; }

 private:
  static constexpr std::size_t kPage = 4096;
  // By how much a thread may be behind in the account that all share. The peak is exact for one thread.
  static constexpr std::ptrdiff_t kStep = 65536;

  // One byte, eight times, which is another one for a neighbour of the same size.
  static std::uint64_t contentOf(const Block& block) {
    const std::uint64_t place = reinterpret_cast<std::uintptr_t>(block.memory) * 0x9e37'79b9'7f4a'7c15;
    return ((place >> 32 ^ block.size) & 0xff) * 0x0101'0101'0101'0101;
  }
  void flush();
  [[noreturn]] static void outOfMemory(const char* function, std::size_t bytes);
  [[noreturn]] static void damaged(const Block& block);

  const std::uint64_t timedMask_;
  std::uint64_t checksum_;
  std::uint64_t operations_ = 0;
  std::ptrdiff_t pending_ = 0;  // what the shared account does not have yet
  std::ptrdiff_t highest_ = 0;  // and the most that this has been
  std::uint64_t begun_ = 0;
  std::uint64_t ended_ = 0;  // 0 until then
  double sampleSum_ = 0;
  std::uint64_t samples_ = 0;
  Meeting& done_;
  Latencies latencies_;
};

// The worker whose body this thread runs.
inline thread_local Worker* currentWorker = nullptr;

// For containers: operator new and delete, counted by the thread's worker.
template <class T>
struct Counted {
  using value_type = T;
  static constexpr std::size_t kBytes = sizeof(T);  // NOLINT(bugprone-sizeof-expression): T may be a pointer
  Counted() = default;
  template <class Other>
  Counted(const Counted<Other>&) {}

  T* allocate(std::size_t count) {
    currentWorker->account(static_cast<std::ptrdiff_t>(count * kBytes));
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* memory, std::size_t count) {
    currentWorker->account(-static_cast<std::ptrdiff_t>(count * kBytes));
    std::allocator<T>().deallocate(memory, count);
  }
  bool operator==(const Counted&) const { return true; }
};

// What a thread does, and with what.
struct Body {
  void (*call)(const void* function, Worker& worker);
  const void* function;
};

int runThreads(const Description& description, const Options& options, const Body& body);

// Runs `function(Worker&)` in each thread, all starting together, and prints the report as one line of JSON. Returns
// main's status.
template <class Function>
int runWorkload(const Description& description, const Options& options, const Function& function) {
  const auto call = [](const void* known, Worker& worker) { (*static_cast<const Function*>(known))(worker); };
  return runThreads(description, options, {call, &function});
}

}  // namespace alloc8::workloads
