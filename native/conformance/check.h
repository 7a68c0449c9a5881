// The checks that every program here uses. A failed one writes `FAIL file:line: what, expected, got` to descriptor 2
// and ends the process with status 1. They do not rest on assert, so NDEBUG cannot remove them, and they allocate
// nothing, so a broken heap cannot hide its own failure. The header is both C and C++.
#pragma once

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// What a program ends with when the machine lacks what it needs, and when neither libc nor the heap has what it tests.
enum { check_skip_status = 77, check_lacks_status = 78 };

#ifdef __cplusplus
#define CHECK_C extern "C"
#else
#define CHECK_C extern
#endif

// The status of a program under which all holds and that does not return from main (finish.c).
CHECK_C int check_done(void);
// Before a program starts itself anew: what comes then tells of its end, and not this one.
CHECK_C void check_done_later(void);

// The case that a loop is at (a size, an index); not 0: it is printed with a failure.
__attribute__((unused)) static volatile size_t check_case;

__attribute__((noreturn, unused, format(printf, 3, 4))) static void check_failed(const char* file, int line,
                                                                                 const char* format, ...) {
  char text[512];
  int length = snprintf(text, sizeof text, "FAIL %s:%d: ", file, line);
  va_list arguments;
  va_start(arguments, format);
  length += vsnprintf(text + length, sizeof text - (size_t)length, format, arguments);
  va_end(arguments);
  if (length > (int)sizeof text - 40) length = (int)sizeof text - 40;
  size_t at = check_case;
  length += at ? snprintf(text + length, 40, " (case %zu)\n", at) : snprintf(text + length, 40, "\n");
  if (write(2, text, (size_t)length) < 0) _exit(2);
  _exit(1);
}

// The value, hidden from the optimiser, which could otherwise drop or fold allocations.
__attribute__((unused)) static inline size_t opaque(size_t value) {
  __asm__ volatile("" : "+r"(value));
  return value;
}

// The pointer, hidden from the optimiser; the block counts as read and written.
__attribute__((unused)) static inline void* hide(void* pointer) {
  __asm__ volatile("" : "+r"(pointer) : : "memory");
  return pointer;
}

#define FAIL(...) check_failed(__FILE__, __LINE__, __VA_ARGS__)

#define CHECK(condition)                                                \
  do {                                                                  \
    if (!(condition)) FAIL("%s, expected true, got false", #condition); \
  } while (0)

// Integers of any width, shown as signed.
#define CHECK_EQUAL(actual, expected)                                                                               \
  do {                                                                                                              \
    long long check_actual = (long long)(actual), check_expected = (long long)(expected);                           \
    if (check_actual != check_expected) FAIL("%s, expected %lld, got %lld", #actual, check_expected, check_actual); \
  } while (0)

#define CHECK_AT_LEAST(actual, bound)                                                                                 \
  do {                                                                                                                \
    unsigned long long check_actual = (unsigned long long)(actual), check_bound = (unsigned long long)(bound);        \
    if (check_actual < check_bound) FAIL("%s, expected at least %llu, got %llu", #actual, check_bound, check_actual); \
  } while (0)

#define CHECK_AT_MOST(actual, bound)                                                                                 \
  do {                                                                                                               \
    unsigned long long check_actual = (unsigned long long)(actual), check_bound = (unsigned long long)(bound);       \
    if (check_actual > check_bound) FAIL("%s, expected at most %llu, got %llu", #actual, check_bound, check_actual); \
  } while (0)

#define CHECK_BLOCK(pointer)                                                                                \
  do {                                                                                                      \
    if (hide((void*)(pointer)) == NULL) FAIL("%s, expected a block, got null (errno %d)", #pointer, errno); \
  } while (0)

#define CHECK_NULL(pointer)                                                                \
  do {                                                                                     \
    const void* check_pointer = hide((void*)(pointer));                                    \
    if (check_pointer != NULL) FAIL("%s, expected null, got %p", #pointer, check_pointer); \
  } while (0)

// `alignment` is a power of two, in bytes.
#define CHECK_ALIGNED(pointer, alignment)                                                                      \
  do {                                                                                                         \
    uintptr_t check_address = (uintptr_t)hide((void*)(pointer)), check_alignment = (uintptr_t)(alignment);     \
    if (check_address & (check_alignment - 1))                                                                 \
      FAIL("%s, expected a multiple of %zu, got %p", #pointer, (size_t)check_alignment, (void*)check_address); \
  } while (0)

// Null with ENOMEM, for calls made after `errno = 0`.
#define CHECK_REFUSED(pointer)        \
  do {                                \
    void* check_refused = (pointer);  \
    int check_errno = errno;          \
    CHECK_NULL(check_refused);        \
    CHECK_EQUAL(check_errno, ENOMEM); \
  } while (0)

// Every one of the `size` bytes is `byte`.
#define CHECK_FILLED(pointer, size, byte)                                                                    \
  do {                                                                                                       \
    const unsigned char* check_bytes = (const unsigned char*)(pointer);                                      \
    unsigned char check_byte = (unsigned char)(byte);                                                        \
    for (size_t check_at = 0, check_end = (size); check_at < check_end; check_at++)                          \
      if (check_bytes[check_at] != check_byte)                                                               \
        FAIL("%s[%zu], expected 0x%02x, got 0x%02x", #pointer, check_at, check_byte, check_bytes[check_at]); \
  } while (0)

#define CHECK_END(word, reason, status)                            \
  do {                                                             \
    const char check_text[] = word " " reason "\n";                \
    if (write(2, check_text, sizeof check_text - 1) < 0) _exit(2); \
    _exit(status);                                                 \
  } while (0)

#define SKIP(reason) CHECK_END("SKIP", reason, check_skip_status)
#define LACKS(reason) CHECK_END("LACKS", reason, check_lacks_status)

// Whoever starts a program may have blocked signals, which it inherits; its deadline must come, and its own signals.
__attribute__((constructor, unused)) static void check_unblock_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
}

// Programs run slower under a tool such as valgrind: PROGRAM_SLOWNESS multiplies their deadlines.
__attribute__((unused)) static unsigned check_slowness(void) {
  const char* text = getenv("PROGRAM_SLOWNESS");
  return text && *text ? (unsigned)atoi(text) : 1;
}

__attribute__((unused)) static void check_deadline_passed(int number) {
  (void)number;
  static const char text[] = "FAIL deadline: the program, expected an end in time, got none\n";
  if (write(2, text, sizeof text - 1) < 0) _exit(2);
  _exit(1);
}

// Fails the process when it still runs after so many seconds: a deadlock becomes a failure. Not inherited by fork.
__attribute__((unused)) static void deadline(unsigned seconds) {
  signal(SIGALRM, check_deadline_passed);
  alarm(seconds * check_slowness());
}
