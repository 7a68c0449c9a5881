// One witness record with fixed values: every field set, every optional one once absent. What the golden file holds.

#pragma once

#include <string>
#include <vector>

#include "check.h"
#include "record/witness_reader.h"
#include "record/witness_writer.h"

namespace alloc8::check {

// What a writer works in.
using Memory = std::vector<char>;
inline Memory writerMemory() { return Memory(record::WitnessWriter::kMemoryBytes); }

inline constexpr auto roleNumber = [](record::WitnessRole role) { return static_cast<std::uint32_t>(role); };

inline std::string finished(record::WitnessWriter& writer, const record::WitnessHeader& header) {
  std::size_t bytes = 0;
  const void* data = writer.finish(header, &bytes);
  return {static_cast<const char*>(data), bytes};
}

inline std::string sampleRecord() {
  using record::WitnessRole;
  Memory memory = writerMemory();
  record::WitnessWriter writer(memory.data());
  record::WitnessHeader header{};
  header.sequenceNs = 0x0123'4567'89ab'cdef;
  header.pid = 4242;
  header.ppid = -1;
  header.kind = static_cast<std::uint32_t>(record::WitnessKind::kExec);
  header.executable = writer.addString("/usr/bin/program");
  const std::uint32_t program = writer.addObject("");
  const std::uint32_t heap = writer.addObject("/opt/lib/libheap.so");
  const std::uint32_t libc = writer.addObject("/lib/libc.so.6");
  const std::uint32_t old = writer.addShared("GLIBC_2.2.5");
  const std::uint32_t malloc = writer.addString("malloc");
  const std::uint32_t free = writer.addString("free");
  const std::uint32_t alignedAlloc = writer.addString("aligned_alloc");
  const std::uint32_t usable = writer.addString("malloc_usable_size");
  const std::uint32_t operatorNew = writer.addString("_Znwm");
  const std::uint32_t trim = writer.addString("malloc_trim");
  writer.addDefinition({heap, malloc, record::kNone, roleNumber(WitnessRole::allocate)});
  writer.addDefinition({heap, free, record::kNone, roleNumber(WitnessRole::release)});
  writer.addDefinition({libc, malloc, writer.addShared("GLIBC_2.2.5"), roleNumber(WitnessRole::allocate)});
  writer.addReference({program, malloc, old, heap, roleNumber(WitnessRole::allocate)});
  writer.addReference({program, free, record::kNone, heap, roleNumber(WitnessRole::release)});
  writer.addReference({program, alignedAlloc, writer.addShared("GLIBC_2.16"), libc, roleNumber(WitnessRole::allocate)});
  writer.addReference({program, usable, old, libc, roleNumber(WitnessRole::query)});
  writer.addReference({libc, operatorNew, record::kNone, record::kNone, roleNumber(WitnessRole::derived)});
  writer.addReference({libc, trim, old, libc, roleNumber(WitnessRole::report)});
  return finished(writer, header);
}

inline void checkReference(const record::WitnessRecord::Reference& got, std::uint32_t object, const char* symbol,
                           const char* version, std::int64_t target, const char* role) {
  CHECK_EQUAL(got.object, object);
  CHECK_EQUAL(got.symbol, symbol);
  CHECK_EQUAL(got.version, version);
  CHECK_EQUAL(got.target, target);
  CHECK_EQUAL(std::string(got.role), role);
}

inline void checkDefinition(const record::WitnessRecord::Definition& got, std::uint32_t object, const char* symbol,
                            const char* version, const char* role) {
  CHECK_EQUAL(got.object, object);
  CHECK_EQUAL(got.symbol, symbol);
  CHECK_EQUAL(got.version, version);
  CHECK_EQUAL(std::string(got.role), role);
}

// That the record says all of the above.
inline void checkSample(const record::WitnessRecord& got) {
  CHECK_EQUAL(got.pid, 4242);
  CHECK_EQUAL(got.ppid, -1);
  CHECK_EQUAL(got.sequenceNs, 0x0123'4567'89ab'cdefU);
  CHECK_EQUAL(std::string(got.kind), "exec");
  CHECK_EQUAL(got.truncated, false);
  CHECK_EQUAL(got.executable, "/usr/bin/program");
  CHECK(got.objects == std::vector<std::string>({"", "/opt/lib/libheap.so", "/lib/libc.so.6"}));
  CHECK_EQUAL(got.definitions.size(), 3);
  checkDefinition(got.definitions[0], 1, "malloc", "", "allocate");
  checkDefinition(got.definitions[1], 1, "free", "", "release");
  checkDefinition(got.definitions[2], 2, "malloc", "GLIBC_2.2.5", "allocate");
  CHECK_EQUAL(got.references.size(), 6);
  checkReference(got.references[0], 0, "malloc", "GLIBC_2.2.5", 1, "allocate");
  checkReference(got.references[1], 0, "free", "", 1, "release");
  checkReference(got.references[2], 0, "aligned_alloc", "GLIBC_2.16", 2, "allocate");
  checkReference(got.references[3], 0, "malloc_usable_size", "GLIBC_2.2.5", 2, "query");
  checkReference(got.references[4], 2, "_Znwm", "", -1, "derived");
  checkReference(got.references[5], 2, "malloc_trim", "GLIBC_2.2.5", 2, "report");
}

}  // namespace alloc8::check
