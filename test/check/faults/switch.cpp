// Reads the switch, once, from the kernel's copy of the environment: the first malloc of a process may come before libc
// has one. A name that there is not ends the program, so that no test passes by a misspelt fault.
#include "switch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace {

struct Named {
  const char* name;
  int value;
};

#define KIND(name, text) {text, static_cast<int>(Kind::name)},
#define ENTRY(name, text) {text, static_cast<int>(Entry::name)},
constexpr Named kinds[] = {ENTRY_FAULTS(KIND) HEAP_FAULTS(KIND)};
constexpr Named entries[] = {ENTRIES(ENTRY)};
#undef KIND
#undef ENTRY

template <int count>
int find(const Named (&list)[count], const char* text, size_t length) {
  for (const Named& one : list)
    if (strlen(one.name) == length && memcmp(one.name, text, length) == 0) return one.value;
  static const char message[] = "fault library: ALLOC8_FAULT names no fault\n";
  if (write(2, message, sizeof message - 1) > 0) _exit(125);
  _exit(125);
}

Switch parse(const char* text) {
  if (!*text) return {Kind::none, Entry::none};
  const char* colon = strchr(text, ':');
  size_t length = colon ? static_cast<size_t>(colon - text) : strlen(text);
  Switch found{static_cast<Kind>(find(kinds, text, length)), Entry::none};
  if (colon) found.entry = static_cast<Entry>(find(entries, colon + 1, strlen(colon + 1)));
  return found;
}

// Byte by byte through the environment: it may be longer than any buffer here.
Switch read_environment() {
  static const char wanted[] = "ALLOC8_FAULT=";
  char value[80] = "";
  size_t matched = 0, length = 0;
  bool inside = false, skipping = false, whole = false;
  int file = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
  if (file < 0) return {Kind::none, Entry::none};
  char chunk[4096];
  for (ssize_t got; !whole && (got = read(file, chunk, sizeof chunk)) > 0;)
    for (ssize_t at = 0; at < got && !whole; at++) {
      char letter = chunk[at];
      if (letter == 0) {
        whole = inside;
        matched = 0;
        skipping = false;
      } else if (inside) {
        if (length < sizeof value - 1) value[length++] = letter;
      } else if (!skipping) {
        if (letter != wanted[matched++]) skipping = true;
        if (!skipping && matched == sizeof wanted - 1) inside = true;
      }
    }
  close(file);
  value[length] = 0;
  return parse(value);
}

}  // namespace

Switch switch_value;
int switch_ready;

void switch_read() {
  switch_value = read_environment();
  __atomic_store_n(&switch_ready, 1, __ATOMIC_RELEASE);
}
