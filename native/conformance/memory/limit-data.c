// A process whose private writable memory is limited to 512 MiB from its start (RLIMIT_DATA): the heap starts, works,
// and refuses what is above it.
// @standard getrlimit(2), RLIMIT_DATA
// @standard C23 7.24.3.6
#include "limited.h"

int main(int count, char** arguments) { return check_limited(count, arguments, RLIMIT_DATA); }
