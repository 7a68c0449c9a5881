// What programs do that a probe may trip over, one behaviour a word. Each prints what a reader can count afterwards is
// known: every thread and every child makes kWork allocations of kBytes and frees them.
//
//   behaviours threads N        N threads that live at the same time
//   behaviours children N       N children that live at the same time
//   behaviours chain N          a child of a child of a child, N deep
//   behaviours kill | segv | abort | _exit    work, then that end
//   behaviours daemon           leaves its session by two forks, works there, and tells the first process
//   behaviours close            closes every descriptor, then threads and a child
//   behaviours root FOLDER      changes its root, then threads and a child
//   behaviours become UID       drops its privileges, then threads and a child
//   behaviours limit BYTES      sets RLIMIT_FSIZE, then threads and a child
//   behaviours fill FILE        writes to FILE until the disk is full, then threads and a child
//   behaviours clone            a child by fork, then one by the bare system call, which runs no handlers
//   behaviours killed-child     a child that works and is killed while threads of its own work

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kWork = 50, kBytes = 5000, kFailed = 99, kThreads = 20 };

static void demand(int holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "behaviours: %s: %s\n", what, strerror(errno));
  _exit(kFailed);
}

// Also sees that nobody else writes to the blocks.
static void work(void) {
  char* volatile blocks[kWork];
  for (int i = 0; i < kWork; i++) {
    blocks[i] = malloc(kBytes);
    demand(blocks[i] != NULL, "malloc");
    memset(blocks[i], i, kBytes);
  }
  for (int i = 0; i < kWork; i++) {
    demand(blocks[i][0] == i && blocks[i][kBytes - 1] == i, "what was written");
    free(blocks[i]);
  }
}

static pthread_barrier_t together;

static void* thread_body(void* unused) {
  (void)unused;
  pthread_barrier_wait(&together);
  work();
  pthread_barrier_wait(&together);
  return NULL;
}

static void threads(int count) {
  pthread_t* all = malloc(sizeof *all * (size_t)count);
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 128 << 10);
  demand(pthread_barrier_init(&together, NULL, (unsigned)count) == 0, "a barrier");
  for (int i = 0; i < count; i++) {
    errno = pthread_create(&all[i], &small, thread_body, NULL);
    demand(errno == 0, "a thread");
  }
  for (int i = 0; i < count; i++) pthread_join(all[i], NULL);
  free(all);
}

static int status_of(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) demand(errno == EINTR, "waitpid");
  return status;
}

static void fork_and_work(void) {
  pid_t child = fork();
  demand(child >= 0, "fork");
  if (child == 0) {
    work();
    _exit(0);
  }
  demand(status_of(child) == 0, "the forked child");
}

static void children(long count) {
  int gate[2];
  demand(pipe(gate) == 0, "pipe");
  for (long i = 0; i < count; i++) {
    pid_t child = fork();
    demand(child >= 0, "fork");
    if (child > 0) continue;
    char byte;
    close(gate[1]);
    demand(read(gate[0], &byte, 1) == 0, "read");
    work();
    _exit(0);
  }
  close(gate[1]);
  int status = 0;
  long ended = 0;
  while (waitpid(-1, &status, 0) > 0) ended += status == 0;
  demand(ended == count, "some children");
}

static void chain(long length) {
  if (length == 0) return;
  pid_t child = fork();
  demand(child >= 0, "fork");
  if (child == 0) {
    work();
    chain(length - 1);
    _exit(0);
  }
  demand(status_of(child) == 0, "a link of the chain");
}

