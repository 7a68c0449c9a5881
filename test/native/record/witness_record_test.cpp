// Witness records: what is written can be read, files of version 1 for ever, and no file, however damaged, makes the
// reader crash or hang. Under a sanitizer, reading past the end ends the test as well.
//
//   test_witness_record --write FILE    writes the sample record; how the golden file was made, once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>

#include "check.h"
#include "record/witness_format.h"
#include "sample_record.h"

namespace {

using namespace alloc8::record;
using alloc8::check::checkSample;
using alloc8::check::finished;
using alloc8::check::Memory;
using alloc8::check::sampleRecord;
using alloc8::check::writerMemory;

// Parses from memory of exactly that size, so that a sanitizer sees every read beyond it.
std::string parse(const std::string& bytes, WitnessRecord* out = nullptr) {
  WitnessRecord unused;
  const std::unique_ptr<char[]> exact(new char[bytes.size()]);
  std::memcpy(exact.get(), bytes.data(), bytes.size());
  return parseWitness(exact.get(), bytes.size(), out == nullptr ? &unused : out);
}

template <class T>
std::string with(std::string bytes, std::size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
  return bytes;
}

std::uint32_t word(const std::string& bytes, std::size_t offset) {
  std::uint32_t value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

void whatIsWrittenIsRead() {
  WitnessRecord got;
  CHECK_EQUAL(parse(sampleRecord(), &got), "");
  checkSample(got);
}

void aForkRecordHasNoTables() {
  Memory memory = writerMemory();
  WitnessWriter writer(memory.data());
  WitnessHeader header{};
  header.kind = static_cast<std::uint32_t>(WitnessKind::kFork);
  header.executable = writer.addString("/bin/sh");
  WitnessRecord got;
  CHECK_EQUAL(parse(finished(writer, header), &got), "");
  CHECK_EQUAL(std::string(got.kind), "fork");
  CHECK_EQUAL(got.executable, "/bin/sh");
  CHECK_EQUAL(got.objects.size() + got.references.size() + got.definitions.size(), 0);
}

void theGoldenFileStaysReadable() {
  std::ifstream file(ALLOC8_FIXTURES "/witness-v1.witness", std::ios::binary);
  CHECK(file.good());
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  WitnessRecord got;
  CHECK_EQUAL(parse(golden, &got), "");
  checkSample(got);
  CHECK(kWitnessVersion != 1 || golden == sampleRecord());  // the same version writes the same bytes
}

void equalStringsAreStoredOnce() {
  Memory memory = writerMemory();
  WitnessWriter writer(memory.data());
  const std::uint32_t first = writer.addShared("GLIBC_2.2.5");
  CHECK_EQUAL(writer.addShared("GLIBC_2.3"), first + sizeof "GLIBC_2.2.5");
  CHECK_EQUAL(writer.addShared("GLIBC_2.2.5"), first);
  CHECK(writer.addString("GLIBC_2.2.5") != first);
  for (int i = 0; i < 1000; ++i) writer.addShared(std::to_string(i).c_str());  // more than it remembers
  CHECK_EQUAL(writer.addShared("GLIBC_2.2.5"), first);
}

// A full table is cut off and said to be; what is there stays true.
void fullTablesAreMarked() {
  const std::string longPath(4000, 'p');
  for (int table = 0; table < 4; ++table) {
    Memory memory = writerMemory();
    WitnessWriter writer(memory.data());
    WitnessHeader header{};
    header.kind = static_cast<std::uint32_t>(WitnessKind::kExec);
    header.executable = writer.addString("/bin/true");
    CHECK_EQUAL(writer.addObject("/bin/true"), 0);
    const std::uint32_t malloc = writer.addString("malloc");
    std::uint32_t refused = 0;
    for (int i = 0; i < 100'000; ++i) {
      if (table == 0) refused += writer.addString(longPath.c_str()) == kNone;
      if (table == 1) refused += writer.addObject("o") == kNone;
      if (table == 2) writer.addReference({0, malloc, kNone, 0, 1});
      if (table == 3) writer.addDefinition({0, malloc, kNone, 1});
    }
    if (table < 2) CHECK(refused > 0);
    // Nothing can be named once the strings are used up, and an entry without a name is left out.
    if (table == 0) writer.addReference({0, writer.addString(longPath.c_str()), kNone, 0, 1});
    WitnessRecord got;
    const std::string bytes = finished(writer, header);
    CHECK(bytes.size() <= WitnessWriter::kMemoryBytes);
    CHECK_EQUAL(parse(bytes, &got), "");
    CHECK(got.truncated);
    CHECK_EQUAL(got.objects[0], "/bin/true");
    if (table == 0) CHECK_EQUAL(got.references.size(), 0);
    if (table == 1) CHECK_EQUAL(got.objects.size(), 1 << 14);
    if (table == 2) CHECK_EQUAL(got.references.size(), 1 << 16);
    if (table == 3) CHECK_EQUAL(got.definitions.size(), 1 << 15);
  }
}

void everyTruncationIsAnError() {
  const std::string whole = sampleRecord();
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const std::string cut = whole.substr(0, bytes);
    CHECK_CONTAINS(parse(cut), "at offset " + std::to_string(bytes));
    // The same where the header agrees with the file's length: then a table or a string is outside.
    if (bytes >= sizeof(WitnessHeader)) {
      CHECK(parse(with(cut, offsetof(WitnessHeader, totalBytes), static_cast<std::uint64_t>(bytes))) != "");
    }
  }
  CHECK_CONTAINS(parse(whole + '\0'), "truncated or padded");
}

void errorsNameWhatAndWhere() {
  const std::string good = sampleRecord();
  const std::size_t references = word(good, offsetof(WitnessHeader, referencesOffset));
  const std::size_t definitions = word(good, offsetof(WitnessHeader, definitionsOffset));
  const std::size_t objects = word(good, offsetof(WitnessHeader, objectsOffset));
  const auto at = [](std::size_t offset) { return " at offset " + std::to_string(offset); };
  CHECK_EQUAL(parse(with(good, 0, 'B')), "not a witness record at offset 0");
  CHECK_EQUAL(parse(with(good, 8, 2U)), "version 2 where 1 is expected at offset 8");
  CHECK_EQUAL(parse(with(good, 12, 100U)), "wrong header size at offset 12");
  CHECK_EQUAL(parse(with(good, offsetof(WitnessHeader, kind), 4U)), "unknown kind at offset 48");
  CHECK_EQUAL(parse(with(good, offsetof(WitnessHeader, executable), 1U << 20)),
              "string outside the string table at offset 56");
  CHECK_EQUAL(parse(with(good, offsetof(WitnessHeader, objectCount), 1U << 31)),
              "object table outside the file at offset 96");
  CHECK_EQUAL(parse(with(good, offsetof(WitnessHeader, stringsBytes), 0U)),
              "unterminated string table" + at(word(good, offsetof(WitnessHeader, stringsOffset))));
  CHECK_EQUAL(parse(with(good, good.size() - 1, 'x')),
              "unterminated string table" + at(word(good, offsetof(WitnessHeader, stringsOffset))));
  CHECK_EQUAL(parse(with(good, objects + 4, kNone)), "string outside the string table" + at(objects + 4));
  CHECK_EQUAL(parse(with(good, references, 3U)), "reference from an object that is not listed" + at(references));
  CHECK_EQUAL(parse(with(good, references + 12, 3U)), "reference to an object that is not listed" + at(references));
  CHECK_EQUAL(parse(with(good, references + 16, 0U)), "unknown role" + at(references));
  CHECK_EQUAL(parse(with(good, references + 16, 6U)), "unknown role" + at(references));
  CHECK_EQUAL(parse(with(good, definitions, 3U)), "definition in an object that is not listed" + at(definitions));
  CHECK_EQUAL(parse(with(good, definitions + 12, 77U)), "unknown role" + at(definitions));
  CHECK_EQUAL(parse(with(good, definitions + 4, 1U << 24)), "string outside the string table" + at(definitions));
}

// A small file may not decode to gigabytes: every entry naming one long string.
void manyNamesOfOneLongStringAreRefused() {
  Memory memory = writerMemory();
  WitnessWriter writer(memory.data());
  WitnessHeader header{};
  header.kind = static_cast<std::uint32_t>(WitnessKind::kExec);
  header.executable = writer.addString(std::string(1'000'000, 'x').c_str());
  writer.addObject("o");
  for (int i = 0; i < 1000; ++i) writer.addReference({0, header.executable, kNone, 0, 1});
  CHECK_CONTAINS(parse(finished(writer, header)), "strings of more than 64 MiB in all");
}

// Every word of the file, one after the other, set to what breaks arithmetic.
void everyWordMayBeExtreme() {
  const std::string good = sampleRecord();
  const auto total = static_cast<std::uint32_t>(good.size());
  for (std::size_t offset = 0; offset + 4 <= good.size(); ++offset) {
    for (const std::uint32_t value : {0U, 1U, 95U, 96U, total - 1, total, total + 1, 0x7fff'ffffU, 0x8000'0000U,
                                      0xffff'fffeU, 0xffff'ffffU, 0U - total}) {
      parse(with(good, offset, value));
    }
  }
}

void randomMutationsNeverCrash() {
  const std::string good = sampleRecord();
  std::mt19937_64 random(20'260'801);
  int read = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    const std::uint64_t mutations = 1 + random() % 8;
    for (std::uint64_t i = 0; i < mutations; ++i) {
      // Half of them in the header, where the most depends on each byte.
      const std::size_t at = random() % (random() % 2 == 0 ? sizeof(WitnessHeader) : bytes.size());
      bytes[at] = static_cast<char>(random() % 4 == 0 ? bytes[at] ^ (1 << random() % 8) : random());
    }
    if (random() % 8 == 0) bytes.resize(random() % (bytes.size() + 64));
    WitnessRecord got;
    const std::string error = parse(bytes, &got);
    if (error.empty()) {
      ++read;
      for (const auto& reference : got.references) CHECK(reference.object < got.objects.size());
    } else {
      CHECK_CONTAINS(error, " at offset ");
    }
  }
  CHECK(read > 100);  // most damage is in text; when nothing is readable any more, the mutations test nothing
  CHECK(read < 19'900);
}

int writeSample(const char* path) {
  std::ofstream file(path, std::ios::binary);
  file << sampleRecord();
  return file.good() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--write") return writeSample(argv[2]);
  RUN(whatIsWrittenIsRead);
  RUN(aForkRecordHasNoTables);
  RUN(theGoldenFileStaysReadable);
  RUN(equalStringsAreStoredOnce);
  RUN(fullTablesAreMarked);
  RUN(everyTruncationIsAnError);
  RUN(errorsNameWhatAndWhere);
  RUN(manyNamesOfOneLongStringAreRefused);
  RUN(everyWordMayBeExtreme);
  RUN(randomMutationsNeverCrash);
}
