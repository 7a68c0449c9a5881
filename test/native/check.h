// The checks of the native tests. They do not rest on assert, so NDEBUG cannot remove them; a failed one names file and
// line, what was expected and what came, and ends the process with status 1, in a thread or a forked child too.
//
// One program per file: functions without arguments, and a main that gives them to RUN one after the other.

#pragma once

#include <cstdint>
#include <cstdio>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

#include <unistd.h>

namespace alloc8::check {

// The test that runs, for the message of a failure.
inline const char* current = "";

[[noreturn]] inline void failed(const char* file, int line, const std::string& what) {
  const std::string text = std::string(file) + ":" + std::to_string(line) + ": " + current + ": " + what + "\n";
  if (write(STDERR_FILENO, text.data(), text.size()) < 0) _exit(2);
  _exit(1);
}

// A value as a person reads it: numbers in decimal, pointers in hexadecimal, text in quotes.
template <class T>
std::string show(const T& value) {
  std::ostringstream text;
  if constexpr (std::is_same_v<T, bool>) {
    text << (value ? "true" : "false");
  } else if constexpr (std::is_same_v<T, std::nullptr_t>) {
    text << "null";
  } else if constexpr (std::is_convertible_v<T, std::string>) {
    text << '"' << std::string(value) << '"';
  } else if constexpr (std::is_enum_v<T>) {
    text << static_cast<std::int64_t>(value);
  } else if constexpr (sizeof(T) == 1 && std::is_integral_v<T>) {
    text << static_cast<int>(value);
  } else {
    text << value;
  }
  return text.str();
}

template <class Got, class Expected>
bool same(const Got& got, const Expected& expected) {
  if constexpr (std::is_integral_v<Got> && std::is_integral_v<Expected> && !std::is_same_v<Got, bool> &&
                !std::is_same_v<Expected, bool>) {
    return std::cmp_equal(+got, +expected);  // a literal 0 is an int, what it is compared with often is not
  } else {
    return got == expected;
  }
}

// Runs one test and says so, so that the log of a hanging program shows where it hangs.
inline void run(const char* name, void (*test)()) {
  current = name;
  std::printf("%s\n", name);
  std::fflush(stdout);
  test();
}

}  // namespace alloc8::check

#define RUN(test) alloc8::check::run(#test, test)

// Variadic, because a condition may have commas that no parentheses hold, as in a lambda's list of captures.
#define CHECK(...)                                                                                            \
  do {                                                                                                        \
    if (!(__VA_ARGS__)) alloc8::check::failed(__FILE__, __LINE__, #__VA_ARGS__ ": expected true, got false"); \
  } while (0)

#define CHECK_EQUAL(got, expected)                                                                             \
  do {                                                                                                         \
    const auto& checkGot = (got);                                                                              \
    const auto& checkExpected = (expected);                                                                    \
    if (!alloc8::check::same(checkGot, checkExpected)) {                                                       \
      alloc8::check::failed(                                                                                   \
          __FILE__, __LINE__,                                                                                  \
          #got ": expected " + alloc8::check::show(checkExpected) + ", got " + alloc8::check::show(checkGot)); \
    }                                                                                                          \
  } while (0)

// Whether the text has the part in it.
#define CHECK_CONTAINS(text, part)                                                                                  \
  do {                                                                                                              \
    const std::string checkText = (text);                                                                           \
    if (checkText.find(part) == std::string::npos) {                                                                \
      alloc8::check::failed(                                                                                        \
          __FILE__, __LINE__,                                                                                       \
          #text ": expected a text with " + alloc8::check::show(part) + ", got " + alloc8::check::show(checkText)); \
    }                                                                                                               \
  } while (0)

// Leaves the test: the machine lacks what it needs. The reason is printed, never silent.
#define SKIP(reason)                                                   \
  do {                                                                 \
    std::printf("  skipped %s: %s\n", alloc8::check::current, reason); \
    std::fflush(stdout);                                               \
    return;                                                            \
  } while (0)
