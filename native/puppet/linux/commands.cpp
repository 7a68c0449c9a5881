// What each command does: exactly the one call that it is named after, so that what is seen is the heap's doing.

#ifndef __linux__
#error "this file is for Linux"
#endif

#include <malloc.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <new>

#include "puppet/linux/actor.h"

// Some compilers know the sized forms only by a flag.
void operator delete(void* p, std::size_t size) noexcept;
void operator delete[](void* p, std::size_t size) noexcept;
void operator delete(void* p, std::size_t size, std::align_val_t alignment) noexcept;
void operator delete[](void* p, std::size_t size, std::align_val_t alignment) noexcept;

namespace alloc8::puppet {

namespace {

constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

void* pointer(std::uint64_t address) { return reinterpret_cast<void*>(address); }
std::uint64_t number(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

// The value of a call that answers an address.
void give(Result* result, const void* p) {
  result->value = number(p);
  result->error = p == nullptr ? static_cast<std::uint32_t>(errno) : 0;
}

// The value of a system call that answers a number, -1 for an error.
void giveStatus(Result* result, std::int64_t status) {
  result->value = static_cast<std::uint64_t>(status);
  result->error = status == -1 ? static_cast<std::uint32_t>(errno) : 0;
}

void* newBytes(std::size_t size, std::size_t alignment, bool array) {
  try {
    if (alignment == 0) return array ? ::operator new[](size) : ::operator new(size);
    return array ? ::operator new[](size, std::align_val_t{alignment})
                 : ::operator new (size, std::align_val_t{alignment});
  } catch (const std::bad_alloc&) {
    errno = ENOMEM;
    return nullptr;
  }
}

void deleteBytes(void* p, std::size_t size, std::size_t alignment, bool array) {
  const auto aligned = std::align_val_t{alignment};
  if (alignment != 0 && size != 0)
    return array ? ::operator delete[](p, size, aligned) : ::operator delete(p, size, aligned);
  if (alignment != 0) return array ? ::operator delete[](p, aligned) : ::operator delete(p, aligned);
  if (size != 0) return array ? ::operator delete[](p, size) : ::operator delete(p, size);
  array ? ::operator delete[](p) : ::operator delete(p);
}

// Copies from this process's memory; false, with EFAULT, where some of it cannot be read, and never a signal. It is the
// far side of such a copy that the kernel pins, and to pin a page that fork has left to two processes it gives this one
// a copy of its own (Linux 5.19): so the far side is where the bytes go to, or else reading would undo copy on write.
bool peek(char* to, std::uint64_t from, std::size_t bytes) {
  while (bytes > 0) {
    const iovec source{pointer(from), bytes};
    const iovec target{to, bytes};
    const ssize_t got = process_vm_writev(getpid(), &source, 1, &target, 1, 0);
    if (got <= 0) return false;
    to += got;
    from += static_cast<std::uint64_t>(got);
    bytes -= static_cast<std::size_t>(got);
  }
  return true;
}

// The first offset at which memory is not as `expected(offset)` says, kNowhere when all is; false on EFAULT.
template <class Expected>
bool firstOther(std::uint64_t address, std::size_t bytes, const Expected& expected, std::uint64_t* offset) {
  char part[4096];
  *offset = kNowhere;
  for (std::size_t done = 0; done < bytes; done += sizeof part) {
    const std::size_t now = bytes - done < sizeof part ? bytes - done : sizeof part;
    if (!peek(part, address + done, now)) return false;
    for (std::size_t i = 0; i < now; ++i) {
      if (part[i] == expected(done + i)) continue;
      *offset = done + i;
      return true;
    }
  }
  return true;
}

void sleepFor(std::uint64_t ns) {
  timespec left{static_cast<time_t>(ns / 1000000000U), static_cast<long>(ns % 1000000000U)};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

}  // namespace

void Actor::execute(const Command& command, const std::uint64_t (&arguments)[kArguments], std::uint32_t index) {
  Result* result = connection_.results() + index;
  if (command.op <= Op::deleteBytes) return allocate(command, arguments, result);
  switch (command.op) {
    case Op::read:
    case Op::write:
    case Op::fill:
    case Op::compare:
    case Op::verify:
    case Op::load:
    case Op::touch:
    case Op::increment:
    case Op::atomicAdd:
    case Op::copy: return access(command, arguments, index);
    case Op::mmap:
    case Op::munmap:
    case Op::mprotect:
    case Op::madvise:
    case Op::mremap:
    case Op::sbrk:
    case Op::mark:
    case Op::trim: return callSystem(command, arguments, result);
    default: return control(command, arguments, index);
  }
}

void Actor::allocate(const Command& command, const std::uint64_t (&a)[kArguments], Result* result) {
  switch (command.op) {
    case Op::malloc: return give(result, std::malloc(a[0]));
    case Op::calloc: return give(result, std::calloc(a[0], a[1]));
    case Op::realloc: return give(result, std::realloc(pointer(a[0]), a[1]));
    case Op::reallocarray: return give(result, ::reallocarray(pointer(a[0]), a[1], a[2]));
    case Op::free: return std::free(pointer(a[0]));
    case Op::memalign: return give(result, ::memalign(a[0], a[1]));
    case Op::alignedAlloc: return give(result, ::aligned_alloc(a[0], a[1]));
    case Op::posixMemalign: {
      void* p = nullptr;
      const int error = ::posix_memalign(&p, a[0], a[1]);
      result->value = number(error == 0 ? p : nullptr);
      result->error = static_cast<std::uint32_t>(error);
      return;
    }
    case Op::usableSize: result->value = ::malloc_usable_size(pointer(a[0])); return;
    case Op::newBytes: return give(result, newBytes(a[0], a[1], a[2] != 0));
    case Op::deleteBytes: return deleteBytes(pointer(a[0]), a[1], a[2], a[3] != 0);
    default: result->error = ENOSYS;
  }
}

void Actor::access(const Command& command, const std::uint64_t (&a)[kArguments], std::uint32_t index) {
  const char* data = connection_.data() + command.dataOffset;
  const auto fail = [&](int error) { connection_.results()[index].error = static_cast<std::uint32_t>(error); };
  const auto answer = [&](std::uint64_t value) { connection_.results()[index].value = value; };
  std::uint64_t offset = 0;
  switch (command.op) {
    case Op::read: {
      char* room = connection_.append(index, a[1]);
      if (room == nullptr) return fail(ENOMEM);
      if (!peek(room, a[0], a[1])) fail(EFAULT);
      return;
    }
    case Op::write: std::memcpy(pointer(a[0]), data, command.dataBytes); return;
    case Op::copy: std::memmove(pointer(a[0]), pointer(a[1]), a[2]); return;
    case Op::fill: std::memset(pointer(a[0]), static_cast<int>(a[1]), a[2]); return;
    case Op::compare:
      if (!firstOther(
              a[0], command.dataBytes, [data](std::size_t i) { return data[i]; }, &offset))
        return fail(EFAULT);
      return answer(offset);
    case Op::verify: {
      const char byte = static_cast<char>(a[1]);
      if (!firstOther(
              a[0], a[2], [byte](std::size_t) { return byte; }, &offset))
        return fail(EFAULT);
      return answer(offset);
    }
    case Op::load: return answer(*static_cast<volatile unsigned char*>(pointer(a[0])));
    case Op::touch:
      for (std::uint64_t at = 0; at < a[1] && a[2] != 0; at += a[2])
        *static_cast<volatile char*>(pointer(a[0] + at)) = 1;
      return;
    case Op::increment: {
      auto* word = static_cast<volatile std::uint64_t*>(pointer(a[0]));
      for (std::uint64_t i = 0; i < a[1]; ++i) *word = *word + 1;
      return answer(*word);
    }
    case Op::atomicAdd: {
      auto* word = static_cast<std::uint64_t*>(pointer(a[0]));
      for (std::uint64_t i = 0; i < a[1]; ++i) std::atomic_ref(*word).fetch_add(1, std::memory_order_relaxed);
      return answer(*word);
    }
    default: return fail(ENOSYS);
  }
}

void Actor::callSystem(const Command& command, const std::uint64_t (&a)[kArguments], Result* result) {
  const auto giveMapping = [&](void* p) {
    result->value = p == MAP_FAILED ? 0 : number(p);
    result->error = p == MAP_FAILED ? static_cast<std::uint32_t>(errno) : 0;
  };
  const auto flags = static_cast<int>(a[3]);
  switch (command.op) {
    case Op::mmap: return giveMapping(::mmap(pointer(a[0]), a[1], static_cast<int>(a[2]), flags, -1, 0));
    case Op::mremap: return giveMapping(::mremap(pointer(a[0]), a[1], a[2], flags));
    case Op::munmap: return giveStatus(result, ::munmap(pointer(a[0]), a[1]));
    case Op::mprotect: return giveStatus(result, ::mprotect(pointer(a[0]), a[1], static_cast<int>(a[2])));
    case Op::madvise: return giveStatus(result, ::madvise(pointer(a[0]), a[1], static_cast<int>(a[2])));
    case Op::mark: return giveStatus(result, ::madvise(pointer(a[0] * 4096), 0, 0));
    case Op::sbrk: return giveMapping(::sbrk(static_cast<std::intptr_t>(a[0])));
    case Op::trim: result->value = static_cast<std::uint64_t>(::malloc_trim(a[0])); return;
    default: result->error = ENOSYS;
  }
}

void Actor::control(const Command& command, const std::uint64_t (&a)[kArguments], std::uint32_t index) {
  Result* result = connection_.results() + index;
  switch (command.op) {
    case Op::fork: {
      childToken_ = a[0];
      const pid_t pid = ::fork();
      if (pid != 0) return giveStatus(result, pid);
      // The child has no use for the rest of the parent's request, and whoever sent it hears from the parent.
      beginAgain(a[0]);
      inChild_ = true;
      return;
    }
    case Op::startThread: result->error = static_cast<std::uint32_t>(startActor(a[0])); return;
    case Op::joinThread: result->error = static_cast<std::uint32_t>(joinActor(a[0])); return;
    case Op::exitThread: ending_ = static_cast<Ending>(a[0] + 1); return;
    case Op::exitProcess:
      exiting_ = true;
      status_ = static_cast<int>(a[0]);
      quickly_ = a[1] != 0;
      return;
    case Op::waitProcess: {
      int status = 0;
      const pid_t pid = ::waitpid(static_cast<pid_t>(a[0]), &status, WNOHANG);
      if (pid > 0) return void(result->value = static_cast<std::uint64_t>(status));
      result->error = static_cast<std::uint32_t>(pid == 0 ? EAGAIN : errno);
      return;
    }
    case Op::barrier: result->error = static_cast<std::uint32_t>(meet(a[0], a[1], meeting_)); return;
    case Op::sleep: return sleepFor(a[0]);
    case Op::statistics: {
      const struct mallinfo2 statistics = ::mallinfo2();
      char* room = connection_.append(index, sizeof statistics);
      if (room != nullptr) std::memcpy(room, &statistics, sizeof statistics);
      return;
    }
    case Op::tell: return;
    default: result->error = ENOSYS;
  }
}

}  // namespace alloc8::puppet
