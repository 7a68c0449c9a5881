// The C++ operators, each with the rules of the standard and its faults.
#include <stdlib.h>

#include <new>

#include "heap.h"

namespace {

// Asks the handler, as [new.delete.single] has it. False where there is none to ask.
bool ask_handler(Entry entry, int* asked) {
  std::new_handler handler = std::get_new_handler();
  if (!handler || faulty(Kind::no_handler, entry) || (faulty(Kind::handler_once, entry) && *asked)) return false;
  ++*asked;
  handler();
  return true;
}

void* allocate(Entry entry, size_t size, size_t alignment) {
  int asked = 0;
  for (;;) {
    if (alignment > 16 && faulty(Kind::swapped, entry)) {
      size_t power = 16;
      while (power < size && power < 65536) power *= 2;
      if (void* block = take(entry, power, alignment)) return block;
    } else if (void* block = take(entry, alignment, size)) {
      return block;
    } else if (size == 0 && faulty(Kind::zero_null, entry)) {
      return nullptr;
    }
    if (faulty(Kind::null_instead, entry)) return nullptr;
    if (!ask_handler(entry, &asked)) throw std::bad_alloc();
  }
}

template <class Plain>
void* quietly(Entry entry, Plain plain) noexcept {
  if (faulty(Kind::passes_on, entry)) return plain();
  try {
    return plain();
  } catch (...) {
    return nullptr;
  }
}

// A form that has a fault of its own goes its own way; else it calls the plain one, which the program may replace.
bool is_own(Entry entry) { return switch_now().entry == entry; }

size_t bytes(std::align_val_t alignment) {
  size_t value = static_cast<size_t>(alignment);
  return value < 16 ? 16 : value;
}

// The compiler knows that these never give null, and would drop the check.
void* seen(void* block) {
  __asm__ volatile("" : "+r"(block));
  return block;
}

}  // namespace

#define SIZE std::size_t size
#define ALIGN std::align_val_t alignment
#define NOTHROW const std::nothrow_t&

void* operator new(SIZE) { return seen(allocate(Entry::plain_new, size, 16)); }
void* operator new[](SIZE) {
  if (is_own(Entry::array_new)) return seen(allocate(Entry::array_new, size, 16));
  return seen(operator new(size));
}
void* operator new(SIZE, NOTHROW) noexcept {
  return quietly(Entry::nothrow_new, [&] {
    return is_own(Entry::nothrow_new) ? allocate(Entry::nothrow_new, size, 16) : operator new(size);
  });
}
void* operator new[](SIZE, NOTHROW) noexcept {
  return quietly(Entry::nothrow_array, [&] {
    return is_own(Entry::nothrow_array) ? allocate(Entry::nothrow_array, size, 16) : operator new[](size);
  });
}
void* operator new(SIZE, ALIGN) { return seen(allocate(Entry::aligned_new, size, bytes(alignment))); }
void* operator new[](SIZE, ALIGN) {
  if (is_own(Entry::aligned_array)) return seen(allocate(Entry::aligned_array, size, bytes(alignment)));
  return seen(operator new(size, alignment));
}
void* operator new(SIZE, ALIGN, NOTHROW) noexcept {
  return quietly(Entry::nothrow_aligned, [&] {
    return is_own(Entry::nothrow_aligned) ? allocate(Entry::nothrow_aligned, size, bytes(alignment)) :
                                          operator new(size, alignment);
  });
}
void* operator new[](SIZE, ALIGN, NOTHROW) noexcept {
  return quietly(Entry::nothrow_aligned_array, [&] {
    return is_own(Entry::nothrow_aligned_array) ? allocate(Entry::nothrow_aligned_array, size, bytes(alignment)) :
                                                operator new[](size, alignment);
  });
}

// A delete with a fault of its own, else the plain one.
#define FORM(form, entry, ...)               \
  void operator form(__VA_ARGS__) noexcept { \
    if (is_own(Entry::entry)) return give(Entry::entry, block)

#define BLOCK void* block

void operator delete(BLOCK) noexcept { give(Entry::plain_delete, block); }
FORM(delete[], array_delete, BLOCK);
operator delete(block);
}
FORM(delete, sized_delete, BLOCK, std::size_t);
operator delete(block);
}
FORM(delete[], sized_array, BLOCK, std::size_t);
operator delete[](block);
}
FORM(delete, nothrow_delete, BLOCK, NOTHROW);
operator delete(block);
}
FORM(delete[], nothrow_array_delete, BLOCK, NOTHROW);
operator delete[](block);
}
FORM(delete, aligned_delete, BLOCK, std::align_val_t);
give(Entry::none, block);
}
FORM(delete[], aligned_array_delete, BLOCK, ALIGN);
operator delete(block, alignment);
}
FORM(delete, sized_aligned, BLOCK, std::size_t, ALIGN);
operator delete(block, alignment);
}
FORM(delete[], sized_aligned_array, BLOCK, std::size_t, ALIGN);
operator delete[](block, alignment);
}
FORM(delete, nothrow_aligned_delete, BLOCK, ALIGN, NOTHROW);
operator delete(block, alignment);
}
FORM(delete[], nothrow_aligned_array_delete, BLOCK, ALIGN, NOTHROW);
operator delete[](block, alignment);
}
