// Allocates and frees in steps: before each it says in a folder that it is there, and waits until it may go on. No call
// to the heap but those that are asked for. steps FOLDER STEP...; a step is +N (N blocks of 1000 bytes), *N (of 2000),
// -N (the N oldest are freed), fork (a child frees the 10 oldest and ends) or exec (a child runs this program with +5).
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void* blocks[200000];
static int oldest, newest;

static char* place(const char* folder, char kind, int step, char* path) {
  size_t length = strlen(folder);
  memcpy(path, folder, length);
  path[length] = '/';
  path[length + 1] = kind;
  path[length + 2] = (char)('0' + step);
  path[length + 3] = '\0';
  return path;
}

static void take(int count) {
  while (count-- > 0 && oldest < newest) free(blocks[oldest++]);
}

static void step(const char* what, char** argument) {
  int count = atoi(what + 1);
  if (*what == '-') take(count);
  for (int i = 0; i < count && (*what == '+' || *what == '*'); i++)
    blocks[newest++] = malloc(*what == '+' ? 1000 : 2000);
  if (*what != 'f' && *what != 'e') return;
  pid_t child = fork();
  if (child == 0) {
    if (*what == 'e') execl(argument[0], argument[0], argument[1], "exec-ed", NULL);
    take(10);
    _exit(0);
  }
  waitpid(child, NULL, 0);
}

int main(int arguments, char** argument) {
  char path[4096];
  if (arguments < 3 || strlen(argument[1]) > 4000) return 2;
  if (strcmp(argument[2], "exec-ed") == 0) return step("+5", argument), 0;
  for (int i = 2; i < arguments; i++) {
    close(open(place(argument[1], 'p', i - 2, path), O_CREAT | O_WRONLY, 0600));
    while (access(place(argument[1], 'g', i - 2, path), F_OK) != 0) usleep(1000);
    step(argument[i], argument);
  }
  return 0;
}
