/**
 * What a target does in places where hardly any code may run: in signal handlers that interrupt the loader, in children
 * that came about past fork's handlers, on stacks of a few kilobytes, under a filter of system calls. With the witness
 * it ends as it does without.
 */

import { afterAll, expect, test } from 'vitest'
import { compile } from '../support/compile.ts'
import { scratch } from '../support/launching.ts'
import { type Observed, reasonCodes, runUnder } from '../support/run-under.ts'

const folder = scratch()
afterAll(folder.remove)

const headers = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static char *library;
static void load_and_unload(void) {
  void *first = dlopen("libm.so.6", RTLD_NOW);
  void *second = dlopen(library, RTLD_NOW);
  if (first == NULL || second == NULL) _exit(90);
  dlclose(second);
  dlclose(first);
}
`

/** A library that allocates, so that there is something to look at. */
const user = 'void *malloc(unsigned long); void *use(void) { return malloc(10); }\n'

async function build(name: string, source: string): Promise<[program: string, library: string]> {
  const library = await compile(folder.path, { name: 'libuser.so', source: user, flags: ['-shared', '-fPIC'] })
  // Bound at once: to resolve a symbol in a signal handler takes kilobytes of stack.
  return [await compile(folder.path, { name, source: headers + source, flags: ['-pthread', '-Wl,-z,now'] }), library]
}

function expectWell({ result, stderr }: Observed, exitCode = 0): void {
  expect({ stderr, signal: result.signal, exitCode: result.exitCode }).toEqual({ stderr: '', signal: null, exitCode })
}

test('_exit in a signal handler that interrupts dlopen and dlclose', async () => {
  const source = `
static void handler(int number) { _exit(number == SIGALRM ? 0 : 91); }
static int child(int delay) {
  struct itimerval timer = {{0, 0}, {0, 1500 + delay % 3000}};
  signal(SIGALRM, handler);
  setitimer(ITIMER_REAL, &timer, NULL);
  for (;;) load_and_unload();
}
int main(int count, char **arguments) {
  library = arguments[1];
  int wrong = 0;
  for (int round = 0; round < 300; ++round) {
    pid_t pid = fork();
    if (pid == 0) child(round * 37 + count);
    int status;
    waitpid(pid, &status, 0);
    if (status != 0) ++wrong;
  }
  return wrong > 90 ? 90 : wrong;
}
`
  expectWell(await runUnder('simple', await build('interrupts', source)))
})

test.each(['_Fork()', 'syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)', 'vfork()'])(
  '%s while another thread is in the loader: nobody waits for a thread that is not there',
  async (fork) => {
    const source = `
static void *loop(void *unused) {
  for (;;) load_and_unload();
  return unused;
}
int main(int count, char **arguments) {
  library = arguments[1];
  pthread_t thread;
  if (pthread_create(&thread, NULL, loop, NULL) != 0) return 92;
  for (int round = 0; round < 150; ++round) {
    pid_t pid = ${fork};
    if (pid == 0) {
      if (round % 2 == 0) execl("/bin/true", "true", (char *)0);
      _exit(0);
    }
    int status = 0, waited = 0;
    while (waitpid(pid, &status, WNOHANG) == 0) {
      if (++waited == 20000) {
        kill(pid, SIGKILL);
        _exit(93);
      }
      usleep(500);
    }
    if (status != 0) _exit(94);
  }
  _exit(count > 2);
}
`
    expectWell(await runUnder('simple', await build(`forks-${fork.replace(/\W.*/, '')}`, source)))
  },
)

test('a signal handler on a small stack of its own: _exit, and an exec that fails', async () => {
  const source = `
