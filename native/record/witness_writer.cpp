// The writer of witness records; witness_format.h has the layout.

#include "record/witness_writer.h"

#include <cstring>

namespace alloc8::record {

WitnessWriter::WitnessWriter(char* memory) : memory_(memory) {
  char* at = memory + sizeof(WitnessHeader);
  objects_ = reinterpret_cast<std::uint32_t*>(at);
  at += kMaxObjects * sizeof(std::uint32_t);
  references_ = reinterpret_cast<WitnessReference*>(at);
  at += kMaxReferences * sizeof(WitnessReference);
  definitions_ = reinterpret_cast<WitnessDefinition*>(at);
  at += kMaxDefinitions * sizeof(WitnessDefinition);
  strings_ = at;
  stringsCapacity_ = static_cast<std::uint32_t>(memory + kMemoryBytes - at);
}

std::uint32_t WitnessWriter::addString(const char* text) {
  const std::size_t bytes = std::strlen(text) + 1;
  if (bytes > stringsCapacity_ - stringsBytes_) {
    truncated_ = true;
    return kNone;
  }
  const std::uint32_t offset = stringsBytes_;
  std::memcpy(strings_ + offset, text, bytes);
  stringsBytes_ += static_cast<std::uint32_t>(bytes);
  return offset;
}

std::uint32_t WitnessWriter::addShared(const char* text) {
  for (std::uint32_t i = 0; i < sharedCount_; ++i) {
    if (std::strcmp(strings_ + shared_[i], text) == 0) return shared_[i];
  }
  const std::uint32_t offset = addString(text);
  if (offset != kNone && sharedCount_ < kMaxShared) shared_[sharedCount_++] = offset;
  return offset;
}

std::uint32_t WitnessWriter::addObject(const char* path) {
  const std::uint32_t name = objectCount_ < kMaxObjects ? addString(path) : kNone;
  if (name == kNone) {
    truncated_ = true;
    return kNone;
  }
  objects_[objectCount_] = name;
  return objectCount_++;
}

void WitnessWriter::addReference(const WitnessReference& reference) {
  if (referenceCount_ == kMaxReferences || reference.symbol == kNone) {
    truncated_ = true;
    return;
  }
  references_[referenceCount_++] = reference;
}

void WitnessWriter::addDefinition(const WitnessDefinition& definition) {
  if (definitionCount_ == kMaxDefinitions || definition.symbol == kNone) {
    truncated_ = true;
    return;
  }
  definitions_[definitionCount_++] = definition;
}

const void* WitnessWriter::finish(WitnessHeader header, std::size_t* bytes) {
  char* at = memory_ + sizeof header;
  const auto pack = [&](const void* table, std::size_t size) {
    std::memmove(at, table, size);
    const auto offset = static_cast<std::uint32_t>(at - memory_);
    at += size;
    return offset;
  };
  std::memcpy(header.magic, kWitnessMagic, sizeof header.magic);
  header.version = kWitnessVersion;
  header.headerBytes = sizeof header;
  if (truncated_) header.flags |= kTruncated;
  header.objectCount = objectCount_;
  header.objectsOffset = pack(objects_, objectCount_ * sizeof *objects_);
  header.referenceCount = referenceCount_;
  header.referencesOffset = pack(references_, referenceCount_ * sizeof *references_);
  header.definitionCount = definitionCount_;
  header.definitionsOffset = pack(definitions_, definitionCount_ * sizeof *definitions_);
  header.stringsBytes = stringsBytes_;
  header.stringsOffset = pack(strings_, stringsBytes_);
  header.reserved = 0;
  *bytes = static_cast<std::size_t>(at - memory_);
  header.totalBytes = *bytes;
  std::memcpy(memory_, &header, sizeof header);
  return memory_;
}

}  // namespace alloc8::record
