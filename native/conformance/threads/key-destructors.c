// Destructors of pthread keys allocate and free at thread exit, in every round up to PTHREAD_DESTRUCTOR_ITERATIONS.
// @standard POSIX.1-2024, pthread_key_create()
#include <limits.h>

#include "../threads.h"

enum { keys = 5 };

static pthread_key_t key[keys];
static atomic_int runs;

typedef struct {
  int rounds;
  int which;
  char* text;
} Value;

static Value* value_new(int rounds, int which) {
  Value* value = malloc(sizeof(Value));
  CHECK_BLOCK(value);
  value->rounds = rounds;
  value->which = which;
  value->text = calloc(1, (size_t)(500 * (which + 1)));
  CHECK_BLOCK(value->text);
  return value;
}

static void destroy(void* argument) {
  Value* value = argument;
  CHECK_FILLED(value->text, (size_t)(500 * (value->which + 1)), 0);
  atomic_fetch_add(&runs, 1);
  if (value->rounds > 1)
    CHECK_EQUAL(pthread_setspecific(key[value->which], value_new(value->rounds - 1, value->which)), 0);
  free(malloc(100000));
  free(value->text);
  free(value);
}

static void* body(void* argument) {
  for (int i = 0; i < keys; i++)
    CHECK_EQUAL(pthread_setspecific(key[i], value_new(PTHREAD_DESTRUCTOR_ITERATIONS, i)), 0);
  return argument;
}

int main(void) {
  deadline(30);
  for (int i = 0; i < keys; i++) CHECK_EQUAL(pthread_key_create(&key[i], destroy), 0);
  for (int round = 0; round < 50; round++) {
    pthread_t thread[4];
    for (int i = 0; i < 4; i++) thread[i] = thread_start(body, NULL);
    for (int i = 0; i < 4; i++) thread_join(thread[i]);
  }
  CHECK_EQUAL(atomic_load(&runs), 50 * 4 * keys * PTHREAD_DESTRUCTOR_ITERATIONS);
  return 0;
}
