// What layers share. A layer is a class template over the heap below it, from which it inherits whatever it leaves as
// it is, optional methods included; it is a heap again, and constant-initialised where the heap below is. Layers are
// stacked at compile time: Guard<Stats<Simple>> is a heap whose every call goes through both and that the compiler sees
// whole. (The idea is that of Berger, Zorn and McKinley, "Composing High-Performance Memory Allocators", PLDI 2001.)

#pragma once

#include <cstddef>
#include <cstdint>

#include "alloc8/allocator_traits.h"
#include "alloc8/detail/compiler.h"

namespace alloc8::layers {

// For layers that give other addresses, sizes or contents than the heap below: its own ways around malloc and free are
// closed, so that what a program gets has been through the layer. The interposer makes them from the others.
template <class Super>
class Reshaping : public Super {
 public:
  constexpr Reshaping() = default;
  // What the heap below keeps, the layer may not.
  static constexpr bool followsLibcRules = false;

  void realloc() = delete;
  void calloc() = delete;
  void free_sized() = delete;
  void free_aligned_sized() = delete;
  // Sizes and addresses below are not those of the program.
  void stats() = delete;
  void arenaStats() = delete;
  void owns() = delete;
};

namespace detail {

template <class T>
concept HasRealloc = requires(T& heap, void* p, std::size_t n) {
  { heap.realloc(p, n) } -> std::convertible_to<void*>;
};

inline constexpr std::size_t kMostBytes = PTRDIFF_MAX / 2;
inline constexpr std::size_t kAlignment = 16;

constexpr std::size_t roundUp(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) & ~(multiple - 1);
}

inline std::uintptr_t addressOf(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

}  // namespace detail

}  // namespace alloc8::layers
