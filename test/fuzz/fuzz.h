// What the harnesses of the readers share: memory of exactly the right size, so that a sanitizer sees every byte that
// is read beyond it, and the end for a reader that breaks its word.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

namespace alloc8::fuzz {

// A copy that ends where the bytes end.
class Exact {
 public:
  Exact(const void* bytes, std::size_t count) : bytes_(new char[count]), count_(count) {
    if (count > 0) std::memcpy(bytes_.get(), bytes, count);
  }
  const char* data() const { return bytes_.get(); }
  std::size_t size() const { return count_; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t count_;
};

inline void demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "the reader broke its word: %s\n", what);
  std::abort();
}

// A refusal says where.
inline void demandOffset(const std::string& problem) {
  demand(problem.empty() || problem.find("at offset ") != std::string::npos, problem.c_str());
}

// Takes the next number of an input, and 0 where it has ended.
template <class Number>
Number take(const std::uint8_t*& at, const std::uint8_t* end) {
  Number number = 0;
  const std::size_t count = static_cast<std::size_t>(end - at) < sizeof number ? end - at : sizeof number;
  std::memcpy(&number, at, count);
  at += count;
  return number;
}

}  // namespace alloc8::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
