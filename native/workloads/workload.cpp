#include "workloads/workload.h"

#include <algorithm>
#include <barrier>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

#include <time.h>
#include <unistd.h>

namespace alloc8::workloads {

namespace {

std::atomic<std::ptrdiff_t> liveBytes{0};
std::atomic<std::ptrdiff_t> peakBytes{0};

constexpr double kOne = 9007199254740992.0;  // 2^53

}  // namespace

void fail(const char* what, const std::string& detail) {
  std::fprintf(stderr, "%s%s%s\n", what, detail.empty() ? "" : ": ", detail.c_str());
  std::exit(1);
}

std::uint64_t nowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

std::size_t residentBytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

void touch(void* p, std::size_t bytes, unsigned char value) {
  auto* at = static_cast<volatile unsigned char*>(p);
  for (std::size_t offset = 0; offset < bytes; offset += 4096) at[offset] = value;
  if (bytes > 0) at[bytes - 1] = value;
}

// --- sizes ----------------------------------------------------------------------------------------------------------

SizeDistribution::SizeDistribution(const std::vector<std::pair<std::size_t, double>>& weights) {
  double sum = 0;
  for (const auto& [size, weight] : weights) sum += weight;
  const auto count = static_cast<double>(weights.size());
  std::vector<double> scaled;
  std::vector<std::size_t> small;
  std::vector<std::size_t> large;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    scaled.push_back(weights[i].second / sum * count);
    (scaled[i] < 1 ? small : large).push_back(i);
    slots_.push_back({weights[i].first, weights[i].first, static_cast<std::uint64_t>(kOne)});
  }
  while (!small.empty() && !large.empty()) {
    const std::size_t less = small.back();
    const std::size_t more = large.back();
    small.pop_back();
    slots_[less].threshold = static_cast<std::uint64_t>(scaled[less] * kOne);
    slots_[less].alias = weights[more].first;
    scaled[more] -= 1 - scaled[less];
    if (scaled[more] < 1) {
      large.pop_back();
      small.push_back(more);
    }
  }
}

SizeDistribution SizeDistribution::fromFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) fail("--sizes: cannot be read", path);
  std::vector<std::pair<std::size_t, double>> weights;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    line = line.substr(0, line.find('#'));
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::istringstream fields(line);
    double size = -1;
    double weight = -1;
    std::string rest;
    if (!(fields >> size >> weight) || fields >> rest || size < 0 || size > 1e12 || !(weight > 0)) {
      fail("--sizes: expected lines of SIZE WEIGHT", path + ":" + std::to_string(number) + ": " + line);
    }
    weights.emplace_back(static_cast<std::size_t>(size), weight);
  }
  if (weights.empty()) fail("--sizes: no sizes", path);
  return SizeDistribution(weights);
}

SizeDistribution SizeDistribution::builtin() {
  // Weights halve with each doubling of the size from 32 bytes on, with many of the smallest, as in most published
  // histograms (Maas et al., "Learning-based memory allocation for C++ server workloads", 2020, figure 2).
  std::vector<std::pair<std::size_t, double>> weights = {{8, 10}, {16, 22}, {24, 16}, {32, 18}, {48, 10}, {64, 9}};
  double weight = 7;
  for (std::size_t size = 96; size <= 65536; size = size * 5 / 3, weight *= 0.62) weights.emplace_back(size, weight);
  return SizeDistribution(weights);
}

// --- latencies ------------------------------------------------------------------------------------------------------

void Latencies::merge(const Latencies& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
}

std::uint64_t Latencies::count() const {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counts_) sum += count;
  return sum;
}

std::uint64_t Latencies::percentile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count()));
  std::uint64_t seen = 0;
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (counts_[i] == 0) continue;
    seen += counts_[i];
    const std::size_t octave = i / 32;
    last = octave == 0 ? i : (std::uint64_t{32} + i % 32) << (octave - 1);
    if (seen > wanted) break;
  }
  return last;
}

// --- workers --------------------------------------------------------------------------------------------------------

