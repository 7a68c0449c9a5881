// server: sessions that open, serve requests and close, under a load that rises and falls three times. A request
// allocates, copies and frees; a session keeps a little between them. What is held when the load is gone is what a
// service pays for in memory.

#include <cstring>
#include <mutex>
#include <vector>

#include "workloads/workload.h"

using namespace alloc8::workloads;

namespace {

struct Block {
  void* memory;
  std::size_t size;
};

// What one connection keeps: its buffers, and answers that it may be asked for again.
struct Session {
  std::vector<Block> kept;
};

void request(Worker& worker, Session& session, const SizeDistribution& sizes) {
  Block scratch[6];
  for (Block& block : scratch) {
    block.size = sizes.draw(worker.random) + 16;
    block.memory = worker.allocate(block.size);
    std::memset(block.memory, 1, block.size);
  }
  const std::size_t answer = sizes.draw(worker.random) * 8 + 64;
  session.kept.push_back({worker.allocate(answer), answer});
  touch(session.kept.back().memory, answer, 1);
  for (const Block& block : scratch) worker.release(block.memory, block.size);
  if (session.kept.size() > 12) {
    const std::size_t at = worker.random.below(static_cast<std::uint32_t>(session.kept.size()));
    worker.release(session.kept[at].memory, session.kept[at].size);
    session.kept[at] = session.kept.back();
    session.kept.pop_back();
  }
}

void close(Worker& worker, Session& session) {
  for (const Block& block : session.kept) worker.release(block.memory, block.size);
  session.kept.clear();
}

// How many sessions there should be at a share of the whole time: three tides.
std::size_t wanted(double share, std::size_t most) {
  const double phase = share * 3 - static_cast<int>(share * 3);
  const double height = phase < 0.5 ? phase * 2 : 2 - phase * 2;
  return 1 + static_cast<std::size_t>(height * static_cast<double>(most));
}

}  // namespace

int main(int argc, char** argv) {
  const Description description{"server",
                                "sessions that serve requests, up to --size of them, under a load that comes and goes",
                                {.threads = 2, .size = 20'000, .operations = 1'500'000},
                                true};
  std::mutex mutex;
  double held = 0;
  return runWorkload(
      argc, argv, description,
      [&](Worker& worker) {
        const Options& options = worker.options;
        const SizeDistribution sizes =
            options.sizes.empty() ? SizeDistribution::builtin() : SizeDistribution::fromFile(options.sizes);
        std::vector<Session> sessions;
        const std::uint64_t share = worker.share();
        for (std::uint64_t i = 0; i < share; ++i) {
          const std::size_t target =
              wanted(static_cast<double>(i) / static_cast<double>(share), options.size / options.threads);
          while (sessions.size() < target) sessions.emplace_back();
          while (sessions.size() > target) {
            std::swap(sessions[worker.random.below(static_cast<std::uint32_t>(sessions.size()))], sessions.back());
            close(worker, sessions.back());
            sessions.pop_back();
          }
          Session& session = sessions[worker.random.below(static_cast<std::uint32_t>(sessions.size()))];
          worker.operation([&] { request(worker, session, sizes); });
        }
        worker.decided(sessions.size());
        for (Session& session : sessions) close(worker, session);
        const std::lock_guard lock(mutex);
        held = static_cast<double>(residentBytes());
      },
      [&] {
        return std::vector<Extra>{{"residentAfterLoad", held}};
      });
}
