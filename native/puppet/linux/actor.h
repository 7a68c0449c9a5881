// One thread of a puppet: it obeys what comes over its connection until it is told to end, or the controller has gone.

#pragma once

#include <pthread.h>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "puppet/linux/connection.h"

namespace alloc8::puppet {

// How a thread ends.
enum class Ending : std::uint8_t { none, byReturn, byPthreadExit, byCancel };

class Actor {
 public:
  // Connects as `token`, obeys, and comes back only where the thread is to end by return; the process ends with the
  // controller.
  void play(std::uint64_t token);

  // For the signal handler: what was under way. S
  void reportDeath(int signal, int code, std::uintptr_t address);

  // In the child of a fork: a connection of its own.
  void beginAgain(std::uint64_t token);

  // This thread's; null in threads that are not the puppet's.
  static Actor* current();

 private:
  bool connect(std::uint64_t token, bool dying = false);
  void obey(const Request& request);
  void execute(const Command& command, const std::uint64_t (&arguments)[kArguments], std::uint32_t index);
  bool resolve(const Command& command, std::uint32_t index, std::uint64_t (&arguments)[kArguments]) const;
  void allocate(const Command& command, const std::uint64_t (&arguments)[kArguments], Result* result);
  void access(const Command& command, const std::uint64_t (&arguments)[kArguments], std::uint32_t index);
  void callSystem(const Command& command, const std::uint64_t (&arguments)[kArguments], Result* result);
  void control(const Command& command, const std::uint64_t (&arguments)[kArguments], std::uint32_t index);
  void end();

  Connection connection_;
  // Whose connection it is, and what the next fork's child is to say of itself.
  std::int64_t pid_ = 0;
  std::uint64_t childToken_ = 0;
  std::uint32_t sequence_ = 0;
  std::uint32_t command_ = ~std::uint32_t{0};
  // Where the list under way was begun together with others; 0, which is none of those, where it was not.
  std::uint32_t meeting_ = 0;
  Ending ending_ = Ending::none;
  bool exiting_ = false;
  bool quickly_ = false;
  bool inChild_ = false;
  int status_ = 0;
};

// Where the controller listens; set once by main.
extern const char* controllerPath;

// Starts a thread that plays `token`; an errno, 0 for none.
int startActor(std::uint64_t token);
// Waits for the end of a thread that was started so; an errno, 0 for none.
int joinActor(std::uint64_t token);
// A place where `parties` threads wait for one another, in this process and in its forks. An errno, 0 for none: EINVAL
// where there is no such place, ECANCELED where the meeting `within` is abandoned, which a place in a list is a part
// of.
int meet(std::uint64_t place, std::uint64_t parties, std::uint32_t within);
// Maps the controller's file of meetings; false where that is none.
bool prepareMeetings(const char* path);
// Has signals that end a process reported first; once for the process.
void watchSignals();
// Lets processes of the same user follow this one, whoever started them; once for the process.
void admitTracers();
// A stack for the handler in this thread: the usual one may have overflowed.
void giveSignalStack();
void takeSignalStack();
// Return addresses from the caller on; how many. Takes no lock, and asks no heap. S
std::uint32_t collectFrames(std::uint64_t* frames, std::size_t capacity);

}  // namespace alloc8::puppet
