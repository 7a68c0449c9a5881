// The socket of a thread's connection, and what is read from it and written to it whole (connection.h says why).

#ifndef __linux__
#error "this file is for Linux"
#endif

#include "puppet/linux/connection.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

namespace alloc8::puppet {

namespace {

// Room to begin with: a single command's.
constexpr std::size_t kLeastBytes = std::size_t{64} << 10;

}  // namespace

bool Space::reserve(std::size_t bytes) {
  if (bytes <= bytes_) return true;
  std::size_t wanted = bytes_ == 0 ? kLeastBytes : bytes_;
  while (wanted < bytes) wanted *= 2;
  void* memory = memory_ == nullptr ? mmap(nullptr, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                    : mremap(memory_, bytes_, wanted, MREMAP_MAYMOVE);
  if (memory == MAP_FAILED) return false;
  memory_ = static_cast<char*>(memory);
  bytes_ = wanted;
  return true;
}

void Space::release() {
  if (memory_ != nullptr) munmap(memory_, bytes_);
  memory_ = nullptr;
  bytes_ = 0;
}

bool Connection::open(const char* path, const Hello& hello) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (std::strlen(path) >= sizeof address.sun_path) return false;
  std::strcpy(address.sun_path, path);
  socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return false;
  while (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    // EAGAIN: more connections wait than the listener has places for.
    if (errno != EINTR && errno != EAGAIN) return false;
    if (errno == EAGAIN) usleep(1000);
  }
  const Reply reply{sizeof hello, 0, Kind::hello, 0, 0, 0};
  return writeAll(&reply, sizeof reply) && writeAll(&hello, sizeof hello);
}

void Connection::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  in_.release();
  out_.release();
}

const Request* Connection::receive() {
  if (!in_.reserve(sizeof(Request)) || !readAll(in_.at(0), sizeof(Request))) return nullptr;
  const std::uint32_t bytes = reinterpret_cast<const Request*>(in_.at(0))->bytes;
  if (bytes > kMaxBytes || !in_.reserve(sizeof(Request) + bytes)) return nullptr;
  if (!readAll(in_.at(sizeof(Request)), bytes)) return nullptr;
  const auto* request = reinterpret_cast<const Request*>(in_.at(0));
  const std::size_t listed = std::size_t{request->commands} * sizeof(Command);
  if (listed > bytes) return nullptr;
  dataBytes_ = bytes - listed;
  return request;
}

const Command* Connection::commands() const { return reinterpret_cast<const Command*>(in_.at(sizeof(Request))); }

const char* Connection::data() const {
  return in_.at(sizeof(Request) + reinterpret_cast<const Request*>(in_.at(0))->commands * sizeof(Command));
}

bool Connection::beginReply(std::uint32_t results) {
  results_ = results;
  outBytes_ = sizeof(Reply) + std::size_t{results} * sizeof(Result);
  return out_.reserve(outBytes_);
}

Result* Connection::results() const { return reinterpret_cast<Result*>(out_.at(sizeof(Reply))); }

char* Connection::append(std::uint32_t index, std::size_t bytes) {
  if (bytes > kMaxBytes - outBytes_ || !out_.reserve(outBytes_ + bytes)) return nullptr;
  results()[index].dataBytes = static_cast<std::uint32_t>(bytes);
  char* room = out_.at(outBytes_);
  outBytes_ += bytes;
  return room;
}

bool Connection::sendReply(Reply reply) {
  reply.bytes = static_cast<std::uint32_t>(outBytes_ - sizeof(Reply));
  reply.results = results_;
  std::memcpy(out_.at(0), &reply, sizeof reply);
  return writeAll(out_.at(0), outBytes_);
}

void Connection::sendDied(const Died& died, std::uint32_t sequence) const {
  if (socket_ < 0) return;
  const Reply reply{sizeof died, sequence, Kind::died, 0, 0, 0};
  if (!writeAll(&reply, sizeof reply) || !writeAll(&died, sizeof died)) return;
  // Requests that were on their way are no answer; the end behind them is.
  char request[256];
  while (readAll(request, 1)) ::recv(socket_, request, sizeof request, MSG_DONTWAIT);
}

bool Connection::readAll(void* to, std::size_t bytes) const {
  auto* at = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t got = ::read(socket_, at, bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    bytes -= static_cast<std::size_t>(got);
  }
  return true;
}

bool Connection::writeAll(const void* from, std::size_t bytes) const {
  const auto* at = static_cast<const char*>(from);
  while (bytes > 0) {
    // Without SIGPIPE: a controller that has gone is an end, not a crash.
    const ssize_t sent = ::send(socket_, at, bytes, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    at += sent;
    bytes -= static_cast<std::size_t>(sent);
  }
  return true;
}

}  // namespace alloc8::puppet
