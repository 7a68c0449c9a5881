// Journals: what is written is read, by one process and by several at once; what is cut off or damaged is an error with
// an offset; a full journal counts what it lost.

#include "record/journal.h"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "record/journal_reader.h"
#include "record/sample_record.h"

namespace {

using namespace alloc8::record;

std::string folder() {
  static const std::string made = [] {
    char name[] = "/tmp/alloc8-journal-XXXXXX";
    CHECK(mkdtemp(name) != nullptr);
    return std::string(name);
  }();
  return made;
}

std::string newPath() {
  static int count = 0;
  return folder() + "/" + std::to_string(++count) + ".journal";
}

std::string readFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Parses from memory of exactly that size, so that a sanitizer sees every read beyond it.
std::string parse(const std::string& bytes, JournalContent* out = nullptr) {
  JournalContent unused;
  const std::unique_ptr<char[]> exact(new char[bytes.size()]);
  std::memcpy(exact.get(), bytes.data(), bytes.size());
  return parseJournal(exact.get(), bytes.size(), out == nullptr ? &unused : out);
}

std::uint32_t usedBytes(const std::string& bytes) {
  JournalHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  return header.usedBytes;
}

void enter(Journal& journal, JournalKind kind, std::int64_t pid, const std::string& text) {
  JournalEntry* entry = journal.reserve(kind, pid, text.size());
  CHECK(entry != nullptr);
  std::memcpy(Journal::text(entry), text.data(), text.size());
  entry->ppid = pid - 1;
  entry->flags = kPreloadKept | kSessionKept;
  Journal::finish(entry, text.size());
}

void fill(Journal& journal) {
  enter(journal, JournalKind::kFork, 8, "");
  enter(journal, JournalKind::kExec, 8, "/bin/sh");
  enter(journal, JournalKind::kLoad, 7, std::string(300, 'x'));
  enter(journal, JournalKind::kLate, 7, alloc8::check::sampleRecord());
  Journal::withdraw(journal.reserve(JournalKind::kExec, 7, 10));  // an exec that failed
  CHECK(journal.reserve(JournalKind::kExec, 7, 10) != nullptr);   // one that was never finished
  enter(journal, JournalKind::kLooked, 7, "");
}

void checkFilled(const JournalContent& got) {
  CHECK_EQUAL(got.pid, 7);
  CHECK_EQUAL(got.sequenceNs, 123);
  CHECK_EQUAL(got.lostEntries, 0);
  CHECK_EQUAL(got.entries.size(), 5);
  CHECK_EQUAL(std::string(got.entries[0].kind), "fork");
  CHECK_EQUAL(got.entries[0].ppid, 7);
  CHECK_EQUAL(std::string(got.entries[1].kind), "exec");
  CHECK_EQUAL(got.entries[1].text, "/bin/sh");
  CHECK_EQUAL(got.entries[1].flags, kPreloadKept | kSessionKept);
  CHECK_EQUAL(std::string(got.entries[2].kind), "load");
  CHECK_EQUAL(got.entries[2].text.size(), 300);
  CHECK_EQUAL(std::string(got.entries[3].kind), "late");
  alloc8::check::checkSample(got.entries[3].late);
  CHECK_EQUAL(std::string(got.entries[4].kind), "looked");
}

void whatIsWrittenIsRead() {
  const std::string path = newPath();
  Journal journal;
  CHECK(!journal.isOpen());
  CHECK(journal.reserve(JournalKind::kFork, 1, 0) == nullptr);
  CHECK(journal.create(path.c_str(), 7, 123));
  fill(journal);
  const std::string bytes = readFile(path);
  CHECK_EQUAL(bytes.size(), Journal::kCapacityBytes);
  JournalContent got;
  CHECK_EQUAL(parse(bytes, &got), "");
  checkFilled(got);
  // The part that is used is enough.
  JournalContent again;
  CHECK_EQUAL(parse(bytes.substr(0, usedBytes(bytes)), &again), "");
  checkFilled(again);
  Journal second;
  CHECK(!second.create(path.c_str(), 7, 123));  // a file that is there is somebody's
}

// The file holds times, so that only reading can be compared.
void theGoldenFileStaysReadable() {
  JournalContent got;
  CHECK_EQUAL(parse(readFile(ALLOC8_FIXTURES "/journal-v1.journal"), &got), "");
  checkFilled(got);
}

void severalProcessesWriteAtOnce() {
  const std::string path = newPath();
  Journal journal;
  CHECK(journal.create(path.c_str(), 7, 123));
  constexpr int kChildren = 4;
  constexpr int kEach = 500;
  for (int child = 0; child < kChildren; ++child) {
    if (fork() == 0) {
      for (int i = 0; i < kEach; ++i)
        enter(journal, JournalKind::kExec, 100 + child, std::string(i % 200, 'a' + child));
      _exit(0);
    }
  }
  for (int child = 0; child < kChildren; ++child) CHECK(wait(nullptr) > 0);
  JournalContent got;
  CHECK_EQUAL(parse(readFile(path), &got), "");
  CHECK_EQUAL(got.entries.size(), kChildren * kEach);
  int next[kChildren] = {};
  for (const auto& entry : got.entries) {
    const auto child = static_cast<int>(entry.pid - 100);
    CHECK_EQUAL(entry.text, std::string(next[child]++ % 200, 'a' + child));
  }
}

void aFullJournalCountsWhatItLost() {
  const std::string path = newPath();
  Journal journal;
  CHECK(journal.create(path.c_str(), 7, 123));
  const std::string text(100'000, 'x');
  std::size_t kept = 0;
  while (journal.reserve(JournalKind::kLoad, 7, text.size()) != nullptr) ++kept;
  CHECK(kept >= Journal::kCapacityBytes / 110'000);
  CHECK(journal.reserve(JournalKind::kLoad, 7, SIZE_MAX - 100) == nullptr);
  enter(journal, JournalKind::kFork, 9, "");  // what is small still fits
  JournalContent got;
  CHECK_EQUAL(parse(readFile(path), &got), "");
  CHECK_EQUAL(got.lostEntries, 2);
  CHECK_EQUAL(got.entries.size(), 1);
}

void damageIsAnErrorOrLeftOut() {
  const std::string path = newPath();
  Journal journal;
  CHECK(journal.create(path.c_str(), 7, 123));
  fill(journal);
  const std::string all = readFile(path);
  const std::string good = all.substr(0, usedBytes(all));
  for (std::size_t bytes = 0; bytes < good.size(); ++bytes) {
    CHECK_CONTAINS(parse(good.substr(0, bytes)), "at offset " + std::to_string(bytes));
  }
  const auto with = [&](std::size_t offset, std::uint32_t value) {
    std::string bad = good;
    std::memcpy(bad.data() + offset, &value, sizeof value);
    return bad;
  };
  const std::size_t first = sizeof(JournalHeader);
  CHECK_CONTAINS(parse(with(0, 7)), "not a journal at offset 0");
  CHECK_CONTAINS(parse(with(8, 2)), "version 2 where 1 is expected at offset 8");
  CHECK_CONTAINS(parse(with(offsetof(JournalHeader, usedBytes), 100)), "wrong length");
  CHECK_CONTAINS(parse(with(first + offsetof(JournalEntry, bytes), 0)), "wrong length of an entry at offset 128");
  CHECK_CONTAINS(parse(with(first + offsetof(JournalEntry, bytes), 1U << 30)), "wrong length of an entry");
  CHECK_CONTAINS(parse(with(first + offsetof(JournalEntry, kind), 99)), "unknown kind of entry at offset 128");
  CHECK_CONTAINS(parse(with(first + offsetof(JournalEntry, textBytes), 99)), "text longer than its entry");
  JournalContent got;
  CHECK_EQUAL(parse(with(first, 0), &got), "");  // begun by nobody: skipped, and what comes behind is found
  CHECK_EQUAL(got.entries.size(), 4);
  // Whatever a byte becomes, reading ends.
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x5a);
    parse(bad);
  }
}

}  // namespace

int main(int count, char** words) {
  if (count > 1) {  // makes the golden file
    Journal journal;
    CHECK(journal.create(words[1], 7, 123));
    fill(journal);
    CHECK(truncate(words[1], usedBytes(readFile(words[1]))) == 0);
    return 0;
  }
  whatIsWrittenIsRead();
  theGoldenFileStaysReadable();
  severalProcessesWriteAtOnce();
  aFullJournalCountsWhatItLost();
  damageIsAnErrorOrLeftOut();
  return std::system(("rm -r " + folder()).c_str());
}
