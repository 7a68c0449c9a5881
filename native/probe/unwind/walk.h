// Follows the calling thread's stack from the probe to the program's start: by unwind tables, and by frame pointers
// where code has none, as code made at run time. Memory is read only where it can be read; nothing is allocated, no
// lock taken.

#pragma once

#include <cstddef>
#include <cstdint>

namespace alloc8::probe {

struct Walk {
  std::size_t frames;
  // Whether the program's or the thread's start was reached.
  bool complete;
};

// Writes the return addresses of the callers outside of this library into `addresses`, the last call's first. From any
// context; errno is kept.
Walk walkStack(std::uintptr_t* addresses, std::size_t most);

}  // namespace alloc8::probe
