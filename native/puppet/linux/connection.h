// One thread's connection to the controller, with the mappings that its requests and replies lie in. Nothing here calls
// malloc: what is exchanged must not show up in the heap that is studied.

#pragma once

#include <cstddef>
#include <cstdint>

#include "puppet/protocol.h"

namespace alloc8::puppet {

// A mapping that grows. Its contents survive growth.
class Space {
 public:
  // False where there is no memory.
  bool reserve(std::size_t bytes);
  void release();
  char* at(std::size_t offset) const { return memory_ + offset; }

 private:
  char* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

class Connection {
 public:
  // Connects to the socket at `path` and says who this thread is; false where nobody listens.
  bool open(const char* path, const Hello& hello);
  void close();

  // Waits for the next request and reads it whole; null when the controller has gone.
  const Request* receive();
  const Command* commands() const;
  const char* data() const;
  std::size_t dataBytes() const { return dataBytes_; }

  // Makes room for the results of a request of so many commands; false where there is none.
  bool beginReply(std::uint32_t results);
  Result* results() const;
  // Room for the bytes that result `index` brings, appended; null where there is none.
  char* append(std::uint32_t index, std::size_t bytes);
  bool sendReply(Reply reply);
  // Says that a signal ends the process and waits until the controller has ended its side. S
  void sendDied(const Died& died, std::uint32_t sequence) const;

 private:
  bool readAll(void* to, std::size_t bytes) const;
  bool writeAll(const void* from, std::size_t bytes) const;

  int socket_ = -1;
  Space in_;
  Space out_;
  std::size_t dataBytes_ = 0;
  std::size_t outBytes_ = 0;
  std::uint32_t results_ = 0;
};

}  // namespace alloc8::puppet
