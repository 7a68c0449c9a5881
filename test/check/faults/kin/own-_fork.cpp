// _Fork is fork, and runs the handlers that it should not.
#include <unistd.h>

extern "C" pid_t _Fork() noexcept { return fork(); }
