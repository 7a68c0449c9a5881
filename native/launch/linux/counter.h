// A count, kept by the kernel, of what the target and all its descendants do: instructions by the processor's counters.

#pragma once

#include <stdint.h>

namespace alloc8::launch {

enum class CounterEvent {
  instructions,  // retired in user space, by the processor
  taskClock      // nanoseconds on a CPU, by the kernel: for tests, as few virtual machines have counters
};

// Opened before a child is made, and never counting this process itself: the child inherits it disabled, execve enables
// it, and what the child forks inherits it enabled. The kernel adds up what has ended and what still lives.
class Counter {
 public:
  Counter() = default;
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;
  ~Counter();

  // Returns 0, or the errno for a machine or a user without this event.
  int open(CounterEvent event);

  // The count so far; -1 where there is none that is whole: the counter was not opened, or had to share its register
  // with others for some of the time.
  int64_t read() const;

 private:
  int fd_ = -1;
};

}  // namespace alloc8::launch
