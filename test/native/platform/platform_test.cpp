// The contract with the operating system: memory, waiting, the early environment, and that nothing changes errno.
// files_test.cpp has the files.

#include "platform/platform.h"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "check.h"
#include "child.h"

namespace {

namespace platform = alloc8::platform;
using alloc8::check::inChild;

constexpr int kErrno = 4242;  // no system call gives it

// Whether any page of the range is mapped.
bool mapped(const char* p, std::size_t bytes) {
  const std::size_t page = platform::pageSize();
  for (std::size_t at = 0; at < bytes; at += page) {
    unsigned char resident;
    if (mincore(const_cast<char*>(p) + at, page, &resident) == 0) return true;
  }
  return false;
}

// The address space of the process in pages, read without allocating.
std::size_t virtualPages() {
  char text[64] = {};
  const int file = open("/proc/self/statm", O_RDONLY);
  CHECK(read(file, text, sizeof text - 1) > 0);
  close(file);
  return std::strtoull(text, nullptr, 10);
}

void pageSizeIsTheSystems() { CHECK_EQUAL(platform::pageSize(), sysconf(_SC_PAGESIZE)); }

void mappingsAreAlignedZeroedAndExact() {
  const std::size_t page = platform::pageSize();
  for (std::size_t alignment = 1; alignment <= std::size_t{1} << 30; alignment *= 2) {
    for (const std::size_t bytes : {page, 3 * page, 64 * page}) {
      // Mappings between the tries, so that the aligned place is not always the first one that the kernel offers.
      void* between = platform::mapPages(page, 1);
      const std::size_t before = virtualPages();
      auto* p = static_cast<char*>(platform::mapPages(bytes, alignment));
      CHECK(p != nullptr);
      CHECK_EQUAL(reinterpret_cast<std::uintptr_t>(p) % alignment, 0);
      CHECK_EQUAL(virtualPages() - before, bytes / page);
      for (std::size_t at = 0; at < bytes; at += page / 4) CHECK_EQUAL(p[at], 0);
      std::memset(p, 1, bytes);
      platform::unmapPages(p, bytes);
      CHECK(!mapped(p, bytes));
      CHECK_EQUAL(virtualPages(), before);
      platform::unmapPages(between, page);
    }
  }
}

void oddSizesAreRoundedUpToPages() {
  const std::size_t page = platform::pageSize();
  auto* p = static_cast<char*>(platform::mapPages(page + 1, page));
  CHECK(p != nullptr);
  p[2 * page - 1] = 1;
  platform::unmapPages(p, 2 * page);
  CHECK(!mapped(p, 2 * page));
}

void whatTheSystemDoesNotHaveIsNull() {
  errno = kErrno;
  const std::size_t page = platform::pageSize();
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX - page, std::size_t{PTRDIFF_MAX}, std::size_t{1} << 62}) {
    for (const std::size_t alignment : {std::size_t{1}, page, std::size_t{1} << 30, std::size_t{1} << 63}) {
      CHECK(platform::mapPages(bytes, alignment) == nullptr);
    }
  }
  CHECK(platform::mapPages(page, std::size_t{1} << 62) == nullptr);
  CHECK_EQUAL(errno, kErrno);
}

void purgedPagesReadAsZero() {
  const std::size_t page = platform::pageSize();
  auto* p = static_cast<char*>(platform::mapPages(4 * page, page));
  std::memset(p, 7, 4 * page);
  platform::purgePages(p + page, 2 * page);
  unsigned char resident[4];
  CHECK_EQUAL(mincore(p, 4 * page, resident), 0);
  CHECK_EQUAL(resident[1] & 1, 0);
  CHECK_EQUAL(resident[2] & 1, 0);
  for (std::size_t at = 0; at < 4 * page; ++at) CHECK_EQUAL(p[at], at / page == 0 || at / page == 3 ? 7 : 0);
  platform::unmapPages(p, 4 * page);
}

void uncommittedPagesAreAddressesOnly() {
  const std::size_t page = platform::pageSize();
  auto* p = static_cast<char*>(platform::reservePages(4 * page, page));
  CHECK(platform::commitPages(p, 4 * page));
  std::memset(p, 7, 4 * page);
  errno = kErrno;
  CHECK(platform::uncommitPages(p + page, 2 * page));
  CHECK_EQUAL(errno, kErrno);
  CHECK(inChild([p, page] { std::memset(p + page, 1, 1); }).status != 0);  // ended by a signal, or by a sanitizer
  CHECK(platform::commitPages(p + page, 2 * page));
  for (std::size_t at = 0; at < 4 * page; ++at) CHECK_EQUAL(p[at], at / page == 0 || at / page == 3 ? 7 : 0);
  platform::unmapPages(p, 4 * page);
}

