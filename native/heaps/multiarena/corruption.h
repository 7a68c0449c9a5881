// What a damaged heap says before it stops: one line that names the chunk, its size word, the check and the arena.
// Whoever finds damage must not go on: the next write would be to memory that somebody else owns.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "heaps/multiarena/chunk.h"
#include "platform/platform.h"

namespace alloc8::heaps::multiarena {

// An arena's number where no arena is known.
inline constexpr std::size_t kNoArena = SIZE_MAX;

// A line of text put together on the stack: what formats in libc may allocate.
class Line {
 public:
  Line& text(const char* words) {
    for (; *words != '\0' && length_ < sizeof bytes_ - 1; ++words) bytes_[length_++] = *words;
    return *this;
  }
  Line& hex(std::uintptr_t value) {
    text("0x");
    return digits(value, 16);
  }
  Line& decimal(std::size_t value) { return digits(value, 10); }

  // Writes the line to standard error. In any context; keeps errno.
  void write() {
    bytes_[length_++] = '\n';
    platform::rawWrite(2, bytes_, length_);
  }

 private:
  Line& digits(std::size_t value, std::size_t base) {
    char reversed[24];
    std::size_t count = 0;
    do {
      reversed[count++] = "0123456789abcdef"[value % base];
      value /= base;
    } while (value != 0);
    while (count != 0 && length_ < sizeof bytes_ - 1) bytes_[length_++] = reversed[--count];
    return *this;
  }

  char bytes_[320] = {};
  std::size_t length_ = 0;
};

// The end of a process whose heap is damaged. `sizeAndFlags` is what the chunk's size word held; the chunk itself is
// not read, because it may not be there.
[[noreturn]] ALLOC8_NOINLINE inline void corrupt(const char* found, const void* chunk, std::size_t sizeAndFlags,
                                                 std::size_t arena) {
  Line line;
  line.text("alloc8 multiarena: ").text(found).text(": chunk ").hex(reinterpret_cast<std::uintptr_t>(chunk));
  line.text(", block ").hex(reinterpret_cast<std::uintptr_t>(chunk) + kHeader).text(", size word ").hex(sizeAndFlags);
  if (arena == kNoArena) {
    line.text(", in no arena");
  } else {
    line.text(", arena ").decimal(arena);
  }
  line.write();
  std::abort();
}

}  // namespace alloc8::heaps::multiarena
