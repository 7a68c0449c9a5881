// Writes a file of samples; samples_format.h has the layout. Everything is added without locks, from any thread and
// from signal handlers; pages get blocks on the disk before they are touched.

#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/platform.h"
#include "record/samples_format.h"

namespace alloc8::record {

class SamplesFile {
 public:
  constexpr SamplesFile() = default;

  // Begins a file that must not exist; false where there is no room or no right. Keeps errno.
  bool create(const char* path, std::int64_t pid, std::int64_t ppid, std::uint64_t meanBytes);
  // Unmaps the file; where another process writes to it, it goes on.
  void close();
  bool isOpen() const { return header_ != nullptr; }

  SamplesHeader& header() const { return *header_; }
  SampleSite& site(std::uint32_t at) const { return part<SampleSite>(kSitesOffset, at); }

  // Adds a thread and returns its number; 0 where there is no room.
  std::uint32_t addThread(std::int64_t thread, const char* name);
  void nameThread(std::uint32_t at, const char* name);

  // The number of a loaded object plus 1; 0 where there is no room.
  std::uint32_t moduleNumber(const platform::LoadedObject& object);

  // Adds a site with its frames and returns its number plus 1; 0 where there is no room. It is not ready before
  // `publishSite`.
  std::uint32_t addSite(std::uint64_t hash, std::uint32_t thread, const std::uint64_t* frames, std::size_t count,
                        bool complete);
  void publishSite(std::uint32_t number) const;

  void lose(std::uint64_t bytes) const;

 private:
  template <class Part>
  Part& part(std::size_t offset, std::size_t at) const {
    return reinterpret_cast<Part*>(reinterpret_cast<char*>(header_) + offset)[at];
  }

  SamplesHeader* header_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace alloc8::record
