// A function of libc that the witness stands in front of: found once, called from then on.

#pragma once

#include <atomic>
#include <cerrno>
#include <type_traits>

#include "witness/linux/image.h"

namespace alloc8::witness {

template <class Function>
class Next;

template <class Result, class... Arguments>
class Next<Result(Arguments...)> {
 public:
  using Pointer = Result (*)(Arguments...);

  constexpr explicit Next(const char* name) : name_(name) {}

  // The function; null where libc has none of that name. Looks it up where find() was not called before, which is for
  // calls before the witness's own constructor: it takes the loader's lock.
  Pointer find() {
    Pointer found = function_.load(std::memory_order_acquire);
    if (found == nullptr) {
      found = reinterpret_cast<Pointer>(nextFunction(name_));
      function_.store(found, std::memory_order_release);
    }
    return found;
  }

  // Calls it; where there is none, fails with ENOSYS.
  Result operator()(Arguments... arguments) {
    const Pointer found = find();
    if (found != nullptr) return found(arguments...);
    errno = ENOSYS;
    if constexpr (std::is_pointer_v<Result>) {
      return nullptr;
    } else {
      return static_cast<Result>(-1);
    }
  }

 private:
  const char* name_;
  std::atomic<Pointer> function_{nullptr};
};

}  // namespace alloc8::witness
