// active-false: each thread allocates small blocks, writes to them often and frees them. An allocator that gives blocks
// of one cache line to two threads makes them wait for each other by its own doing (Berger et al., ASPLOS 2000; Hoard's
// program is cache-thrash).

#include "workloads/false_sharing.h"

using namespace alloc8::workloads;

int main(int argc, char** argv) {
  const Description description{.name = "active-false",
                                .summary = "small blocks allocated, written to often and freed, each thread its own",
                                .size = "bytes of a block",
                                .operation = "eight blocks allocated, written to and freed",
                                .defaults = {.threads = 2, .size = 8, .operations = 50'000, .timedOneIn = 4},
                                .mean = "threadsPerLine"};
  const Options options = parseOptions(argc, argv, description);
  Lines lines(options.threads);
  return runWorkload(description, options, [&](Worker& worker) { writeToOwnBlocks(worker, lines); });
}