// As daemons do that say when they are ready: the first process ends only then.
static void daemonise(void) {
  int ready[2];
  demand(pipe(ready) == 0, "pipe");
  pid_t child = fork();
  demand(child >= 0, "fork");
  if (child == 0) {
    demand(setsid() > 0, "setsid");
    pid_t daemon = fork();
    demand(daemon >= 0, "fork");
    if (daemon > 0) _exit(0);
    close(ready[0]);
    // The one in between is gone before the daemon allocates.
    while (getppid() == getpgid(0)) usleep(1000);
    work();
    demand(write(ready[1], "r", 1) == 1, "write");
    _exit(0);
  }
  close(ready[1]);
  demand(status_of(child) == 0, "the process in between");
  char byte;
  demand(read(ready[0], &byte, 1) == 1, "the daemon's word");
  demand(read(ready[0], &byte, 1) == 0, "the daemon's end");
}

static void fill(const char* file) {
  static char block[1 << 16];
  int fd = open(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
  demand(fd >= 0, file);
  for (size_t part = sizeof block; part > 0;) {
    if (write(fd, block, part) < 0) part /= 2;
  }
  demand(errno == ENOSPC, "a full disk");
  close(fd);
}

static void threads_and_a_child(void) {
  threads(kThreads);
  fork_and_work();
}

static void clone_and_work(void) {
  fork_and_work();
  char* volatile kept = malloc(1 << 20);
  demand(kept != NULL, "malloc");
  pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
  demand(child >= 0, "clone");
  if (child == 0) {
    work();
    _exit(0);
  }
  demand(status_of(child) == 0, "the cloned child");
  free(kept);
}

static void killed_child(void) {
  int ready[2];
  demand(pipe(ready) == 0, "pipe");
  pid_t child = fork();
  demand(child >= 0, "fork");
  if (child == 0) {
    threads(4);
    demand(write(ready[1], "r", 1) == 1, "write");
    for (;;) work();
  }
  char byte;
  demand(read(ready[0], &byte, 1) == 1, "the child's word");
  demand(kill(child, SIGKILL) == 0, "kill");
  demand(WTERMSIG(status_of(child)) == SIGKILL, "its end");
}

static void end(const char* word) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  work();
  puts("worked");
  fflush(stdout);
  if (!strcmp(word, "kill")) kill(getpid(), SIGKILL);
  if (!strcmp(word, "segv")) *(volatile int*)8 = 1;
  if (!strcmp(word, "abort")) abort();
  _exit(7);
}

int main(int argc, char** argv) {
  const char* word = argc > 1 ? argv[1] : "";
  const char* more = argc > 2 ? argv[2] : "";
  if (!strcmp(word, "threads")) {
    threads(atoi(more));
  } else if (!strcmp(word, "children")) {
    children(atol(more));
  } else if (!strcmp(word, "chain")) {
    chain(atol(more));
  } else if (!strcmp(word, "kill") || !strcmp(word, "segv") || !strcmp(word, "abort") || !strcmp(word, "_exit")) {
    end(word);
  } else if (!strcmp(word, "daemon")) {
    daemonise();
  } else if (!strcmp(word, "close")) {
    demand(syscall(SYS_close_range, 0, ~0u, 0) == 0, "close_range");
    threads_and_a_child();
    return 0;
  } else if (!strcmp(word, "root")) {
    demand(chroot(more) == 0 && chdir("/") == 0, "chroot");
    threads_and_a_child();
  } else if (!strcmp(word, "become")) {
    uid_t uid = (uid_t)atol(more);
    demand(setgroups(0, NULL) == 0 && setgid(uid) == 0 && setuid(uid) == 0, "setuid");
    threads_and_a_child();
  } else if (!strcmp(word, "limit")) {
    struct rlimit limit = {(rlim_t)atoll(more), (rlim_t)atoll(more)};
    demand(setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit");
    threads_and_a_child();
  } else if (!strcmp(word, "fill")) {
    fill(more);
    threads_and_a_child();
  } else if (!strcmp(word, "clone")) {
    clone_and_work();
  } else if (!strcmp(word, "killed-child")) {
    killed_child();
  } else {
    fprintf(stderr, "behaviours: %s: no such behaviour\n", word);
    return 2;
  }
  puts("as planned");
  return 0;
}
