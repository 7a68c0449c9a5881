// The contract with the operating system: files, which a target's process writes and must not suffer from.

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "check.h"
#include "child.h"
#include "platform/platform.h"

namespace {

namespace platform = alloc8::platform;

constexpr int kErrno = 4242;  // no system call gives it
std::string folder;           // a new one for this run, removed at the end

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool exists(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

bool writeNew(const std::string& path, const std::string& text) {
  errno = kErrno;
  const bool written = platform::writeNewFile(path.c_str(), text.data(), text.size());
  CHECK_EQUAL(errno, kErrno);
  return written;
}

void rawWritePassesShortWritesAndSignals() {
  int ends[2];
  CHECK_EQUAL(pipe(ends), 0);
  fcntl(ends[1], F_SETPIPE_SZ, 4096);
  const std::string sent(std::size_t{1} << 20, 'x');
  std::string received;
  std::thread reader([&] {
    sigset_t alarms;  // they are for the writer
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarms, nullptr);
    char bytes[1500];
    ssize_t got;
    for (int reads = 0; (got = read(ends[0], bytes, sizeof bytes)) > 0; ++reads) {
      received.append(bytes, static_cast<std::size_t>(got));
      if (reads < 100) usleep(2000);  // slower than the signals, which then come when nothing was written yet
    }
  });
  struct sigaction action {};  // without SA_RESTART
  action.sa_handler = [](int) {};
  sigaction(SIGALRM, &action, nullptr);
  itimerval every{};
  every.it_value.tv_usec = every.it_interval.tv_usec = 500;
  setitimer(ITIMER_REAL, &every, nullptr);
  errno = kErrno;
  CHECK(platform::rawWrite(ends[1], sent.data(), sent.size()));
  CHECK_EQUAL(errno, kErrno);
  every = {};
  setitimer(ITIMER_REAL, &every, nullptr);
  close(ends[1]);
  reader.join();
  close(ends[0]);
  CHECK(received == sent);
}

void rawWriteSaysWhenItFails() {
  errno = kErrno;
  CHECK(!platform::rawWrite(-1, "x", 1));
  CHECK(platform::rawWrite(-1, "x", 0));
  CHECK_EQUAL(errno, kErrno);
}

void aNewFileIsWholeAndPrivate() {
  const std::string path = folder + "/new";
  const std::string text(100'000, 'a');
  umask(0);
  CHECK(writeNew(path, text));
  struct stat status {};
  CHECK_EQUAL(stat(path.c_str(), &status), 0);
  CHECK_EQUAL(status.st_mode & 07777, 0600);
  CHECK(contents(path) == text);
}

void anExistingFileStaysAsItIs() {
  const std::string path = folder + "/existing";
  std::ofstream(path) << "before";
  CHECK(!writeNew(path, "after"));
  CHECK_EQUAL(contents(path), "before");
}

void linksAreNotFollowed() {
  const std::string target = folder + "/target";
  const std::string link = folder + "/link";
  CHECK_EQUAL(symlink(target.c_str(), link.c_str()), 0);
  CHECK(!writeNew(link, "text"));
  CHECK(!exists(target));
  CHECK(exists(link));
}

void aMissingFolderIsAnError() { CHECK(!writeNew(folder + "/missing/file", "text")); }

void noFileGrowsPastTheLimitOfTheProcess() {
  const std::string below = folder + "/below";
  const std::string above = folder + "/above";
  // In a child, because a limit once lowered stays, and SIGXFSZ would end it.
  CHECK_IN_CHILD([&] {
    rlimit limit{1000, 1000};
    CHECK_EQUAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
    CHECK(!writeNew(above, std::string(1001, 'a')));
    CHECK(writeNew(below, std::string(1000, 'a')));
  });
  CHECK(!exists(above));
  CHECK_EQUAL(contents(below).size(), 1000);
}

void aFullDiskLeavesNoFile() {
  const std::string disk = folder + "/disk";
  mkdir(disk.c_str(), 0700);
  const auto end = alloc8::check::inChild([&] {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", disk.c_str(), "tmpfs", 0, "size=64k") != 0) {
      _exit(77);
    }
    CHECK(!writeNew(disk + "/large", std::string(1 << 20, 'a')));
    CHECK(!exists(disk + "/large"));
    CHECK(writeNew(disk + "/small", std::string(1 << 10, 'a')));
  });
  if (end.status == 77) SKIP("mounting a small disk needs root");
  CHECK_EQUAL(end.error, "");
  CHECK_EQUAL(end.status, 0);
}

// Reads with room for 100 bytes.
platform::ReadOutcome readUpTo100(const std::string& path, std::string* text = nullptr) {
  char buffer[100];
  std::size_t bytes = 0;
  errno = kErrno;
  const platform::ReadOutcome outcome = platform::readRegularFile(path.c_str(), buffer, sizeof buffer, &bytes);
  CHECK_EQUAL(errno, kErrno);
  if (text != nullptr) text->assign(buffer, bytes);
  return outcome;
}

void onlyARegularFileOfItsOwnIsRead() {
  using platform::ReadOutcome;
  const std::string path = folder + "/plain";
  std::ofstream(path) << std::string(100, 'p');
  std::string text;
  CHECK(readUpTo100(path, &text) == ReadOutcome::done);
  CHECK_EQUAL(text, std::string(100, 'p'));
  CHECK_EQUAL(symlink(path.c_str(), (folder + "/to-plain").c_str()), 0);
  CHECK(readUpTo100(folder + "/to-plain") == ReadOutcome::notRegular);
  CHECK_EQUAL(mkfifo((folder + "/fifo").c_str(), 0600), 0);
  CHECK(readUpTo100(folder + "/fifo") == ReadOutcome::notRegular);  // and does not wait for a writer
  CHECK(readUpTo100("/dev/zero") == ReadOutcome::notRegular);
  CHECK(readUpTo100(folder) == ReadOutcome::notRegular);
  CHECK(readUpTo100(folder + "/nothing") == ReadOutcome::unreadable);
  CHECK_EQUAL(link(path.c_str(), (folder + "/second-name").c_str()), 0);
  CHECK(readUpTo100(path) == ReadOutcome::manyNames);
}

void aFileThatIsTooLargeIsNotRead() {
  const std::string path = folder + "/sparse";
  std::ofstream(path) << "x";
  CHECK_EQUAL(truncate(path.c_str(), 101), 0);
  CHECK(readUpTo100(path) == platform::ReadOutcome::tooLarge);
  CHECK_EQUAL(truncate(path.c_str(), off_t{1} << 40), 0);
  CHECK(readUpTo100(path) == platform::ReadOutcome::tooLarge);
}

void theExecutableKnowsItsPath() {
  char expected[4096] = {};
  CHECK(readlink("/proc/self/exe", expected, sizeof expected - 1) > 0);
  char path[4096];
  errno = kErrno;
  CHECK_EQUAL(platform::executablePath(path, sizeof path), std::strlen(expected));
  CHECK_EQUAL(std::string(path), expected);
  char small[5] = {'x', 'x', 'x', 'x', 'x'};
  CHECK_EQUAL(platform::executablePath(small, sizeof small), 4);
  CHECK_EQUAL(std::string(small), std::string(expected, 4));
  CHECK_EQUAL(errno, kErrno);
}

void capabilitiesOfAFileAreSeen() {
  const std::string path = folder + "/capable";
  std::ofstream(path) << "x";
  errno = kErrno;
  CHECK(!platform::hasFileCapabilities((folder + "/nothing").c_str()));
  CHECK(!platform::hasFileCapabilities(path.c_str()));
  CHECK_EQUAL(errno, kErrno);
  // struct vfs_cap_data, version 2: cap_net_raw permitted and effective.
  const std::uint32_t capabilities[5] = {0x0200'0001, 1U << 13, 0, 0, 0};
  if (setxattr(path.c_str(), "security.capability", capabilities, sizeof capabilities, 0) != 0) {
    SKIP("giving a file capabilities needs root");
  }
  errno = kErrno;
  CHECK(platform::hasFileCapabilities(path.c_str()));
  CHECK_EQUAL(errno, kErrno);
}

}  // namespace

int main() {
  char name[] = "/tmp/alloc8-files-XXXXXX";
  CHECK(mkdtemp(name) != nullptr);
  folder = name;
  RUN(rawWritePassesShortWritesAndSignals);
  RUN(rawWriteSaysWhenItFails);
  RUN(aNewFileIsWholeAndPrivate);
  RUN(anExistingFileStaysAsItIs);
  RUN(linksAreNotFollowed);
  RUN(aMissingFolderIsAnError);
  RUN(noFileGrowsPastTheLimitOfTheProcess);
  RUN(aFullDiskLeavesNoFile);
  RUN(onlyARegularFileOfItsOwnIsRead);
  RUN(aFileThatIsTooLargeIsNotRead);
  RUN(theExecutableKnowsItsPath);
  RUN(capabilitiesOfAFileAreSeen);
  CHECK_EQUAL(system(("rm -r " + folder).c_str()), 0);
}
