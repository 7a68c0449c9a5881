// A heap that samples what is allocated through it, for a profiler in the same process: the pattern of Scalene (Berger,
// Stern, Altmayer Pizzorno, "Triangulating Python Performance Issues with Scalene", OSDI 2023). Once in so many bytes
// it notes how many bytes have gone by and in which thread, and sends the main thread a signal; the profiler's handler
// knows what the program was doing just then.
//
// How many bytes until the next sample is drawn at random, evenly up to twice the mean, so that no pattern of the
// program's own keeps step with the samples, and a block in which several would fall counts as several: so a line's
// share is right whatever the sizes are. Nothing is sampled and no signal is sent before the profiler asks for it.

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <alloc8/alloc8.h>
#include <alloc8/layers.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

// One sample, as sampling.py reads it.
struct Sample {
  std::uint64_t bytes;   // for which it stands
  std::uint64_t thread;  // pthread_self(), which Python calls threading.get_ident()
};

namespace {

constexpr std::size_t kRing = 4096;

std::atomic<std::uint64_t> meanBytes{0};  // 0: not asked for
std::atomic<int> signalNumber{0};
std::atomic<int> process{0};  // a forked child has no profiler
std::atomic<int> mainThread{0};

// Many write, one reads. A slot is ready when its turn says so; where the reader is a whole ring behind, samples are
// dropped and counted. (Vyukov's bounded queue, with one consumer.)
struct Slot {
  std::atomic<std::uint64_t> turn{0};
  Sample sample{};
};
Slot ring[kRing];
std::atomic<std::uint64_t> written{0};
std::uint64_t taken = 0;
std::atomic<std::uint64_t> dropped{0};

// False where the ring is full. A place is taken only when it is known to be free, for a hole would stop the reader.
bool put(const Sample& sample) {
  std::uint64_t at = written.load(std::memory_order_relaxed);
  for (;;) {
    Slot& slot = ring[at % kRing];
    const std::uint64_t turn = slot.turn.load(std::memory_order_acquire);
    const std::uint64_t free = at / kRing * 2;
    if (turn < free) return false;
    if (turn == free && written.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) {
      slot.sample = sample;
      slot.turn.store(free + 1, std::memory_order_release);
      return true;
    }
    if (turn != free) at = written.load(std::memory_order_relaxed);
  }
}

struct Countdown {
  std::int64_t left = 0;
  std::uint64_t random = 0;
};
constinit thread_local ALLOC8_STATIC_TLS Countdown countdown;

// Bytes until the next sample, of the mean given. (xorshift64*, Vigna 2016.)
std::int64_t drawn(std::uint64_t mean) {
  std::uint64_t& x = countdown.random;
  // Threads that follow one another often have the same place: each draws differently all the same.
  static std::atomic<std::uint64_t> threads{0};
  if (x == 0) x = ((threads.fetch_add(1, std::memory_order_relaxed) + 1) * 0x9e3779b97f4a7c15) | 1;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  return static_cast<std::int64_t>((x * 0x2545f4914f6cdd1d >> 1) % (2 * mean)) + 1;
}

ALLOC8_NOINLINE void takeSample() {
  const std::uint64_t mean = meanBytes.load(std::memory_order_relaxed);
  if (mean == 0) return;
  if (countdown.random == 0 && (countdown.left += drawn(mean)) >= 0) return;  // the thread's first countdown
  // Of a huge block most samples are counted without being drawn.
  const auto step = static_cast<std::int64_t>(mean);
  const std::int64_t sure = -countdown.left > 64 * step ? -countdown.left / step - 32 : 0;
  countdown.left += sure * step;
  std::uint64_t bytes = static_cast<std::uint64_t>(sure) * mean;
  for (; countdown.left < 0; bytes += mean) countdown.left += drawn(mean);
  const int saved = errno;
  if (process.load(std::memory_order_relaxed) == getpid()) {
    if (put({bytes, static_cast<std::uint64_t>(pthread_self())})) {
      syscall(SYS_tgkill, getpid(), mainThread.load(std::memory_order_relaxed),
              signalNumber.load(std::memory_order_relaxed));
    } else {
      dropped.fetch_add(1, std::memory_order_relaxed);
    }
  }
  errno = saved;
}

// The layer: counts down, and is one comparison while nobody samples.
template <class Super>
class Sampling : public Super {
 public:
  constexpr Sampling() = default;

  void* malloc(std::size_t size) { return counted(Super::malloc(size), size); }
  void* memalign(std::size_t alignment, std::size_t size) { return counted(Super::memalign(alignment, size), size); }

 private:
  static void* counted(void* p, std::size_t size) {
    if (ALLOC8_LIKELY(meanBytes.load(std::memory_order_relaxed) == 0) || p == nullptr) return p;
    countdown.left -= static_cast<std::int64_t>(size);
    if (ALLOC8_UNLIKELY(countdown.left < 0)) takeSample();
    return p;
  }
};

}  // namespace

using Base = alloc8::layers::Locked<alloc8::layers::SizeClasses<alloc8::layers::MmapSource>>;
using SamplingRedirect = alloc8::HeapRedirect<Sampling<Base>>;
ALLOC8_REDIRECT(SamplingRedirect);

// What the profiler calls, all in the main thread.
extern "C" {

// Begins: a signal to this thread about every `mean` bytes.
ALLOC8_EXPORT void sampling_start(std::uint64_t mean, int signal) {
  process.store(getpid());
  mainThread.store(static_cast<int>(syscall(SYS_gettid)));
  signalNumber.store(signal);
  meanBytes.store(mean == 0 ? 1 : mean);
}

ALLOC8_EXPORT void sampling_stop() { meanBytes.store(0); }

// Takes up to `most` samples that wait; how many.
ALLOC8_EXPORT std::size_t sampling_take(Sample* out, std::size_t most) {
  std::size_t count = 0;
  while (count < most) {
    Slot& slot = ring[taken % kRing];
    const std::uint64_t ready = taken / kRing * 2 + 1;
    if (slot.turn.load(std::memory_order_acquire) != ready) break;
    out[count++] = slot.sample;
    slot.turn.store(ready + 1, std::memory_order_release);
    ++taken;
  }
  return count;
}

// Samples that found the ring full.
ALLOC8_EXPORT std::uint64_t sampling_dropped() { return dropped.load(); }
}
