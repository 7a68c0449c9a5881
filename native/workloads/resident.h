// The resident memory of this process, where the system tells it; one body per system.

#pragma once

#include <cstddef>

namespace alloc8::workloads {

struct Resident {
  bool known = false;
  std::size_t now = 0;   // bytes
  std::size_t peak = 0;  // since the program began
};

// Allocates nothing.
Resident residentMemory();

}  // namespace alloc8::workloads
