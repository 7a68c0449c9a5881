// Makes a known number of calls to the heap in the main thread and in threads, and ends as it is told.
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void* volatile kept[4000];

static void* body(void* argument) {
  size_t count = (size_t)argument;
  for (size_t i = 0; i < count; i++) {
    void* volatile block = malloc(100);
    free(block);
  }
  return NULL;
}

// calls COUNT THREADS END: COUNT of each call, in all threads too; END is return, kill, abort, segv, _exit or fork.
int main(int arguments, char** argument) {
  if (arguments < 4) return 2;
  size_t count = strtoul(argument[1], NULL, 10);
  int threads = atoi(argument[2]);
  for (size_t i = 0; i < count && i < 1000; i++) {
    kept[i] = malloc(1000);
    kept[i + 1000] = calloc(10, 10);
    kept[i + 2000] = realloc(kept[i], 3000);
    kept[i + 3000] = memalign(64, 64);
    free(kept[i + 1000]);
  }
  for (int i = 0; i < threads; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, (void*)count) != 0) return 3;
    pthread_join(thread, NULL);
  }
  const char* end = argument[3];
  if (strcmp(end, "kill") == 0) kill(getpid(), SIGKILL);
  if (strcmp(end, "abort") == 0) abort();
  if (strcmp(end, "segv") == 0) raise(SIGSEGV);
  if (strcmp(end, "_exit") == 0) _exit(0);
  if (strcmp(end, "fork") == 0) {
    pid_t child = fork();
    if (child == 0) {
      for (size_t i = 0; i < count && i < 1000; i++) free(kept[i + 2000]);
      _exit(0);
    }
    waitpid(child, NULL, 0);
  }
  return 0;
}