void Worker::flush() {
  const std::ptrdiff_t now = liveBytes.fetch_add(pending_, std::memory_order_relaxed) + pending_;
  pending_ = 0;
  std::ptrdiff_t peak = peakBytes.load(std::memory_order_relaxed);
  while (now > peak && !peakBytes.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

void* Worker::allocate(std::size_t bytes) {
  void* p = std::malloc(bytes);
  if (p == nullptr && bytes > 0) fail("malloc gave no memory", std::to_string(bytes) + " bytes");
  count(static_cast<std::ptrdiff_t>(bytes));
  return p;
}

void Worker::release(void* p, std::size_t bytes) {
  std::free(p);
  count(-static_cast<std::ptrdiff_t>(bytes));
}

// --- the program ----------------------------------------------------------------------------------------------------

namespace {

std::uint64_t wholeNumber(const char* option, const char* text, std::uint64_t least) {
  char* end = nullptr;
  const unsigned long long value = std::strtoull(text, &end, 10);
  if (*text < '0' || *text > '9' || *end != '\0' || value < least) {
    std::fprintf(stderr, "%s: expected a whole number from %" PRIu64 ", got \"%s\"\n", option, least, text);
    std::exit(2);
  }
  return value;
}

void usage(const Description& description, std::FILE* stream) {
  const Options& d = description.defaults;
  std::fprintf(stream,
               "%s: %s\n\n"
               "  --threads N     (%u)\n  --size BYTES    (%zu)\n  --operations N  (%" PRIu64
               ")\n  --seed N        (%" PRIu64 ")\n%s",
               description.name, description.summary, d.threads, d.size, d.operations, d.seed,
               description.takesSizes ? "  --sizes FILE    lines of SIZE WEIGHT (those of a C++ server)\n" : "");
}

Options parse(int argc, char** argv, const Description& description) {
  Options options = description.defaults;
  for (int i = 1; i < argc; ++i) {
    const char* option = argv[i];
    const auto is = [option](const char* name) { return std::strcmp(option, name) == 0; };
    if (is("--help")) {
      usage(description, stdout);
      std::exit(0);
    }
    const bool known = is("--threads") || is("--size") || is("--operations") || is("--seed") ||
                       (description.takesSizes && is("--sizes"));
    if (!known || i + 1 == argc) {
      std::fprintf(stderr, known ? "%s: expected a value\n" : "%s: no such option\n", option);
      usage(description, stderr);
      std::exit(2);
    }
    const char* value = argv[++i];
    if (is("--threads"))
      options.threads = static_cast<unsigned>(std::min<std::uint64_t>(wholeNumber(option, value, 1), 4096));
    if (is("--size")) options.size = wholeNumber(option, value, 1);
    if (is("--operations")) options.operations = wholeNumber(option, value, 1);
    if (is("--seed")) options.seed = wholeNumber(option, value, 0);
    if (is("--sizes")) options.sizes = value;
  }
  return options;
}

void report(const Description& description, const Options& options, double seconds,
            const std::vector<std::unique_ptr<Worker>>& workers, const std::vector<Extra>& extras) {
  Latencies latencies;
  std::uint64_t operations = 0;
  std::uint64_t checksum = 0;
  for (const auto& worker : workers) {
    latencies.merge(worker->latencies());
    operations += worker->operations();
    checksum = checksum * 31 + worker->checksum;
  }
  std::printf("{\"workload\":\"%s\",\"threads\":%u,\"size\":%zu,\"seed\":%" PRIu64 ",\"operations\":%" PRIu64
              ",\"seconds\":%.6f,\"operationsPerSecond\":%.1f",
              description.name, options.threads, options.size, options.seed, operations, seconds,
              static_cast<double>(operations) / seconds);
  std::printf(",\"latencyNs\":{\"p50\":%" PRIu64 ",\"p90\":%" PRIu64 ",\"p99\":%" PRIu64 ",\"p999\":%" PRIu64
              ",\"max\":%" PRIu64 "}",
              latencies.percentile(0.5), latencies.percentile(0.9), latencies.percentile(0.99),
              latencies.percentile(0.999), latencies.percentile(1));
  std::printf(",\"liveBytes\":{\"peak\":%td,\"end\":%td},\"checksum\":\"%016" PRIx64 "\"", peakBytes.load(),
              liveBytes.load(), checksum);
  for (const Extra& extra : extras) std::printf(",\"%s\":%.10g", extra.name, extra.value);
  std::printf("}\n");
}

}  // namespace

int runWorkload(int argc, char** argv, const Description& description, const std::function<void(Worker&)>& body,
                const std::function<std::vector<Extra>()>& afterwards) {
  const Options options = parse(argc, argv, description);
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned i = 0; i < options.threads; ++i) workers.push_back(std::make_unique<Worker>(i, options));
  std::barrier start(static_cast<std::ptrdiff_t>(options.threads) + 1);
  std::vector<std::thread> threads;
  for (auto& worker : workers) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      body(*worker);
      worker->flush();
    });
  }
  start.arrive_and_wait();
  const std::uint64_t begin = nowNs();
  for (std::thread& thread : threads) thread.join();
  const double seconds = static_cast<double>(nowNs() - begin) / 1e9;
  report(description, options, seconds, workers, afterwards ? afterwards() : std::vector<Extra>{});
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace alloc8::workloads
