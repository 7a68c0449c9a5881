// An arena behind the containers of std::pmr: they allocate from it, and what they give back waits for the arena's own
// rollback, reset or end.
//
//   alloc8::Arena arena;
//   alloc8::ArenaResource resource(arena);
//   std::pmr::vector<int> numbers(&resource);

#pragma once

#include <memory_resource>
#include <new>

#include "alloc8/arena.h"

namespace alloc8 {

template <bool kShared>
class ArenaResource final : public std::pmr::memory_resource {
 public:
  // The arena must outlive the resource.
  explicit ArenaResource(BasicArena<kShared>& arena) : arena_(arena) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* p = arena_.allocate(bytes, alignment);
    if (p == nullptr) throw std::bad_alloc();
    return p;
  }

  // The last block is taken back, which helps a container that grows step by step.
  void do_deallocate(void* p, std::size_t bytes, std::size_t /*alignment*/) override { arena_.freeLast(p, bytes); }

  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  BasicArena<kShared>& arena_;
};

}  // namespace alloc8
