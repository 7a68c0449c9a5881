// A block that one thread allocated grows and shrinks in another, and in a third after the first has ended: its content
// is kept.
// @standard C23 7.24.3.7
// @standard C23 7.24.3
#include "../threads.h"

static const size_t sizes[] = {1, 30, 500, 4000, 70000, 900000};

static void* allocate(void* argument) {
  size_t size = (size_t)argument;
  void* block = malloc(size);
  CHECK_BLOCK(block);
  pattern_fill(block, size, size);
  return block;
}

typedef struct {
  void* block;
  size_t from, to;
} Resize;

static void* resize(void* argument) {
  Resize* wanted = argument;
  size_t kept = wanted->from < wanted->to ? wanted->from : wanted->to;
  void* block = realloc(wanted->block, wanted->to);
  CHECK_BLOCK(block);
  CHECK_PATTERN(block, kept, wanted->from);
  pattern_fill(block, wanted->to, wanted->to);
  return block;
}

int main(void) {
  enum { kinds = sizeof sizes / sizeof *sizes };
  for (size_t from = 0; from < kinds; from++)
    for (size_t to = 0; to < kinds; to++) {
      check_case = sizes[from];
      void* block = thread_join(thread_start(allocate, (void*)sizes[from]));
      Resize there = {block, sizes[from], sizes[to]}, back = {NULL, sizes[to], sizes[from]};
      back.block = thread_join(thread_start(resize, &there));
      block = resize(&back);
      CHECK_PATTERN(block, sizes[from], sizes[from]);
      free(block);
    }
  return 0;
}
