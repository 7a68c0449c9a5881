// A plugin that registers atfork handlers and is unloaded again: dlclose must take its handlers away.
#include <pthread.h>
#include <stdlib.h>

int plugin_runs;

static void prepare(void) {
  plugin_runs++;
  free(malloc(1000));
}

int plugin_start(void) { return pthread_atfork(prepare, prepare, prepare); }
