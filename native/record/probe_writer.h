// Writes a probe's file; probe_format.h has the layout. Takes and gives slots without locks; what is counted in a slot
// is its thread's business.

#pragma once

#include "record/probe_format.h"

namespace alloc8::record {

class ProbeFile {
 public:
  // Most threads that are counted one by one; the others share nothing and are not counted, but told.
  static constexpr std::size_t kCapacitySlots = 4096;

  constexpr ProbeFile() = default;

  // Begins a file that must not exist; false where there is no room or no right. Any context but a signal handler's;
  // keeps errno.
  bool create(const char* path, std::int64_t pid, std::int64_t ppid, ProbeLevels levels);

  // Unmaps the file; where another process writes to it, it goes on.
  void close();

  // As close(), but for its header, which is given back; null where no file is open.
  ProbeHeader* leaveHeader();

  bool isOpen() const { return header_ != nullptr; }
  ProbeHeader& header() const { return *header_; }
  ProbeInherited& inherited() const {
    return *reinterpret_cast<ProbeInherited*>(reinterpret_cast<char*>(header_) + kProbePage);
  }

  // A slot for a thread; null when there is none left. From any context; keeps errno.
  ProbeSlot* acquire(std::int64_t thread);
  // The thread of this slot is about to end; it may count until it has.
  void release(ProbeSlot* slot);

  ProbeSlot* slot(std::size_t at) const {
    return reinterpret_cast<ProbeSlot*>(reinterpret_cast<char*>(header_) + kProbeHeaderBytes + at * kProbeSlotBytes);
  }

  std::size_t indexOf(const ProbeSlot* slot) const {
    const auto offset = reinterpret_cast<const char*>(slot) - reinterpret_cast<const char*>(header_);
    return (static_cast<std::size_t>(offset) - kProbeHeaderBytes) / kProbeSlotBytes;
  }

  // What is live by class, over all slots and what was taken over; for a child that is about to be made.
  void sumLive(ProbeInherited* into) const;

 private:
  ProbeSlot* pop();
  void push(ProbeSlot* slot);
  ProbeSlot* reuse();

  ProbeHeader* header_ = nullptr;
};

// Lists a process that has no file in the header of one that has. Any number of processes may do so at once.
void listUnrecorded(ProbeHeader& header, std::int64_t pid, std::int64_t ppid);

// Unmaps what leaveHeader() gave; nothing for null.
void closeHeader(ProbeHeader* header);

// Adds a balance to the process's live bytes and moves its peak.
void foldProbeBalance(ProbeHeader& header, std::int64_t bytes);

}  // namespace alloc8::record
