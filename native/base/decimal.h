// Numbers as text where neither printf nor the C++ library may be called.

#pragma once

#include <cstdint>

namespace alloc8::base {

// Appends the number in decimal, without a zero behind it; the end of what was written, at most 20 characters on.
inline char* appendDecimal(char* at, std::uint64_t value) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (count > 0) *at++ = digits[--count];
  return at;
}

}  // namespace alloc8::base
