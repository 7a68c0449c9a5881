// A function of libc that the witness stands in front of: found once, called from then on.

#pragma once

#include <atomic>
#include <cerrno>
#include <type_traits>

#include "witness/linux/image.h"

namespace alloc8::witness {

// What both kinds of function share: the pointer to it.
template <class Function>
class Found {
 public:
  using Pointer = Function*;

  constexpr explicit Found(const char* name) : name_(name) {}

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

 private:
  const char* name_;
  std::atomic<Pointer> function_{nullptr};
};

// What a call returns where libc has no such function, errno being ENOSYS.
template <class Result>
Result notThere() {
  errno = ENOSYS;
  if constexpr (std::is_pointer_v<Result>) {
    return nullptr;
  } else {
    return static_cast<Result>(-1);
  }
}

template <class Function>
class Next;

template <class Result, class... Arguments>
class Next<Result(Arguments...)> : public Found<Result(Arguments...)> {
 public:
  using Found<Result(Arguments...)>::Found;

  Result operator()(Arguments... arguments) {
    const auto found = this->find();
    return found != nullptr ? found(arguments...) : notThere<Result>();
  }
};

// A variadic one.
template <class Result, class First>
class Next<Result(First, ...)> : public Found<Result(First, ...)> {
 public:
  using Found<Result(First, ...)>::Found;

  template <class... Others>
  Result operator()(First first, Others... others) {
    const auto found = this->find();
    return found != nullptr ? found(first, others...) : notThere<Result>();
  }
};

}  // namespace alloc8::witness
