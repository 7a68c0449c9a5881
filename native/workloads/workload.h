// What the workloads share: their options, random numbers, latencies, threads that start together, and the report. A
// workload is a program that does nothing but allocate as some kind of program does, so that allocators can be compared
// by it. What a thread does follows from the seed and its number alone.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace alloc8::workloads {

// --- options --------------------------------------------------------------------------------------------------------

struct Options {
  unsigned threads = 1;
  std::size_t size = 0;          // bytes; what it means is each workload's own
  std::uint64_t operations = 0;  // of all threads together; what counts as one is each workload's own
  std::uint64_t seed = 1;
  std::string sizes;  // a file of sizes with weights, for the workloads that draw theirs from one
};

// A workload's name, what it does in one line, and what it does unless it is told otherwise.
struct Description {
  const char* name;
  const char* summary;
  Options defaults;
  bool takesSizes = false;
};

// --- random numbers -------------------------------------------------------------------------------------------------

// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014): three operations a
// number, so that what is measured is the allocator.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e37'79b9'7f4a'7c15;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
    return z ^ (z >> 31);
  }
  // From 0 to below `bound`, by multiplication (Lemire 2019, without the correction: a bias of bound/2^32 is no
  // matter).
  std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(((next() >> 32) * std::uint64_t{bound}) >> 32);
  }
  std::size_t between(std::size_t low, std::size_t high) {
    return low + below(static_cast<std::uint32_t>(high - low + 1));
  }

 private:
  std::uint64_t state_;
};

// Sizes with weights, drawn by Walker's alias method: one number, one comparison. The built-in one is that of a C++
// server as published for many (most requests below 128 bytes, a tail up to 64 KiB).
class SizeDistribution {
 public:
  // Lines of `SIZE WEIGHT`; # begins a comment. Ends the program with a message where that is not so.
  static SizeDistribution fromFile(const std::string& path);
  static SizeDistribution builtin();

  std::size_t draw(Random& random) const {
    const std::uint32_t slot = random.below(static_cast<std::uint32_t>(slots_.size()));
    const Slot& chosen = slots_[slot];
    return (random.next() >> 11) < chosen.threshold ? chosen.size : chosen.alias;
  }

 private:
  struct Slot {
    std::size_t size;
    std::size_t alias;
    std::uint64_t threshold;  // of 2^53
  };
  explicit SizeDistribution(const std::vector<std::pair<std::size_t, double>>& weights);
  std::vector<Slot> slots_;
};

// --- latencies ------------------------------------------------------------------------------------------------------

// How long operations took: a histogram with 32 steps to a doubling (3 % wide), after HdrHistogram. It allocates
// nothing after its making.
class Latencies {
 public:
  Latencies() : counts_(kBuckets) {}
  void add(std::uint64_t nanoseconds) { ++counts_[bucketOf(nanoseconds)]; }
  void merge(const Latencies& other);
  // The time below which `share` of all operations took; 0 where there are none.
  std::uint64_t percentile(double share) const;
  std::uint64_t count() const;

 private:
  static constexpr std::size_t kBuckets = 60 * 32;
  static std::size_t bucketOf(std::uint64_t nanoseconds) {
    if (nanoseconds < 32) return nanoseconds;
    const auto octave = static_cast<std::size_t>(63 - __builtin_clzll(nanoseconds)) - 4;
    return octave * 32 + ((nanoseconds >> (octave - 1)) & 31);
  }
  std::vector<std::uint64_t> counts_;
};

std::uint64_t nowNs();

// --- workers --------------------------------------------------------------------------------------------------------

// One thread of a workload.
class Worker {
 public:
  Worker(unsigned index, const Options& options)
      : index(index), options(options), random(options.seed * 0x9e37'79b9 + index) {}

  const unsigned index;
  const Options& options;
  Random random;
  std::uint64_t checksum = 0;  // of all that was decided: equal for equal seeds and threads

  // This thread's part of all operations.
  std::uint64_t share() const {
    const std::uint64_t each = options.operations / options.threads;
    return each + (index < options.operations % options.threads ? 1 : 0);
  }

  // Does one operation. Every sixteenth is timed, as the clock takes longer than a good malloc.
  template <class Operation>
  void operation(Operation operation) {
    if ((++operations_ & 15) != 0) return operation();
    const std::uint64_t start = nowNs();
    operation();
    latencies_.add(nowNs() - start);
  }

  // malloc and free with the bytes counted; a null ends the program with a message.
  void* allocate(std::size_t bytes);
  void release(void* p, std::size_t bytes);
  // For memory that was got in another way.
  void count(std::ptrdiff_t bytes) {
    pending_ += bytes;
    if (pending_ > kStep || pending_ < -kStep) flush();
  }

  void decided(std::uint64_t value) { checksum = (checksum ^ value) * 0x100'0000'01b3; }

  std::uint64_t operations() const { return operations_; }
  const Latencies& latencies() const { return latencies_; }
  void flush();

 private:
  static constexpr std::ptrdiff_t kStep = 65536;  // the sum of all threads is brought up to date by steps of this
  std::uint64_t operations_ = 0;
  std::ptrdiff_t pending_ = 0;
  Latencies latencies_;
};

[[noreturn]] void fail(const char* what, const std::string& detail = "");

// The resident memory of this process in bytes, as the kernel counts it now.
std::size_t residentBytes();

// Touches a block as a program does that uses it: the first and last byte and one in each page.
void touch(void* p, std::size_t bytes, unsigned char value);

// A named number of a workload's own, for its report.
struct Extra {
  const char* name;
  double value;
};

// Reads the options, runs `body` in each thread, all starting together, and prints the report as one line of JSON.
// `afterwards` runs when all have ended, and may add numbers to the report. Returns main's status.
int runWorkload(int argc, char** argv, const Description& description, const std::function<void(Worker&)>& body,
                const std::function<std::vector<Extra>()>& afterwards = {});

}  // namespace alloc8::workloads
