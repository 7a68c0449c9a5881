// The reader of witness records; witness_format.h has the layout.

#include "record/witness_reader.h"

#include <cstring>

#include "record/witness_format.h"

namespace alloc8::record {

namespace {

// The word of a role, null for a number that is none.
const char* roleName(std::uint32_t role) {
  static constexpr const char* kNames[] = {nullptr, "allocate", "release", "query", "derived", "report"};
  return role < sizeof kNames / sizeof *kNames ? kNames[role] : nullptr;
}

// The word of a kind of record, null for a number that is none.
const char* kindName(std::uint32_t kind) {
  static constexpr const char* kNames[] = {nullptr, "exec", "fork", "late"};
  return kind < sizeof kNames / sizeof *kNames ? kNames[kind] : nullptr;
}

class Parser {
 public:
  Parser(const void* data, std::size_t bytes) : data_(static_cast<const char*>(data)), bytes_(bytes) {}

  std::string parse(WitnessRecord* out) {
    if (!readHeader() || !readStrings()) return error_;
    out->pid = header_.pid;
    out->ppid = header_.ppid;
    out->sequenceNs = header_.sequenceNs;
    out->kind = kindName(header_.kind);
    out->truncated = (header_.flags & kTruncated) != 0;
    out->audited = (header_.flags & kAudited) != 0;
    if (!string(header_.executable, offsetof(WitnessHeader, executable), &out->executable)) return error_;
    if (readObjects(out) && readReferences(out)) readDefinitions(out);
    return error_;
  }

 private:
  bool fail(const std::string& what, std::size_t offset) {
    error_ = what + " at offset " + std::to_string(offset);
    return false;
  }

  bool readHeader() {
    if (bytes_ < sizeof header_) {
      return fail("truncated: a header of " + std::to_string(sizeof header_) + " bytes expected, the file ends",
                  bytes_);
    }
    std::memcpy(&header_, data_, sizeof header_);
    if (std::memcmp(header_.magic, kWitnessMagic, sizeof header_.magic) != 0) return fail("not a witness record", 0);
    if (header_.version != kWitnessVersion) {
      return fail(
          "version " + std::to_string(header_.version) + " where " + std::to_string(kWitnessVersion) + " is expected",
          offsetof(WitnessHeader, version));
    }
    if (header_.headerBytes != sizeof header_) return fail("wrong header size", offsetof(WitnessHeader, headerBytes));
    if (header_.totalBytes != bytes_) {
      return fail("truncated or padded: " + std::to_string(header_.totalBytes) + " bytes expected, the file ends",
                  bytes_);
    }
    if (kindName(header_.kind) == nullptr) {
      return fail("unknown kind", offsetof(WitnessHeader, kind));
    }
    return true;
  }

  // Whether a table of `count` entries of `size` bytes lies in the file.
  bool inside(const char* name, std::uint32_t offset, std::uint64_t count, std::size_t size) {
    const std::uint64_t length = count * size;  // below 2^32 * 20, no overflow
    if (offset < sizeof header_ || offset > bytes_ || length > bytes_ - offset) {
      return fail(std::string(name) + " outside the file", offset);
    }
    return true;
  }

  bool readStrings() {
    if (!inside("string table", header_.stringsOffset, header_.stringsBytes, 1)) return false;
    strings_ = data_ + header_.stringsOffset;
    if (header_.stringsBytes == 0 || strings_[header_.stringsBytes - 1] != '\0') {
      return fail("unterminated string table", header_.stringsOffset);
    }
    return true;
  }

  bool string(std::uint32_t at, std::size_t seenAt, std::string* out) {
    if (at >= header_.stringsBytes) return fail("string outside the string table", seenAt);
    *out = strings_ + at;  // the table ends with a zero, so this ends inside it
    // Many entries may name one long string; an honest record decodes to far less than this.
    decoded_ += out->size();
    return decoded_ <= kMaxDecodedBytes || fail("strings of more than 64 MiB in all", seenAt);
  }

  bool optionalString(std::uint32_t at, std::size_t seenAt, std::string* out) {
    out->clear();
    return at == kNone || string(at, seenAt, out);
  }

  bool readObjects(WitnessRecord* out) {
    if (!inside("object table", header_.objectsOffset, header_.objectCount, sizeof(std::uint32_t))) return false;
    for (std::uint32_t i = 0; i < header_.objectCount; ++i) {
      const std::size_t at = header_.objectsOffset + i * sizeof(std::uint32_t);
      std::uint32_t name;
      std::memcpy(&name, data_ + at, sizeof name);
      out->objects.emplace_back();
      if (!string(name, at, &out->objects.back())) return false;
    }
    return true;
  }

  bool readReferences(WitnessRecord* out) {
    if (!inside("reference table", header_.referencesOffset, header_.referenceCount, sizeof(WitnessReference))) {
      return false;
    }
    for (std::uint32_t i = 0; i < header_.referenceCount; ++i) {
      const std::size_t at = header_.referencesOffset + i * sizeof(WitnessReference);
      WitnessReference raw;
      std::memcpy(&raw, data_ + at, sizeof raw);
      if (raw.object >= header_.objectCount) return fail("reference from an object that is not listed", at);
      if (raw.target != kNone && raw.target >= header_.objectCount) {
        return fail("reference to an object that is not listed", at);
      }
      WitnessRecord::Reference reference{};
      reference.role = roleName(raw.role);
      if (reference.role == nullptr) return fail("unknown role", at);
      reference.object = raw.object;
      reference.target = raw.target == kNone ? -1 : static_cast<std::int64_t>(raw.target);
      if (!string(raw.symbol, at, &reference.symbol) || !optionalString(raw.version, at, &reference.version))
        return false;
      out->references.push_back(std::move(reference));
    }
    return true;
  }

  bool readDefinitions(WitnessRecord* out) {
    if (!inside("definition table", header_.definitionsOffset, header_.definitionCount, sizeof(WitnessDefinition))) {
      return false;
    }
    for (std::uint32_t i = 0; i < header_.definitionCount; ++i) {
      const std::size_t at = header_.definitionsOffset + i * sizeof(WitnessDefinition);
      WitnessDefinition raw;
      std::memcpy(&raw, data_ + at, sizeof raw);
      if (raw.object >= header_.objectCount) return fail("definition in an object that is not listed", at);
      WitnessRecord::Definition definition{};
      definition.role = roleName(raw.role);
      if (definition.role == nullptr) return fail("unknown role", at);
      definition.object = raw.object;
      if (!string(raw.symbol, at, &definition.symbol) || !optionalString(raw.version, at, &definition.version))
        return false;
      out->definitions.push_back(std::move(definition));
    }
    return true;
  }

  static constexpr std::size_t kMaxDecodedBytes = std::size_t{64} << 20;

  const char* data_;
  std::size_t bytes_;
  std::size_t decoded_ = 0;
  const char* strings_ = nullptr;
  WitnessHeader header_{};
  std::string error_;
};

}  // namespace

std::string parseWitness(const void* data, std::size_t bytes, WitnessRecord* out) {
  return Parser(data, bytes).parse(out);
}

}  // namespace alloc8::record
