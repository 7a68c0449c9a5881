// The probe's own counting, many threads at once, with a reader beside them and somebody who sums up for forks: what is
// read agrees with itself at every moment, nothing is lost at the end, and the thread sanitizer sees no race. Only the
// heap behind is left out: a block's usable size is written in the block.

#include "probe/probe.h"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "check.h"
#include "probe/control.h"
#include "probe/next.h"
#include "record/probe_reader.h"
#include "sanitizer.h"

namespace alloc8::probe {

// There is none: nothing is measured behind it.
constinit NextHeap nextHeap{.malloc_usable_size = [](void* block) { return *static_cast<std::size_t*>(block); }};

}  // namespace alloc8::probe

namespace {

using namespace alloc8;
using namespace alloc8::probe;
using record::ProbeContent;

constexpr std::size_t kRequested = 1000;
constexpr std::size_t kUsable = 1024;
std::string session;

// The first file of a process: nothing is mapped, as the controller reads it.
int openFile(std::int64_t pid) {
  for (const auto& entry : std::filesystem::directory_iterator(session)) {
    if (entry.path().filename().string().rfind(std::to_string(pid) + "-", 0) != 0) continue;
    return open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
  }
  return -1;
}

std::string readBytes(int file, std::size_t bytes) {
  std::string read(bytes, '\0');
  CHECK(pread(file, read.data(), bytes, 0) == static_cast<ssize_t>(bytes));
  return read;
}

// As readProbe of lib/session does.
ProbeContent readContent(int file) {
  std::string problem;
  const std::string head = readBytes(file, record::kProbePage);
  const std::uint64_t used = record::probeBytesInUse(head.data(), head.size(), &problem);
  CHECK_EQUAL(problem, "");
  std::string first = readBytes(file, used);
  first.replace(0, head.size(), head);
  const std::string second = readBytes(file, used);
  ProbeContent content;
  CHECK_EQUAL(record::parseProbe(first.data(), first.size(), second.data(), second.size(), &content), "");
  return content;
}

std::uint64_t calls(const record::ProbeTally& tally, ProbeEntry entry) {
  return tally.entries[static_cast<std::size_t>(entry)].calls;
}

// What malloc does, and free.
void give(std::size_t* block) {
  ProbeSlot* slot = currentSlot();
  CHECK(slot != nullptr);
  countCall(slot, ProbeEntry::malloc, kRequested);
  *block = kUsable;
  countRequested(slot, kRequested);
  countLive(slot, kRequested, block);
}

void take(std::size_t* block) {
  ProbeSlot* slot = currentSlot();
  countCall(slot, ProbeEntry::free, 0);
  std::size_t usable = 0;
  if (usableSize(block, &usable)) countTakenBytes(slot, usable);
}

constexpr int kLanes = 6;
constexpr int kBlocks = 400;
const int rounds = check::kSanitized ? 200 : 500;

pthread_key_t lastKey;

// Runs once more behind the probe's own destructor, and allocates there, as libc does.
void endLast(void* round) {
  if (round != nullptr && static_cast<char*>(round)[0] == 0) {
    static char second = 1;
    pthread_setspecific(lastKey, &second);
    return;
  }
  std::size_t block = 0;
  give(&block);
  take(&block);
  ALLOC8_TSAN_BEFORE(threadPlace.slot);
}

void oneThread() {
  static char first = 0;
  pthread_setspecific(lastKey, &first);
  std::size_t block = 0;
  for (int i = 0; i < kBlocks - 1; ++i) {
    give(&block);
    if (i % 10 != 0) take(&block);
  }
}

void readUntil(const std::atomic<bool>& done, int file) {
  std::uint64_t last = 0;
  while (!done.load()) {
    const ProbeContent seen = readContent(file);
    CHECK(seen.liveBlocks >= 0 && seen.liveBytes >= 0);
    CHECK(calls(seen.total, ProbeEntry::malloc) >= last);
    last = calls(seen.total, ProbeEntry::malloc);
  }
}

void nothingIsLost() {
  std::size_t block = 0;
  give(&block);
  take(&block);
  const int file = openFile(getpid());
  CHECK(file >= 0);
  std::atomic<bool> done{false};
  std::thread reader([&] { readUntil(done, file); });
  std::thread forker([&] {
    while (!done.load()) {
      beforeFork();
      afterForkInParent();
      std::this_thread::yield();
    }
  });
  std::vector<std::thread> lanes;
  for (int lane = 0; lane < kLanes; ++lane) {
    lanes.emplace_back([] {
      for (int round = 0; round < rounds; ++round) std::thread(oneThread).join();
    });
  }
  for (std::thread& lane : lanes) lane.join();
  done = true;
  reader.join();
  forker.join();
  const ProbeContent end = readContent(file);
  const std::uint64_t threads = std::uint64_t{kLanes} * static_cast<std::uint64_t>(rounds);
  const std::uint64_t kept = threads * ((kBlocks - 1 + 9) / 10);
  CHECK_EQUAL(calls(end.total, ProbeEntry::malloc), 1 + threads * kBlocks);
  CHECK_EQUAL(calls(end.total, ProbeEntry::free), 1 + threads * kBlocks - kept);
  CHECK_EQUAL(end.total.requestedLiveBytes, (1 + threads * kBlocks) * kRequested);
  CHECK_EQUAL(end.liveBlocks, kept);
  CHECK_EQUAL(end.liveBytes, kept * kUsable);
  CHECK_EQUAL(end.header.lostThreads, 0);
  CHECK(end.threads.size() < threads / 4);
  const auto missing = record::kProbeFoldBytes * static_cast<std::int64_t>(end.threads.size());
  CHECK(end.header.peakBytes + missing >= end.liveBytes);
  close(file);
}

void aChildTakesOver() {
  std::size_t blocks[3] = {};
  give(&blocks[0]);
  give(&blocks[1]);
  const int own = openFile(getpid());
  const ProbeContent parent = readContent(own);
  close(own);
  beforeFork();
  const pid_t child = fork();
  if (child == 0) {
    afterForkInChild();
    take(&blocks[0]);
    _exit(0);
  }
  afterForkInParent();
  int status = -1;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK_EQUAL(status, 0);
  const int file = openFile(child);
  CHECK(file >= 0);
  const ProbeContent content = readContent(file);
  CHECK_EQUAL(content.header.ppid, getpid());
  CHECK_EQUAL(content.header.inherits, 1);
  CHECK_EQUAL(content.liveBlocks, parent.liveBlocks - 1);
  CHECK_EQUAL(calls(content.total, ProbeEntry::malloc), 0);
  close(file);
}

}  // namespace

int main() {
  char folder[] = "/tmp/alloc8-counting-XXXXXX";
  CHECK(mkdtemp(folder) != nullptr);
  session = folder;
  CHECK_EQUAL(setenv("ALLOC8_SESSION", folder, 1), 0);
  CHECK_EQUAL(setenv("ALLOC8_PROBE", "live", 1), 0);
  CHECK_EQUAL(pthread_key_create(&lastKey, endLast), 0);
  RUN(nothingIsLost);
  RUN(aChildTakesOver);
  std::filesystem::remove_all(session);
  return 0;
}
