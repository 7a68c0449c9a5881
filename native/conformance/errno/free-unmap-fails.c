// free keeps errno where the kernel refuses to unmap: a seccomp filter lets munmap and madvise fail with EPERM.
// @standard POSIX.1-2024, free()
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "../check.h"

static void refuse_unmapping(void) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_munmap, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    SKIP("seccomp filters are not allowed here");
}

int main(void) {
  enum { count = 24 };
  char* blocks[count];
  for (size_t i = 0; i < count; i++) {
    size_t size = (size_t)50000 << (i % 10);
    blocks[i] = malloc(opaque(size));
    CHECK_BLOCK(blocks[i]);
    blocks[i][0] = blocks[i][size - 1] = 1;
  }
  refuse_unmapping();
  for (size_t i = 0; i < count; i++) {
    check_case = i + 1;
    errno = ENOTTY;
    free(blocks[i]);
    CHECK_EQUAL(errno, ENOTTY);
  }
  return 0;
}
