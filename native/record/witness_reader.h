// Reads a witness record. The file was written in a process that we do not trust: every length, offset and index is
// checked, and what does not hold is an error with the offset where it was seen, never a crash.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace alloc8::record {

struct WitnessRecord {
  struct Reference {
    std::uint32_t object;
    std::string symbol;
    std::string version;  // empty for an unversioned reference
    std::int64_t target;  // object, -1 where nothing defines it
    const char* role;     // one of the words of WitnessRole
  };
  struct Definition {
    std::uint32_t object;
    std::string symbol;
    std::string version;  // empty for an unversioned definition
    const char* role;
  };

  std::int64_t pid = 0;
  std::int64_t ppid = 0;
  std::uint64_t sequenceNs = 0;
  const char* kind = nullptr;  // "exec", "fork" or "late"; null as long as nothing was read
  bool truncated = false;
  bool audited = false;
  std::string executable;
  std::vector<std::string> objects;
  std::vector<Reference> references;
  std::vector<Definition> definitions;
};

// Parses `bytes` bytes into *out. Empty on success, else what is wrong and at which offset.
std::string parseWitness(const void* data, std::size_t bytes, WitnessRecord* out);

}  // namespace alloc8::record
