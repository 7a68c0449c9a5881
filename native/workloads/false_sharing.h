// What active-sharing and passive-sharing do alike: a thread writes to a small block of its own many times. Where the
// allocator has put blocks of two threads into one cache line, both wait for that line (Berger et al., 2000).

#pragma once

#include "workloads/workload.h"

namespace alloc8::workloads {

constexpr int kWrites = 200;

// Adds to each byte of the block many times.
inline void writeOften(void* memory, std::size_t size) {
  auto* bytes = static_cast<volatile unsigned char*>(memory);
  for (int i = 0; i < kWrites; ++i) {
    for (std::size_t at = 0; at < size; ++at) bytes[at] = static_cast<unsigned char>(bytes[at] + 1);
  }
}

}  // namespace alloc8::workloads
