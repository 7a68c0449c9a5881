// alloc8-puppet: a program whose threads and forks obey commands sent from TypeScript (lib/lab). It is an ordinary,
// dynamically linked program, so that a heap can be preloaded into it like into any other; by itself it allocates
// nothing.
//
//   alloc8-puppet SOCKET MEETINGS

#include <cstdio>

#include "puppet/linux/actor.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: alloc8-puppet SOCKET MEETINGS\nIt is started by alloc8's lab and obeys over that socket.\n",
               stderr);
    return 2;
  }
  alloc8::puppet::controllerPath = argv[1];
  if (!alloc8::puppet::prepareMeetings(argv[2])) return 125;
  alloc8::puppet::watchSignals();
  alloc8::puppet::admitTracers();
  alloc8::puppet::Actor actor;
  actor.play(0);
  return 0;
}
