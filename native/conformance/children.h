// Forking with checks: a child that fails, crashes or hangs fails its parent.
#pragma once

#include <sys/wait.h>

#include "check.h"

enum { child_seconds = 10 };

// As fork; a child is killed by SIGALRM after ten seconds, so that a deadlock in it ends.
__attribute__((unused)) static pid_t child_fork(void) {
  pid_t child = fork();
  if (child < 0) FAIL("fork, expected a child, got errno %d", errno);
  if (child == 0) {
    signal(SIGALRM, SIG_DFL);
    alarm(child_seconds * check_slowness());
  }
  return child;
}

// Waits for the child and checks its end.
#define CHECK_CHILD(child, expected_status)                                                               \
  do {                                                                                                    \
    pid_t check_child = (child), check_waited;                                                            \
    int check_status = 0;                                                                                 \
    do check_waited = waitpid(check_child, &check_status, 0);                                             \
    while (check_waited < 0 && errno == EINTR);                                                           \
    if (check_waited != check_child) FAIL("waitpid, expected %d, got errno %d", (int)check_child, errno); \
    if (WIFSIGNALED(check_status))                                                                        \
      FAIL("child, expected status %d, got signal %d%s", (expected_status), WTERMSIG(check_status),       \
           WTERMSIG(check_status) == SIGALRM ? " (it hung)" : "");                                        \
    if (WEXITSTATUS(check_status) != (expected_status))                                                   \
      FAIL("child, expected status %d, got %d", (expected_status), WEXITSTATUS(check_status));            \
  } while (0)

// How many bytes a child writes to its descriptor `file`; `work` is what it does, and ends it.
__attribute__((unused)) static size_t child_written(int file, void (*work)(int file, void* argument), void* argument) {
  int ends[2];
  CHECK_EQUAL(pipe(ends), 0);
  pid_t child = child_fork();
  if (child == 0) {
    dup2(ends[1], file);
    close(ends[0]);
    close(ends[1]);
    work(file, argument);
    _exit(1);
  }
  close(ends[1]);
  size_t total = 0;
  char bytes[4096];
  for (ssize_t got; (got = read(ends[0], bytes, sizeof bytes)) > 0;) total += (size_t)got;
  close(ends[0]);
  CHECK_CHILD(child, 0);
  return total;
}

// What a forked child does with the heap it got: frees blocks of its parent, then allocates of all kinds.
__attribute__((unused)) static void child_work(void** parents_blocks, size_t count) {
  for (size_t i = 0; i < count; i++) {
    CHECK_FILLED(parents_blocks[i], 32, i);
    free(parents_blocks[i]);
  }
  void* blocks[64];
  for (size_t i = 0; i < 64; i++) {
    size_t size = i < 60 ? 16 + i * 40 : 200000;
    blocks[i] = malloc(size);
    CHECK_BLOCK(blocks[i]);
    memset(blocks[i], (int)i, size);
  }
  for (size_t i = 0; i < 64; i += 2) {
    blocks[i] = realloc(blocks[i], 5000);
    CHECK_BLOCK(blocks[i]);
  }
  for (size_t i = 0; i < 64; i++) {
    CHECK_FILLED(blocks[i], 16, i);
    free(blocks[i]);
  }
}

// Forks a child that uses the heap and ends well.
__attribute__((unused)) static void child_works(void) {
  pid_t child = child_fork();
  if (child == 0) {
    child_work(NULL, 0);
    _exit(0);
  }
  CHECK_CHILD(child, 0);
}

// Blocks for child_work to free.
__attribute__((unused)) static void parents_blocks_make(void** blocks, size_t count) {
  for (size_t i = 0; i < count; i++) {
    size_t size = 32 + i * i * 30;
    blocks[i] = malloc(size);
    CHECK_BLOCK(blocks[i]);
    memset(blocks[i], (int)i, size);
  }
}

__attribute__((unused)) static void parents_blocks_free(void** blocks, size_t count) {
  for (size_t i = 0; i < count; i++) {
    CHECK_FILLED(blocks[i], 32, i);
    free(blocks[i]);
  }
}
