// Writes one line of JSON to a descriptor through a small buffer, so that a report of any length needs no allocation.
// A write that fails is remembered and everything after it is dropped: a reader that has gone must not stop us.

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace alloc8::launch {

class JsonLine {
 public:
  explicit JsonLine(int fd) : fd_(fd) {}
  JsonLine(const JsonLine&) = delete;
  JsonLine& operator=(const JsonLine&) = delete;

  // `{`, `}`, `[`, `]` with the comma that the place needs.
  void open(char bracket);
  void close(char bracket);

  // The name of the member that follows; names are ours and need no escaping.
  void key(const char* name);

  void null();
  void boolean(bool value);
  void number(int64_t value);

  // A string of `length` bytes: control characters, quotes and backslashes escaped, and bytes that are not UTF-8
  // replaced by U+FFFD, one for each.
  void text(const char* bytes, size_t length);
  void text(const char* bytes);

  // Ends the line and writes what is left. Returns 0, or the errno of the first write that failed.
  int finish();

 private:
  void put(char c);
  void put(const char* bytes, size_t length);
  void beginValue();
  void flush();

  int fd_;
  int failure_ = 0;
  bool comma_ = false;
  size_t used_ = 0;
  char buffer_[2048];
};

}  // namespace alloc8::launch
