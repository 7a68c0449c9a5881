// What an unwind table says of one place in the code: where the caller's frame is. Small enough for one word, so that
// rows can be cached without locks.

#pragma once

#include <cstdint>

namespace alloc8::probe {

// The canonical frame address (CFA): the stack pointer of the caller, behind its call.
enum class FrameBase : std::uint8_t {
  kUnknown,    // the tables do not say, or in a way that is not understood
  kStack,      // stack pointer + offset
  kFrame,      // frame pointer + offset
  kAtFrame,    // what stands at frame pointer + offset: functions that align their stack
  kLinkage,    // an entry of the procedure linkage table
  kSignal,     // the frame that the kernel made for a signal handler
  kOutermost,  // the program's or the thread's start
};

// Where the caller's frame pointer is.
enum class SavedFrame : std::uint8_t { kSame, kAtBase, kAtFrame, kUnknown };

struct UnwindRow {
  FrameBase base = FrameBase::kUnknown;
  SavedFrame saved = SavedFrame::kSame;
  std::int16_t savedOffset = 0;  // from the CFA or the frame pointer
  std::int32_t offset = 0;
};
static_assert(sizeof(UnwindRow) == 8);

// Reads the row for a place in the code from an object's unwind table (.eh_frame_hdr, and .eh_frame to which it leads);
// nothing outside of `start` to `end` is read. From any context.
UnwindRow readUnwindRow(const void* table, std::uintptr_t start, std::uintptr_t end, std::uintptr_t address);

}  // namespace alloc8::probe
