// What targets do that a controller may trip over, one behaviour a word. Each ends with 0 when everything went as it
// does without anybody watching, and nothing lives longer than half a minute, so that a failing test leaves nothing.
//
//   unruly close | clear-environment | close-on-exec        then executes itself and forks
//   unruly limit WHAT NUMBER     WHAT: files, memory, descriptors, processes; then allocates, forks and executes itself
//   unruly become UID            drops its privileges, then forks and executes itself
//   unruly root FOLDER           changes its root, then forks
//   unruly lead                  becomes the leader of a session of its own, then forks
//   unruly children N            N children that live at the same time
//   unruly chain N               a child of a child of a child, N deep
//   unruly daemon MARKER         leaves a daemon behind
//   unruly orphan-parent SIGNAL  sends a signal to its parent, and lives on for a moment
//   unruly stop FILE             stops itself once FILE is there; goes on to the end when somebody continues it
//   unruly print BYTES           prints so many bytes of every value, 0 to 255 in turn

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { failed = 99, patience = 30, page = 4096 };

static void demand(int holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "unruly: %s: %s\n", what, strerror(errno));
  _exit(failed);
}

static int ends_well(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return 0;
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// A child that allocates and ends.
static void fork_and_allocate(void) {
  pid_t child = fork();
  demand(child >= 0, "fork");
  if (child == 0) {
    char* block = malloc(100000);
    if (block == NULL) _exit(1);
    memset(block, 1, 100000);
    free(block);
    _exit(0);
  }
  demand(ends_well(child), "the forked child");
}

// A child that executes this program again, where it does nothing.
static void execute_again(char** environment) {
  char name[page];
  ssize_t length = readlink("/proc/self/exe", name, sizeof name - 1);
  demand(length > 0, "readlink");
  name[length] = '\0';
  char* words[] = {name, "nothing", NULL};
  pid_t child = fork();
  demand(child >= 0, "fork");
  if (child == 0) {
    execve(name, words, environment);
    _exit(1);
  }
  demand(ends_well(child), "the executed child");
}

static void limit(const char* what, rlim_t number) {
  struct rlimit value = {number, number};
  int which = !strcmp(what, "files")         ? RLIMIT_FSIZE
              : !strcmp(what, "memory")      ? RLIMIT_AS
              : !strcmp(what, "descriptors") ? RLIMIT_NOFILE
                                             : RLIMIT_NPROC;
  demand(setrlimit(which, &value) == 0, "setrlimit");
  if (which == RLIMIT_AS) {
    // Takes all there is, sees the refusal, gives it back.
    enum { blocks = 1 << 16, size = 1 << 16 };
    static void* taken[blocks];
    int count = 0;
    while (count < blocks && (taken[count] = malloc(size)) != NULL) ++count;
    demand(count < blocks, "a refusal by malloc");
    while (count > 0) free(taken[--count]);
  }
  if (which == RLIMIT_NPROC) {
    pid_t child = fork();
    if (child == 0) _exit(0);
    if (child > 0) waitpid(child, NULL, 0);
    return;
  }
  fork_and_allocate();
  execute_again(environ);
}

static void children(long count) {
  int gate[2];
  demand(pipe(gate) == 0, "pipe");
  for (long i = 0; i < count; ++i) {
    pid_t child = fork();
    demand(child >= 0, "fork");
    if (child > 0) continue;
    char byte;
    close(gate[1]);
    _exit(read(gate[0], &byte, 1) == 0 && malloc(1000) != NULL ? 0 : 1);
  }
  close(gate[1]);
  int status = 0;
  long ended = 0;
  while (waitpid(-1, &status, 0) > 0) ended += WIFEXITED(status) && WEXITSTATUS(status) == 0;
  demand(ended == count, "some children");
}

static void chain(long length) {
  if (length == 0) return;
  pid_t child = fork();
  demand(child >= 0, "fork");
  if (child == 0) {
    chain(length - 1);
    _exit(0);
  }
  demand(ends_well(child), "a link of the chain");
}

static void leave_daemon(void) {
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      demand(chdir("/") == 0, "chdir");
      syscall(SYS_close_range, 0, ~0u, 0);
      umask(0);
      sleep(patience);
    }
    _exit(0);
  }
  wait(NULL);
}

static void print(long bytes) {
  static unsigned char block[1 << 16];
  for (size_t i = 0; i < sizeof block; ++i) block[i] = (unsigned char)i;
  while (bytes > 0) {
    size_t part = bytes < (long)sizeof block ? (size_t)bytes : sizeof block;
    ssize_t done = write(STDOUT_FILENO, block, part);
    // A reader of another block size would shift the values; whole blocks or the rest are written in one piece.
    for (size_t at = done > 0 ? (size_t)done : 0; done >= 0 && at < part; at += (size_t)done) {
      done = write(STDOUT_FILENO, block + at, part - at);
    }
    demand(done >= 0, "write");
    bytes -= (long)part;
  }
}

int main(int argc, char** argv) {
  const char* word = argc > 1 ? argv[1] : "";
  const char* more = argc > 2 ? argv[2] : "";
  if (!strcmp(word, "nothing")) return malloc(10) == NULL;
  if (!strcmp(word, "close")) {
    demand(syscall(SYS_close_range, 0, ~0u, 0) == 0, "close_range");
    fork_and_allocate();
    execute_again(environ);
  } else if (!strcmp(word, "close-on-exec")) {
    for (int fd = 0; fd < 64; ++fd) fcntl(fd, F_SETFD, FD_CLOEXEC);
    execute_again(environ);
  } else if (!strcmp(word, "clear-environment")) {
    char* none[] = {NULL};
    demand(clearenv() == 0, "clearenv");
    fork_and_allocate();
    execute_again(none);
  } else if (!strcmp(word, "limit")) {
    limit(more, (rlim_t)atoll(argc > 3 ? argv[3] : ""));
  } else if (!strcmp(word, "become")) {
    uid_t uid = (uid_t)atol(more);
    demand(setgroups(0, NULL) == 0 && setgid(uid) == 0 && setuid(uid) == 0, "setuid");
    fork_and_allocate();
    execute_again(environ);
  } else if (!strcmp(word, "root")) {
    demand(chroot(more) == 0 && chdir("/") == 0, "chroot");
    fork_and_allocate();
  } else if (!strcmp(word, "lead")) {
    if (getpgid(0) == getpid()) {
      pid_t child = fork();
      if (child > 0) return ends_well(child) ? 0 : failed;
    }
    demand(setsid() > 0, "setsid");
    fork_and_allocate();
    execute_again(environ);
  } else if (!strcmp(word, "children")) {
    children(atol(more));
  } else if (!strcmp(word, "chain")) {
    chain(atol(more));
  } else if (!strcmp(word, "daemon")) {
    leave_daemon();
  } else if (!strcmp(word, "orphan-parent")) {
    demand(kill(getppid(), atoi(more)) == 0, "kill");
    sleep(patience);
  } else if (!strcmp(word, "stop")) {
    FILE* file = fopen(more, "w");
    demand(file != NULL && fclose(file) == 0, "fopen");
    alarm(patience);
    raise(SIGSTOP);
  } else if (!strcmp(word, "print")) {
    print(atol(more));
  } else {
    fprintf(stderr, "unruly: %s: no such behaviour\n", word);
    return 2;
  }
  return 0;
}
