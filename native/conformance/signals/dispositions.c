// The heap takes no signal for itself: before and after much allocating, each has the action that a program begins
// with.
// @standard POSIX.1-2024, Signal Concepts 2.4.3
#include "../check.h"

// libc keeps some between the classic and the real-time signals for its threads.
static int is_of_libc(int number) { return number >= 32 && number < SIGRTMIN; }

static void check_default_actions(void) {
  for (int number = 1; number <= SIGRTMAX; number++) {
    if (number == SIGKILL || number == SIGSTOP || is_of_libc(number)) continue;
    check_case = (size_t)number;
    struct sigaction action;
    CHECK_EQUAL(sigaction(number, NULL, &action), 0);
    CHECK(action.sa_handler == SIG_DFL);
  }
}

// The runner may have been started by a shell that ignores some; those actions are inherited by every program.
static void forget_inherited(char** arguments) {
  int ignored = 0;
  for (int number = 1; number <= SIGRTMAX; number++) {
    struct sigaction action;
    if (number == SIGKILL || number == SIGSTOP || is_of_libc(number) || sigaction(number, NULL, &action) != 0) continue;
    if (action.sa_handler == SIG_DFL) continue;
    signal(number, SIG_DFL);
    ignored = 1;
  }
  if (!ignored) return;
  check_done_later();
  char* again[] = {arguments[0], (char*)"again", NULL};
  execv("/proc/self/exe", again);
  FAIL("execv, expected no return, got errno %d", errno);
}

int main(int count, char** arguments) {
  if (count == 1) forget_inherited(arguments);
  check_default_actions();
  void* blocks[400];
  for (size_t i = 0; i < 400; i++) CHECK_BLOCK(blocks[i] = malloc(i * i * 10));
  for (size_t i = 0; i < 400; i++) free(blocks[i]);
  check_default_actions();
  return 0;
}