static const char *missing = "not-there";
static void handler(int number) {
  if (number == SIGUSR2) {
    execl(missing, "x", (char *)0);
    execlp(missing, "x", (char *)0);
  }
  _exit(0);
}
int main(int count, char **arguments) {
  library = arguments[1];
  if (count > 9 || dlopen(library, RTLD_NOW | RTLD_DEEPBIND) == NULL) return 95;
  // The least that the kernel takes, and room for a few calls.
  size_t size = sysconf(_SC_MINSIGSTKSZ) + 1700;
  char *stack = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mprotect(stack, 4096, PROT_NONE) != 0) return 96;
  stack_t own = {.ss_sp = stack + 4096, .ss_size = size};
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
  if (sigaltstack(&own, NULL) != 0) return 97;
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGUSR2, &action, NULL);
  for (int signal = SIGUSR1; signal; signal = signal == SIGUSR1 ? SIGUSR2 : 0) {
    pid_t pid = fork();
    if (pid == 0) {
      dlopen("libm.so.6", RTLD_NOW);
      raise(signal);
    }
    int status;
    waitpid(pid, &status, 0);
    if (status != 0) return 98;
  }
  return 0;
}
`
  expectWell(await runUnder('simple', await build('small-stack', source)))
})

test.each(['return', '_exit', 'fork'])('a filter that kills for all but a few system calls: %s', async (way) => {
  const source = `
static const int calm[] = {SYS_read, SYS_write, SYS_exit, SYS_exit_group, SYS_brk, SYS_rt_sigreturn, SYS_close,
#ifdef SYS_newfstatat
  SYS_newfstatat,
#endif
  SYS_fstat};
static const int forking[] = {SYS_clone, SYS_wait4, SYS_set_robust_list, SYS_rseq, SYS_getpid, SYS_rt_sigprocmask};
static struct sock_filter filter[64];
static unsigned short length;
static void add(struct sock_filter statement) { filter[length++] = statement; }
static void allow(const int *calls, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], 0, 1));
    add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  }
}
int main(int count, char **arguments) {
  const char *way = arguments[2];
  library = arguments[1];
  if (count != 3 || dlopen(library, RTLD_NOW) == NULL) return 95;
  add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
  allow(calm, sizeof calm / sizeof *calm);
  if (!strcmp(way, "fork")) allow(forking, sizeof forking / sizeof *forking);
  add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  struct sock_fprog program = {length, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 96;
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return 97;
  if (!strcmp(way, "fork")) {
    for (int round = 0; round < 300; ++round) {
      pid_t pid = fork();
      if (pid == 0) _exit(3);
      int status;
      if (waitpid(pid, &status, 0) != pid || status != 3 << 8) _exit(98);
    }
  }
  if (!strcmp(way, "_exit")) _exit(0);
  return 0;
}
`
  const [program, library] = await build('filters', source)
  const observed = await runUnder('simple', [program, library, way])
  expectWell(observed)
  // What was loaded before the filter was looked at before it.
  expect(reasonCodes(observed)).toEqual([])
  expect(observed.result.verdict.processes).toHaveLength(way === 'fork' ? 301 : 1)
})

test('under `system`, whose libc comes before all others, children and late libraries are followed too', async () => {
  const source = `
int main(int count, char **arguments) {
  library = arguments[1];
  if (dlopen(library, RTLD_NOW) == NULL) return 95;
  char *const none[] = {NULL};
  char *const words[] = {"true", NULL};
  pid_t pid = fork();
  if (pid == 0) execve("/bin/true", words, none);
  int status;
  waitpid(pid, &status, 0);
  _exit(count == 2 ? status : 96);
}
`
  const observed = await runUnder('system', await build('follows', source))
  expectWell(observed)
  expect(reasonCodes(observed)).toEqual(['preload-dropped'])
  expect(observed.result.verdict).toMatchObject({
    state: 'inactive',
    processes: [{ state: 'active' }, { state: 'inactive' }],
  })
})

test('a program below an open folder is called by its path', async () => {
  const source = `
int main(int count, char **arguments) {
  char *const words[] = {"true", NULL};
  char *const none[] = {NULL};
  (void)arguments;
  if (count != 2) return 95;
  int bin = open("/bin", O_PATH | O_DIRECTORY);
  execveat(bin, "true", words, none, 0);
  return 96;
}
`
  const observed = await runUnder('simple', await build('below', source))
  expectWell(observed)
  const message = observed.result.verdict.reasons.map((reason) => reason.message).join()
  expect(message).toMatch(/\/bin\/true/)
  expect(message).not.toContain('//')
})
