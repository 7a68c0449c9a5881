// What a puppet and the TypeScript layer say to each other: each thread of a puppet has a connection of its own, over
// which requests come (a list of commands) and one reply goes back for each. Everything is little-endian, of fixed
// size, and read into mappings of the thread's own, so that talking allocates nothing in the heap under study. The
// other side is lib/lab/protocol.ts; test/unit/lab holds the two against each other.

#pragma once

#include <cstddef>
#include <cstdint>

namespace alloc8::puppet {

constexpr std::uint32_t kProtocolVersion = 3;

// Every command: its number, its name, and what its arguments are. A result has a value, an errno, and for some bytes.
// New ones go to the end.
#define ALLOC8_PUPPET_COMMANDS(X)                                                                            \
  X(1, malloc)        /* size -> address */                                                                  \
  X(2, calloc)        /* count, size -> address */                                                           \
  X(3, realloc)       /* address, size -> address */                                                         \
  X(4, reallocarray)  /* address, count, size -> address */                                                  \
  X(5, free)          /* address */                                                                          \
  X(6, memalign)      /* alignment, size -> address */                                                       \
  X(7, alignedAlloc)  /* alignment, size -> address */                                                       \
  X(8, posixMemalign) /* alignment, size -> address */                                                       \
  X(9, usableSize)    /* address -> bytes */                                                                 \
  X(10, newBytes)     /* size, alignment or 0, whether an array -> address */                                \
  X(11, deleteBytes)  /* address, size or 0, alignment or 0, whether an array */                             \
  X(12, read)         /* address, bytes -> the bytes; EFAULT where they cannot be read */                    \
  X(13, write)        /* address; the bytes */                                                               \
  X(14, fill)         /* address, byte, bytes */                                                             \
  X(15, compare)      /* address; the bytes -> offset of the first that differs, or all ones */              \
  X(16, verify)       /* address, byte, bytes -> likewise */                                                 \
  X(17, load)         /* address -> its byte, by a load like any other */                                    \
  X(18, touch)        /* address, bytes, stride: writes a byte at each step */                               \
  X(19, increment)    /* address, times: adds 1 to the eight bytes there */                                  \
  X(20, mmap)         /* address or 0, bytes, protection, flags -> address */                                \
  X(21, munmap)       /* address, bytes */                                                                   \
  X(22, mprotect)     /* address, bytes, protection */                                                       \
  X(23, madvise)      /* address, bytes, advice */                                                           \
  X(24, sbrk)         /* signed bytes -> the break before */                                                 \
  X(25, fork)         /* the child's token -> its pid */                                                     \
  X(26, startThread)  /* its token */                                                                        \
  X(27, joinThread)   /* its token */                                                                        \
  X(28, exitThread)   /* how: 0 return, 1 pthread_exit, 2 pthread_cancel */                                  \
  X(29, exitProcess)  /* status, whether by _exit */                                                         \
  X(30, waitProcess)  /* pid -> status as waitpid has it; EAGAIN where it still runs */                      \
  X(31, barrier)      /* place, parties */                                                                   \
  X(32, sleep)        /* nanoseconds */                                                                      \
  X(33, trim)         /* bytes to leave -> whether memory was released */                                    \
  X(34, mark)         /* a number, told to whoever follows the system calls: madvise(number * page, 0, 0) */ \
  X(35, statistics)   /* -> mallinfo2 as it lies in memory */                                                \
  X(36, tell)         /* -> nothing, once all before it has been done */                                     \
  X(37, copy)         /* to, from, bytes: within the process */                                              \
  X(38, atomicAdd)    /* address, times: as increment, by atomic instructions */                             \
  X(39, mremap)       /* address, old bytes, new bytes, flags -> address */

enum class Op : std::uint16_t {
#define ALLOC8_PUPPET_NUMBER(number, name) name = number,
  ALLOC8_PUPPET_COMMANDS(ALLOC8_PUPPET_NUMBER)
#undef ALLOC8_PUPPET_NUMBER
};

constexpr std::size_t kArguments = 4;

// One command. An argument is a number, or where its bit in `references` is set the value of an earlier command of the
// same request plus an offset: the low half is that command's position, the high half the signed offset.
struct Command {
  Op op;
  std::uint16_t references;
  std::uint32_t dataBytes;
  std::uint64_t arguments[kArguments];
  std::uint64_t dataOffset;  // from the end of the commands
};
static_assert(sizeof(Command) == 48);

// Flags of a request.
constexpr std::uint32_t kTimed = 1;  // the time of each command as well

struct Request {
  std::uint32_t bytes;  // of all that follows
  std::uint32_t sequence;
  std::uint32_t commands;
  std::uint32_t repeat;  // the whole list so many times; the results are the last one's, the times sums
  std::uint32_t flags;
  std::uint32_t barrier;  // where `parties` is not 0: a place at which to wait for the others first
  std::uint32_t parties;
  std::uint32_t padding;
};
static_assert(sizeof(Request) == 32);

enum class Kind : std::uint32_t { hello = 1, done = 2, died = 3 };

struct Reply {
  std::uint32_t bytes;  // of all that follows
  std::uint32_t sequence;
  Kind kind;
  std::uint32_t results;
  std::uint64_t startNs;  // monotonic, once all parties were there; 0 where they never were, and nothing was done
  std::uint64_t ns;       // from then to the end of the last command
};
static_assert(sizeof(Reply) == 32);

struct Result {
  std::uint64_t value;
  std::uint32_t error;  // an errno, 0 for none
  std::uint32_t dataBytes;
  std::uint64_t ns;  // 0 where not timed
};
static_assert(sizeof(Result) == 24);

// The first thing that a thread says.
struct Hello {
  std::uint32_t version;
  std::uint32_t dying;  // 1: a signal ends the child of a fork before it has come; its last words follow
  std::uint64_t token;
  std::uint64_t pid;
  std::uint64_t tid;
  std::uint64_t self;  // pthread_self
  std::uint64_t stackLow;
  std::uint64_t stackHigh;
};
static_assert(sizeof(Hello) == 56);

constexpr std::size_t kMaxFrames = 64;

// The last thing that a thread says when a signal ends its process; it waits until the controller says no more.
struct Died {
  std::uint32_t signal;
  std::int32_t code;
  std::uint64_t address;
  std::uint32_t command;  // position in the request, all ones where none was under way
  std::uint32_t frames;
  std::uint64_t frame[kMaxFrames];
};
static_assert(sizeof(Died) == 24 + 8 * kMaxFrames);

// A place at which threads of several processes meet, and how many there are, in a file that the controller makes. The
// low half of `state` counts who has arrived, the high half is the round, so that to arrive and to leave are one step.
struct Meeting {
  std::uint64_t state;
  std::uint32_t abandoned;  // the controller writes 1: not all will come, and whoever waits is to go on
  std::uint32_t padding;
};
static_assert(sizeof(Meeting) == 16);
constexpr std::size_t kMeetings = 4096;

// What a request may hold at most; its reply as well.
constexpr std::size_t kMaxBytes = std::size_t{1} << 28;

}  // namespace alloc8::puppet
