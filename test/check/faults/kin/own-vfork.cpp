// vfork is fork: the child has a copy of the parent's memory, where it should have borrowed it.
#include <unistd.h>

extern "C" pid_t vfork() noexcept { return fork(); }
