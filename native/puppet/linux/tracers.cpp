// Who may look into a puppet. Where Yama's ptrace_scope is 1, a process may be traced only by those who started it; the
// lab follows system calls through strace, which is a sibling of the puppet.

#ifndef __linux__
#error "this file is for Linux"
#endif

#include <sys/prctl.h>

#include "puppet/linux/actor.h"

namespace alloc8::puppet {

void admitTracers() {
  // An error means that there is no Yama, and then nothing is in the way.
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
}

}  // namespace alloc8::puppet
