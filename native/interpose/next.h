// The definition of a function behind ours, looked up once.

#pragma once

#include <atomic>

#include "platform/platform.h"

namespace alloc8::interpose {

template <class Function>
class Next {
 public:
  constexpr explicit Next(const char* name) : name_(name) {}

  // Null where there is none. A race looks it up twice and finds the same. Takes the loader's lock the first time.
  Function* find() {
    void* found = function_.load(std::memory_order_acquire);
    if (found == nullptr) {
      found = platform::nextSymbol(name_);
      function_.store(found, std::memory_order_release);
    }
    return reinterpret_cast<Function*>(found);
  }

 private:
  const char* name_;
  std::atomic<void*> function_{nullptr};
};

}  // namespace alloc8::interpose
