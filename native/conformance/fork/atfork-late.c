// Handlers that allocate, registered in main: prepare handlers run last first, the others in order, all may allocate,
// and a handler may even start a thread in the parent.
// @standard POSIX.1-2024, fork()
// @standard POSIX.1-2024, pthread_atfork()
#include "../children.h"
#include "../threads.h"

static char order[64];
static char* text;

static void note(char letter) {
  size_t length = strlen(order);
  order[length] = letter;
  order[length + 1] = 0;
  free(text);
  text = strdup(order);
  CHECK_BLOCK(text);
  free(malloc(300000));
}

static void prepare_one(void) { note('p'); }
static void parent_one(void) { note('a'); }
static void child_one(void) { note('c'); }
static void prepare_two(void) { note('P'); }
static void child_two(void) { note('C'); }

static void* thread_body(void* argument) {
  free(argument);
  return malloc(100);
}

static void parent_two(void) {
  note('A');
  free(thread_join(thread_start(thread_body, malloc(50))));
}

int main(void) {
  deadline(30);
  CHECK_EQUAL(pthread_atfork(prepare_one, parent_one, child_one), 0);
  CHECK_EQUAL(pthread_atfork(prepare_two, parent_two, child_two), 0);
  crew_begin(4);
  for (int i = 0; i < 100; i++) {
    order[0] = 0;
    pid_t child = child_fork();
    if (child == 0) {
      CHECK_EQUAL(strcmp(text, "PpcC"), 0);
      free(text);
      _exit(0);
    }
    CHECK_EQUAL(strcmp(text, "PpaA"), 0);
    CHECK_CHILD(child, 0);
  }
  crew_end();
  free(text);
  return 0;
}
