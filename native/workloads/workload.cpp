// The run of a workload: threads that start together, the figures at the moment when all are done, and the report.

#include "workloads/workload.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "workloads/resident.h"

namespace alloc8::workloads {

// Where all threads wait for one another.
class Meeting : public std::barrier<> {
 public:
  explicit Meeting(unsigned threads) : std::barrier<>(static_cast<std::ptrdiff_t>(threads)) {}
};

namespace {

std::atomic<std::ptrdiff_t> liveBytes{0};
std::atomic<std::ptrdiff_t> peakBytes{0};

// What was found when the last operation was done.
struct Figures {
  double seconds;
  std::ptrdiff_t live;
  std::ptrdiff_t peakLive;
  Resident resident;
};

// What reading the clock twice takes, and so what each latency has too much; at best.
std::uint64_t clockNs() {
  std::uint64_t least = ~std::uint64_t{0};
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t start = nowNs();
    const std::uint64_t taken = nowNs() - start;
    if (taken < least) least = taken;
  }
  return least;
}

void printLatencies(const Latencies& latencies) {
  const std::uint64_t samples = latencies.count();
  std::printf(",\"latencyNs\":{\"samples\":%" PRIu64 ",\"clock\":%" PRIu64, samples, clockNs());
  const struct {
    const char* name;
    double share;
  } percentiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1}};
  for (const auto& [name, share] : percentiles) {
    if (samples == 0)
      std::printf(",\"%s\":null", name);
    else
      std::printf(",\"%s\":%" PRIu64, name, latencies.percentile(share));
  }
  std::printf("}");
}

void printMean(const char* name, const std::vector<std::unique_ptr<Worker>>& workers) {
  double sum = 0;
  std::uint64_t samples = 0;
  for (const auto& worker : workers) {
    sum += worker->sampleSum();
    samples += worker->samples();
  }
  if (samples == 0)
    std::printf(",\"%s\":null", name);
  else
    std::printf(",\"%s\":%.4f", name, sum / static_cast<double>(samples));
}

int report(const Description& description, const Options& options, const Figures& figures,
           const std::vector<std::unique_ptr<Worker>>& workers) {
  Latencies latencies;
  std::uint64_t operations = 0;
  std::uint64_t checksum = 0;
  for (const auto& worker : workers) {
    latencies.merge(worker->latencies());
    operations += worker->operations();
    checksum = checksum * 31 + worker->checksum();
  }
  std::printf("{\"schema\":1,\"workload\":\"%s\",\"threads\":%u,\"size\":%" PRIu64 ",\"seed\":\"%" PRIu64
              "\",\"operations\":%" PRIu64 ",\"seconds\":%.9f,\"operationsPerSecond\":%.1f",
              description.name, options.threads, options.size, options.seed, operations, figures.seconds,
              figures.seconds > 0 ? static_cast<double>(operations) / figures.seconds : 0.0);
  printLatencies(latencies);
  std::printf(",\"liveBytes\":{\"peak\":%td,\"end\":%td}", figures.peakLive, figures.live);
  if (figures.resident.known)
    std::printf(",\"rssBytes\":{\"peak\":%zu,\"end\":%zu}", figures.resident.peak, figures.resident.now);
  else
    std::printf(",\"rssBytes\":null");
  if (description.mean != nullptr) printMean(description.mean, workers);
  std::printf(",\"checksum\":\"%016" PRIx64 "\"}\n", checksum);
  if (std::fflush(stdout) == 0) return 0;
  fail("stdout: cannot be written");
}

// From when the first thread began to when the last had done its operations.
double secondsOf(const std::vector<std::unique_ptr<Worker>>& workers) {
  std::uint64_t begun = ~std::uint64_t{0};
  std::uint64_t ended = 0;
  for (const auto& worker : workers) {
    begun = std::min(begun, worker->begunNs());
    ended = std::max(ended, worker->endedNs());
  }
  return static_cast<double>(ended - begun) / 1e9;
}

// The body of a thread, which ends the program where something is thrown.
void work(Worker& worker, Meeting& start, const Body& body) {
  currentWorker = &worker;
  start.arrive_and_wait();
  worker.begin();
  try {
    body.call(body.function, worker);
  } catch (const std::bad_alloc&) {
    fail("out of memory: operator new gave none");
  } catch (const std::exception& error) {
    fail(error.what());
  }
  worker.finished();
}

}  // namespace

Worker::Worker(unsigned index, const Options& options, Meeting& done)
    : index(index),
      options(options),
      random(Random(options.seed).next() + index * 0xd1b5'4a32'd192'ed03),
      timedMask_(options.timedOneIn - 1),
      checksum_(random.next()),
      done_(done) {}

std::uint64_t nowNs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

void Worker::flush() {
  const std::ptrdiff_t before = liveBytes.fetch_add(pending_, std::memory_order_relaxed);
  const std::ptrdiff_t most = before + highest_;
  pending_ = 0;
  highest_ = 0;
  std::ptrdiff_t peak = peakBytes.load(std::memory_order_relaxed);
  while (most > peak && !peakBytes.compare_exchange_weak(peak, most, std::memory_order_relaxed)) {
  }
}

void Worker::finished() {
  if (ended_ != 0) return;
  ended_ = nowNs();
  flush();
  done_.arrive_and_wait();
  done_.arrive_and_wait();
}

void Worker::outOfMemory(const char* function, std::size_t bytes) {
  fail(std::string("out of memory: ") + function + " gave no " + std::to_string(bytes) + " bytes");
}

void Worker::damaged(const Block& block) {
  fail("a block of " + std::to_string(block.size) + " bytes has lost what was written to it");
}

int runThreads(const Description& description, const Options& options, const Body& body) {
  try {
    Meeting start(options.threads + 1);
    Meeting done(options.threads + 1);
    std::vector<std::unique_ptr<Worker>> workers;
    for (unsigned i = 0; i < options.threads; ++i) workers.push_back(std::make_unique<Worker>(i, options, done));
    std::vector<std::thread> threads;
    threads.reserve(workers.size());
    for (const auto& worker : workers) threads.emplace_back([&] { work(*worker, start, body); });

    start.arrive_and_wait();
    done.arrive_and_wait();
    const Figures figures{secondsOf(workers), liveBytes.load(), peakBytes.load(), residentMemory()};
    done.arrive_and_wait();
    for (std::thread& thread : threads) thread.join();
    return report(description, options, figures, workers);
  } catch (const std::bad_alloc&) {
    fail("out of memory: operator new gave none");
  } catch (const std::system_error& error) {
    fail(std::string("a thread cannot be started: ") + error.what());
  }
}

}  // namespace alloc8::workloads