// A program that calls mlockall must get zeroes as well, though its pages cannot be dropped.
void purgedPagesReadAsZeroWhereTheyAreLocked() {
  const std::size_t page = platform::pageSize();
  auto* p = static_cast<char*>(platform::mapPages(page, page));
  std::memset(p, 7, page);
  if (mlock(p, page) != 0) SKIP("mlock is not allowed");
  errno = kErrno;
  platform::purgePages(p, page);
  CHECK_EQUAL(errno, kErrno);
  for (std::size_t at = 0; at < page; ++at) CHECK_EQUAL(p[at], 0);
  platform::unmapPages(p, page);
}

// Where the process has as many mappings as it may, none can be split any more.
void memoryGoesEvenWhereItsAddressesCannot() {
  std::ifstream limit("/proc/sys/vm/max_map_count");
  std::size_t most = 0;
  if (!(limit >> most) || most > 300'000) SKIP("the limit of mappings cannot be reached in reasonable time");
  CHECK_IN_CHILD([&] {
    const std::size_t page = platform::pageSize();
    auto* p = static_cast<char*>(platform::mapPages(3 * page, page));
    auto* filler = static_cast<char*>(platform::mapPages(2 * most * page, page));
    CHECK(p != nullptr && filler != nullptr);
    std::memset(p, 1, 3 * page);
    for (std::size_t i = 0; i < most; ++i) {
      if (mprotect(filler + 2 * i * page, page, PROT_NONE) != 0) break;  // each splits one
    }
    platform::unmapPages(p + page, page);
    CHECK(mapped(p + page, page));
    for (std::size_t i = 0; i < page; ++i) CHECK_EQUAL(p[page + i], 0);
    CHECK_EQUAL(p[0] + p[2 * page], 2);
  });
}

void waitingEndsAtOnceWhenTheWordDiffers() {
  std::atomic<std::uint32_t> word{1};
  errno = kErrno;
  platform::waitOn(&word, 0);
  CHECK_EQUAL(errno, kErrno);
}

void aSleeperIsWoken() {
  std::atomic<std::uint32_t> word{0};
  std::atomic<int> woken{0};
  std::vector<std::thread> sleepers;
  for (int i = 0; i < 4; ++i) {
    sleepers.emplace_back([&] {
      while (word.load() == 0) platform::waitOn(&word, 0);
      ++woken;
    });
  }
  usleep(20'000);
  CHECK_EQUAL(woken.load(), 0);
  word = 1;
  for (int i = 0; i < 4; ++i) platform::wakeOne(&word);
  for (std::thread& sleeper : sleepers) sleeper.join();
  CHECK_EQUAL(woken.load(), 4);
}

// A wait that returned early would spin: right, but at the price of a core.
void waitingCostsNoTime() {
  std::atomic<std::uint32_t> word{0};
  std::uint64_t cpuNs = 0;
  std::thread sleeper([&] {
    while (word.load() == 0) platform::waitOn(&word, 0);
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    cpuNs = static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
  });
  usleep(200'000);
  word = 1;
  platform::wakeOne(&word);
  sleeper.join();
  CHECK(cpuNs < 20'000'000);
}

void theEnvironmentIsReadByWholeNames() {
  setenv("ALLOC8_TEST_NAME", "value", 1);
  setenv("ALLOC8_TEST_EMPTY", "", 1);
  setenv("ALLOC8_TEST_EQUALS", "a=b", 1);
  CHECK_EQUAL(std::string(platform::earlyEnvironment("ALLOC8_TEST_NAME")), "value");
  CHECK_EQUAL(std::string(platform::earlyEnvironment("ALLOC8_TEST_EMPTY")), "");
  CHECK_EQUAL(std::string(platform::earlyEnvironment("ALLOC8_TEST_EQUALS")), "a=b");
  for (const char* name : {"ALLOC8_TEST_NAM", "ALLOC8_TEST_NAME_", "ALLOC8_TEST_NAME=", ""}) {
    if (platform::earlyEnvironment(name) != nullptr) CHECK_EQUAL(std::string(name), "a name that is absent");
  }
  CHECK_IN_CHILD([] {
    environ = nullptr;
    CHECK(platform::earlyEnvironment("PATH") == nullptr);
  });
}

// A copy of this program that is setuid to another user: main below ends it with status 0 when it trusts nothing.
void aSecureProcessTrustsNoEnvironment() {
  CHECK(!platform::secureExecution());
  if (geteuid() != 0) SKIP("making a setuid program for another user needs root");
  char folder[] = "/tmp/alloc8-secure-XXXXXX";
  CHECK(mkdtemp(folder) != nullptr);
  chmod(folder, 0755);
  struct statvfs mounted {};
  statvfs(folder, &mounted);
  const std::string copy = std::string(folder) + "/program";
  const bool ready = (mounted.f_flag & ST_NOSUID) == 0 && system(("cp /proc/$PPID/exe " + copy).c_str()) == 0 &&
                     chown(copy.c_str(), 65534, 65534) == 0 && chmod(copy.c_str(), 04755) == 0;
  const auto end = inChild([&] { execl(copy.c_str(), copy.c_str(), "secure", nullptr); });
  unlink(copy.c_str());
  rmdir(folder);
  if (!ready) SKIP("no setuid programs in /tmp");
  CHECK_EQUAL(end.error, "");
  CHECK_EQUAL(end.status, 0);
}

[[noreturn]] void secureProgram() {
  CHECK(platform::secureExecution());
  CHECK(std::getenv("ALLOC8_TEST_NAME") != nullptr);
  CHECK(platform::earlyEnvironment("ALLOC8_TEST_NAME") == nullptr);
  _exit(0);  // past the leak checker, which cannot look into such a process
}

void processesKnowThemselves() {
  CHECK_EQUAL(platform::processId(), getpid());
  const pid_t parent = getpid();
  CHECK_IN_CHILD([parent] {
    CHECK_EQUAL(platform::processId(), getpid());
    CHECK_EQUAL(platform::parentProcessId(), parent);
  });
}

void theClockGoesForward() {
  std::uint64_t last = platform::monotonicNs();
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t now = platform::monotonicNs();
    CHECK(now >= last);
    last = now;
  }
  usleep(2000);
  const std::uint64_t later = platform::monotonicNs();
  CHECK(later - last >= 2'000'000);
  CHECK(later - last < 60'000'000'000);
}

void symbolsAreFoundBehindUs() {
  errno = kErrno;
  CHECK(platform::nextSymbol("malloc_usable_size") != nullptr);
  CHECK(platform::nextSymbol("alloc8_no_such_function") == nullptr);
  CHECK(platform::cxxRuntimeSymbol("_ZSt15get_new_handlerv", nullptr) ==
        reinterpret_cast<void*>(static_cast<std::new_handler (*)() noexcept>(&std::get_new_handler)));
  CHECK(platform::cxxRuntimeSymbol("alloc8_no_such_function", nullptr) == nullptr);
  CHECK_EQUAL(errno, kErrno);
}

void errnoIsKept() {
  const std::size_t page = platform::pageSize();
  std::atomic<std::uint32_t> word{0};
  errno = kErrno;
  platform::unmapPages(reinterpret_cast<void*>(1), page);  // EINVAL
  platform::unmapPages(platform::mapPages(page, page), page);
  platform::wakeOne(&word);
  platform::yieldThread();
  platform::secureExecution();
  platform::earlyEnvironment("PATH");
  platform::processId();
  platform::monotonicNs();
  CHECK_EQUAL(errno, kErrno);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "secure") secureProgram();
  RUN(pageSizeIsTheSystems);
  RUN(mappingsAreAlignedZeroedAndExact);
  RUN(oddSizesAreRoundedUpToPages);
  RUN(whatTheSystemDoesNotHaveIsNull);
  RUN(purgedPagesReadAsZero);
  RUN(uncommittedPagesAreAddressesOnly);
  RUN(purgedPagesReadAsZeroWhereTheyAreLocked);
  RUN(memoryGoesEvenWhereItsAddressesCannot);
  RUN(waitingEndsAtOnceWhenTheWordDiffers);
  RUN(aSleeperIsWoken);
  RUN(waitingCostsNoTime);
  RUN(theEnvironmentIsReadByWholeNames);
  RUN(aSecureProcessTrustsNoEnvironment);
  RUN(processesKnowThemselves);
  RUN(theClockGoesForward);
  RUN(symbolsAreFoundBehindUs);
  RUN(errnoIsKept);
}
