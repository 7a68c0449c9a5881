// A process whose address space is limited to 512 MiB from its start, as by `ulimit -v`: the heap starts and works.
// @standard C23 7.24.3.6
#include "limited.h"

int main(int count, char** arguments) { return check_limited(count, arguments, RLIMIT_AS); }
