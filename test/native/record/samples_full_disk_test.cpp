// The writer of samples on a disk that is full: it says so, and touches nothing that has no block. On a tmpfs even who
// reads such a page is ended by SIGBUS.

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "record/samples_writer.h"

namespace {

using alloc8::platform::LoadedObject;
using alloc8::record::SamplesFile;

constexpr int kNoMounts = 77;

void fill(const std::string& path) {
  static char block[1 << 16];
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  CHECK(file >= 0);
  for (std::size_t part = sizeof block; part > 0;) {
    if (write(file, block, part) < 0) part /= 2;
  }
  CHECK_EQUAL(errno, ENOSPC);
  close(file);
}

LoadedObject objectAt(std::uintptr_t start) {
  LoadedObject object{};
  object.start = start;
  object.end = start + 4096;
  object.name = "a library";
  return object;
}

// How many are added before there is no room; all further ones must be refused as well.
template <class Add>
std::uint32_t addUntilFull(Add add) {
  std::uint32_t added = 0;
  while (added < 300 && add(added)) ++added;
  for (std::uint32_t more = 0; more < 300; ++more) CHECK(!add(added + more));
  return added;
}

void writeOnFullDisk(const std::string& folder) {
  SamplesFile file;
  CHECK(file.create((folder + "/some.samples").c_str(), 1, 1, 4096));
  // A page of each, so that it is the next one that is not there.
  CHECK_EQUAL(file.moduleNumber(objectAt(4096)), 1);
  const std::uint64_t frames[4] = {1, 2, 3, 4};
  CHECK_EQUAL(file.addSite(1, 0, frames, 4, true), 1);
  fill(folder + "/rest");
  const std::uint32_t modules =
      addUntilFull([&](std::uint32_t at) { return file.moduleNumber(objectAt((at + std::uintptr_t{2}) * 4096)) != 0; });
  CHECK(modules > 0 && modules < 8);
  // One that is known is found as before.
  CHECK_EQUAL(file.moduleNumber(objectAt(4096)), 1);
  const std::uint32_t sites =
      addUntilFull([&](std::uint32_t at) { return file.addSite(at + 2, 0, frames, 4, true) != 0; });
  CHECK(sites > 0 && sites < 16);
  const std::uint32_t threads = addUntilFull([&](std::uint32_t at) { return file.addThread(at, "thread") != 0; });
  CHECK(threads > 0 && threads < 128);
  // What was refused takes no numbers.
  CHECK_EQUAL(file.header().usedModules, 1 + modules);
  CHECK_EQUAL(file.header().usedSites, 1 + sites);
  CHECK_EQUAL(file.header().usedThreads, 1 + threads);
}

// In a child with mounts of its own.
void aFullDiskIsSaid() {
  char folder[] = "/tmp/alloc8-full-XXXXXX";
  CHECK(mkdtemp(folder) != nullptr);
  const pid_t child = fork();
  if (child == 0) {
    const bool own = unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
    if (!own || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", folder, "tmpfs", 0, "size=256k") != 0) {
      _exit(kNoMounts);
    }
    writeOnFullDisk(folder);
    _exit(0);
  }
  int status = -1;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  rmdir(folder);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNoMounts) SKIP("mounting a small disk needs rights");
  CHECK_EQUAL(status, 0);
}

}  // namespace

int main() { RUN(aFullDiskIsSaid); }
