// server: sessions that open, serve requests and close, under a load that rises and falls three times. A request
// allocates, fills and frees; a session keeps a little between them. What is held when the load is gone is what a
// service pays for in memory: rssBytes.end beside liveBytes.end.

#include <array>
#include <utility>
#include <vector>

#include "workloads/sizes.h"
#include "workloads/workload.h"

using namespace alloc8::workloads;

namespace {

constexpr std::size_t kMostKept = 12;

// What one connection keeps: answers that it may be asked for again.
struct Session {
  std::vector<Block> kept;
};

// Six blocks for the time of the request, and an answer larger than those, which is kept for a while.
void serve(Worker& worker, Session& session, const SizeDistribution& sizes) {
  std::array<Block, 6> scratch;
  for (Block& block : scratch) block = worker.make(sizes.draw(worker.random));
  session.kept.push_back(worker.make(sizes.draw(worker.random) + 512));
  for (const Block& block : scratch) worker.drop(block);
  if (session.kept.size() <= kMostKept) return;
  std::swap(session.kept[worker.random.below(session.kept.size())], session.kept.back());
  worker.drop(session.kept.back());
  session.kept.pop_back();
}

void close(Worker& worker, std::vector<Session>& sessions, std::size_t which) {
  std::swap(sessions[which], sessions.back());
  for (const Block& block : sessions.back().kept) worker.drop(block);
  sessions.pop_back();
}

// How many sessions there should be after `done` of all requests: from 1 to most and back, three times.
std::size_t wanted(std::uint64_t done, std::uint64_t all, std::uint64_t most) {
  const std::uint64_t tide = all / 3 + 1;
  const double phase = static_cast<double>(done % tide) / static_cast<double>(tide);
  const double height = phase < 0.5 ? phase * 2 : 2 - phase * 2;
  return 1 + static_cast<std::size_t>(height * static_cast<double>(most));
}

}  // namespace

int main(int argc, char** argv) {
  const Description description{
      .name = "server",
      .summary = "sessions that open, serve requests and close, under a load that comes and goes",
      .size = "sessions at the height of the load, of all threads together",
      .operation = "a request",
      .defaults = {.threads = 2, .size = 10'000, .operations = 600'000, .timedOneIn = 16},
      .takesSizes = true};
  const Options options = parseOptions(argc, argv, description);
  const SizeDistribution sizes = SizeDistribution::fromFile(options.sizes);
  return runWorkload(description, options, [&](Worker& worker) {
    const std::uint64_t requests = worker.partOf(worker.options.operations);
    std::vector<Session> sessions;
    for (std::uint64_t done = 0; done < requests; ++done) {
      const std::size_t target = wanted(done, requests, worker.partOf(worker.options.size));
      while (sessions.size() < target) sessions.emplace_back();
      while (sessions.size() > target) close(worker, sessions, worker.random.below(sessions.size()));
      Session& session = sessions[worker.random.below(sessions.size())];
      worker.operation([&] { serve(worker, session, sizes); });
    }
    worker.finished();
    while (!sessions.empty()) close(worker, sessions, sessions.size() - 1);
  });
}
