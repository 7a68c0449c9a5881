// See actor.h. Here is what a thread does with a request; what single commands do stands in commands.cpp.

#ifndef __linux__
#error "this file is for Linux"
#endif

#include "puppet/linux/actor.h"

#include <pthread.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "base/compiler.h"

namespace alloc8::puppet {

namespace {

thread_local Actor* t_current = nullptr;

std::uint64_t nowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000000U + static_cast<std::uint64_t>(now.tv_nsec);
}

// Where this thread's stack lies. The main thread's is left at zero: asking for it reads a file through malloc.
void findStack(Hello* hello) {
  if (getpid() == gettid()) return;
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
  void* low = nullptr;
  std::size_t bytes = 0;
  if (pthread_attr_getstack(&attributes, &low, &bytes) == 0) {
    hello->stackLow = reinterpret_cast<std::uintptr_t>(low);
    hello->stackHigh = hello->stackLow + bytes;
  }
  pthread_attr_destroy(&attributes);
}

}  // namespace

const char* controllerPath = nullptr;

Actor* Actor::current() { return t_current; }

bool Actor::connect(std::uint64_t token, bool dying) {
  Hello hello{};
  hello.version = kProtocolVersion;
  hello.dying = dying ? 1 : 0;
  hello.token = token;
  hello.pid = static_cast<std::uint64_t>(getpid());
  hello.tid = static_cast<std::uint64_t>(gettid());
  hello.self = static_cast<std::uint64_t>(pthread_self());
  findStack(&hello);
  pid_ = getpid();
  return connection_.open(controllerPath, hello);
}

void Actor::play(std::uint64_t token) {
  t_current = this;
  giveSignalStack();
  if (!connect(token)) _exit(125);
  while (ending_ == Ending::none) {
    const Request* request = connection_.receive();
    // The controller has gone, and nobody is left to obey.
    if (request == nullptr) _exit(0);
    obey(*request);
  }
  end();
}

void Actor::beginAgain(std::uint64_t token) {
  // The socket is the parent's, the mappings are copies.
  connection_.close();
  if (!connect(token)) _exit(125);
}

void Actor::obey(const Request& request) {
  sequence_ = request.sequence;
  const std::uint32_t count = request.commands;
  const std::uint32_t repeat = request.repeat;
  const bool timed = (request.flags & kTimed) != 0;
  Reply reply{0, sequence_, Kind::done, 0, 0, 0};
  if (!connection_.beginReply(count)) _exit(125);
  std::memset(connection_.results(), 0, count * sizeof(Result));
  meeting_ = request.parties != 0 ? request.barrier : 0;
  if (request.parties != 0 && meet(request.barrier, request.parties, meeting_) != 0) {
    if (!connection_.beginReply(0) || !connection_.sendReply(reply)) _exit(0);
    return;
  }
  reply.startNs = nowNs();
  for (std::uint32_t round = 0; round < repeat; ++round) {
    // What the last round appended is not told; only the last one's bytes are.
    if (round > 0) connection_.beginReply(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      command_ = i;
      const Command& command = connection_.commands()[i];
      std::uint64_t arguments[kArguments];
      if (!resolve(command, i, arguments)) {
        connection_.results()[i] = Result{0, EINVAL, 0, 0};
        continue;
      }
      const std::uint64_t before = timed ? nowNs() : 0;
      errno = 0;
      execute(command, arguments, i);
      if (inChild_) {
        inChild_ = false;
        command_ = ~std::uint32_t{0};
        return;
      }
      if (timed) connection_.results()[i].ns += nowNs() - before;
    }
  }
  reply.ns = nowNs() - reply.startNs;
  command_ = ~std::uint32_t{0};
  if (!connection_.sendReply(reply)) _exit(0);
  if (exiting_) {
    if (quickly_) _exit(status_);
    std::exit(status_);
  }
}

bool Actor::resolve(const Command& command, std::uint32_t index, std::uint64_t (&arguments)[kArguments]) const {
  for (std::size_t i = 0; i < kArguments; ++i) {
    arguments[i] = command.arguments[i];
    if ((command.references >> i & 1) == 0) continue;
    const auto earlier = static_cast<std::uint32_t>(arguments[i]);
    const auto offset = static_cast<std::int32_t>(arguments[i] >> 32);
    if (earlier >= index) return false;
    arguments[i] = connection_.results()[earlier].value + static_cast<std::uint64_t>(std::int64_t{offset});
  }
  if (command.dataOffset > connection_.dataBytes()) return false;
  return command.dataBytes <= connection_.dataBytes() - command.dataOffset;
}

void Actor::end() {
  const Ending ending = ending_;
  connection_.close();
  takeSignalStack();
  t_current = nullptr;
  if (ending == Ending::byPthreadExit) pthread_exit(nullptr);
  if (ending == Ending::byCancel) {
    pthread_cancel(pthread_self());
    pthread_testcancel();
  }
}

void Actor::reportDeath(int signal, int code, std::uintptr_t address) {
  // In the child of a fork, of which nothing has been heard: the connection is still the parent's.
  if (getpid() != pid_) {
    connection_.close();
    sequence_ = 0;
    command_ = ~std::uint32_t{0};
    if (!connect(childToken_, true)) return;
  }
  Died died{};
  died.signal = static_cast<std::uint32_t>(signal);
  died.code = code;
  died.address = address;
  died.command = command_;
  died.frames = collectFrames(died.frame, kMaxFrames);
  connection_.sendDied(died, sequence_);
}

}  // namespace alloc8::puppet
