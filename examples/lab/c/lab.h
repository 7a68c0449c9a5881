/*
 * What the programs of this folder share: output that allocates nothing, which mapping an address lies in, bytes as
 * text, and work in a child whose death is an answer and not the end.
 */

#pragma once

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* One line, through the stack and past stdio, which would allocate a buffer and be in the picture itself. */
__attribute__((format(printf, 1, 2))) static inline void say(const char* format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  if (length < 0) return;
  if (length > (int)sizeof line - 2) length = sizeof line - 2;
  line[length++] = '\n';
  for (int done = 0; done < length;) {
    ssize_t written = write(STDOUT_FILENO, line + done, (size_t)(length - done));
    if (written <= 0) return;
    done += (int)written;
  }
}

/* An address as a number, for distances between blocks and for looking at one after it was freed. */
static inline uintptr_t number(const volatile void* p) { return (uintptr_t)p; }

/* The distance between two addresses, whichever is higher. */
static inline uintptr_t distance(const volatile void* a, const volatile void* b) {
  return number(a) < number(b) ? number(b) - number(a) : number(a) - number(b);
}

/* A mapping of this process; `start` 0 for none. */
struct mapping {
  uintptr_t start, end;
  char name[64];
};

/* Calls a function with each mapping, read in parts that lie on the stack. */
static inline void each_mapping(void (*call)(const struct mapping*, void*), void* context) {
  char text[4096];
  size_t have = 0;
  int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  for (ssize_t got; (got = read(file, text + have, sizeof text - 1 - have)) > 0;) {
    have += (size_t)got;
    text[have] = '\0';
    char* line = text;
    for (char* end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
      *end = '\0';
      struct mapping mapping = {0, 0, ""};
      if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %63s", &mapping.start, &mapping.end, mapping.name) >= 2)
        call(&mapping, context);
    }
    have = strlen(line);
    memmove(text, line, have);
  }
  close(file);
}

struct search {
  uintptr_t address;
  struct mapping found;
};

static inline void compare_mapping(const struct mapping* mapping, void* context) {
  struct search* search = context;
  if (mapping->start <= search->address && search->address < mapping->end) search->found = *mapping;
}

/* The mapping around an address. */
static inline struct mapping mapping_of(const volatile void* p) {
  struct search search = {number(p), {0, 0, ""}};
  each_mapping(compare_mapping, &search);
  return search.found;
}

/* What one calls a mapping. */
static inline const char* mapping_name(const struct mapping* mapping) {
  if (mapping->start == 0) return "nowhere";
  return mapping->name[0] == '\0' ? "anonymous" : mapping->name;
}

/* Bytes in hexadecimal, sixteen in a line. */
static inline void show_bytes(const char* title, const volatile void* p, size_t size) {
  const volatile unsigned char* bytes = p;
  for (size_t row = 0; row < size; row += 16) {
    char text[64];
    int length = 0;
    for (size_t i = row; i < size && i < row + 16; ++i)
      length += snprintf(text + length, sizeof text - (size_t)length, " %02x", bytes[i]);
    say("  %s +%zu:%s", title, row, text);
  }
}

/* How a child ended: its status, or minus the signal. */
static inline int end_of(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
  }
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* Does something in a child, which is given five seconds, and says how it ended. Gives what end_of gives. */
static inline int in_child(const char* what, int (*work)(void)) {
  pid_t child = fork();
  if (child == 0) {
    alarm(5);
    _exit(work());
  }
  if (child < 0) {
    say("%s: no child could be made", what);
    return 255;
  }
  int end = end_of(child);
  if (end == -SIGALRM)
    say("%s: did not come back", what);
  else if (end < 0)
    say("%s: ended by signal %d, %s", what, -end, strsignal(-end));
  else
    say("%s: status %d", what, end);
  return end;
}
