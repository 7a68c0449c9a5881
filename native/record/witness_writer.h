// Builds a witness record inside memory that the caller maps: no allocation, no libstdc++, because it runs in somebody
// else's process before main.

#pragma once

#include <cstddef>
#include <cstdint>

#include "record/witness_format.h"

namespace alloc8::record {

class WitnessWriter {
 public:
  // What `memory` must hold. Only the pages that are written to cost anything.
  static constexpr std::size_t kMemoryBytes = std::size_t{4} << 20;

  // `memory` holds kMemoryBytes zeroed bytes and outlives the writer.
  explicit WitnessWriter(char* memory);

  // Adds a string and gives its offset; kNone when the table is full.
  std::uint32_t addString(const char* text);
  // Like addString, but gives the offset of an equal string among the last few hundred, if there is one.
  std::uint32_t addShared(const char* text);
  // Adds an object and gives its index; kNone when the table is full.
  std::uint32_t addObject(const char* path);
  void addReference(const WitnessReference& reference);
  bool hasReferences() const { return referenceCount_ != 0; }
  void addDefinition(const WitnessDefinition& definition);

  // Moves the tables together and fills the header in. The record is the first *bytes of memory.
  const void* finish(WitnessHeader header, std::size_t* bytes);

 private:
  static constexpr std::uint32_t kMaxObjects = 1U << 14;
  static constexpr std::uint32_t kMaxReferences = 1U << 16;
  static constexpr std::uint32_t kMaxDefinitions = 1U << 15;
  static constexpr std::uint32_t kMaxShared = 256;

  std::uint32_t* objects_;
  WitnessReference* references_;
  WitnessDefinition* definitions_;
  char* strings_;
  char* memory_;
  std::uint32_t objectCount_ = 0;
  std::uint32_t referenceCount_ = 0;
  std::uint32_t definitionCount_ = 0;
  std::uint32_t stringsBytes_ = 0;
  std::uint32_t stringsCapacity_;
  std::uint32_t shared_[kMaxShared];
  std::uint32_t sharedCount_ = 0;
  bool truncated_ = false;
};

}  // namespace alloc8::record
