// Reads files of samples as hostile input: every number is checked, and nothing of a file is trusted to agree with
// itself.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "record/samples_format.h"

namespace alloc8::record {

struct ReadModule {
  std::string path;
  std::string buildId;  // in hex
  std::uint64_t bias;
};

struct ReadThread {
  std::int64_t thread;
  std::string name;
};

struct ReadSite {
  SampleSite site;
  std::vector<std::uint64_t> frames;
};

struct SamplesContent {
  SamplesHeader header;
  std::vector<ReadModule> modules;
  std::vector<ReadThread> threads;
  std::vector<ReadSite> sites;
};

// A part of a file that is in use.
struct SamplesPart {
  std::uint64_t offset;
  std::uint64_t bytes;
};

// Which parts of a file whose first page is given are in use, in order; none and a problem where it is no such file.
std::vector<SamplesPart> samplesParts(const void* firstPage, std::size_t bytes, std::string* problem);

// Reads a file of which the parts in use were read; what stands elsewhere is not looked at. Empty, or what is wrong,
// with an offset.
std::string parseSamples(const void* file, std::size_t bytes, SamplesContent* content);

}  // namespace alloc8::record
