// The JSON writer's body. Strings come from other processes' command lines: any byte may turn up in them.

#include "json.h"

#include <string.h>

#include "system.h"

namespace alloc8::launch {
namespace {

bool isContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// The length of the well-formed UTF-8 sequence at `at`, or 0. The table is that of Unicode 15, 3.9, table 3-7: no
// overlong forms, no surrogates, nothing above U+10FFFF.
size_t utf8Length(const unsigned char* at, size_t left) {
  unsigned char lead = at[0];
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return left >= 2 && isContinuation(at[1]) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (left < 3 || !isContinuation(at[1]) || !isContinuation(at[2])) return 0;
    if (lead == 0xE0 && at[1] < 0xA0) return 0;
    if (lead == 0xED && at[1] > 0x9F) return 0;
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (left < 4 || !isContinuation(at[1]) || !isContinuation(at[2]) || !isContinuation(at[3])) return 0;
    if (lead == 0xF0 && at[1] < 0x90) return 0;
    if (lead == 0xF4 && at[1] > 0x8F) return 0;
    return 4;
  }
  return 0;
}

}  // namespace

void JsonLine::flush() {
  if (failure_ == 0) failure_ = writeAll(fd_, buffer_, used_);
  used_ = 0;
}

void JsonLine::put(char c) {
  if (used_ == sizeof buffer_) flush();
  buffer_[used_++] = c;
}

void JsonLine::put(const char* bytes, size_t length) {
  for (size_t i = 0; i < length; ++i) put(bytes[i]);
}

void JsonLine::beginValue() {
  if (comma_) put(',');
  comma_ = true;
}

void JsonLine::open(char bracket) {
  beginValue();
  put(bracket);
  comma_ = false;
}

void JsonLine::close(char bracket) {
  put(bracket);
  comma_ = true;
}

void JsonLine::key(const char* name) {
  beginValue();
  put('"');
  put(name, strlen(name));
  put("\":", 2);
  comma_ = false;
}

void JsonLine::null() {
  beginValue();
  put("null", 4);
}

void JsonLine::boolean(bool value) {
  beginValue();
  put(value ? "true" : "false", value ? 4 : 5);
}

void JsonLine::number(int64_t value) {
  char digits[24];
  size_t at = sizeof digits;
  uint64_t rest = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  do {
    digits[--at] = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (value < 0) digits[--at] = '-';
  beginValue();
  put(digits + at, sizeof digits - at);
}

void JsonLine::text(const char* bytes, size_t length) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes);
  beginValue();
  put('"');
  while (length > 0) {
    size_t width = utf8Length(at, length);
    if (width == 0) {
      put("\xEF\xBF\xBD", 3);
      width = 1;
    } else if (*at == '"' || *at == '\\') {
      put('\\');
      put(static_cast<char>(*at));
    } else if (*at < 0x20) {
      const char* hex = "0123456789abcdef";
      put("\\u00", 4);
      put(hex[*at >> 4]);
      put(hex[*at & 15]);
    } else {
      put(reinterpret_cast<const char*>(at), width);
    }
    at += width;
    length -= width;
  }
  put('"');
}

void JsonLine::text(const char* bytes) { text(bytes, strlen(bytes)); }

int JsonLine::finish() {
  put('\n');
  flush();
  return failure_;
}

}  // namespace alloc8::launch
