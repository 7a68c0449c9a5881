// The bodies of the programs on one form of new that cannot succeed, where no new_handler is set.
#pragma once

#include "forms.h"

// libstdc++ itself wraps where an aligned new rounds sizes within an alignment of SIZE_MAX: those are left out.
constexpr size_t impossible_sizes[] = {size_t{PTRDIFF_MAX} - 5000, size_t{PTRDIFF_MAX} + 1, SIZE_MAX - 8192};

// It throws std::bad_alloc, caught by its type; the program goes on and the form works.
inline void check_throws(const Form& form) {
  for (size_t size : impossible_sizes) {
    check_case = size;
    bool caught = false;
    void* block = nullptr;
    try {
      block = form.take(opaque(size));
    } catch (const std::bad_alloc& error) {
      caught = true;
      CHECK(strlen(error.what()) > 0);
    }
    CHECK_NULL(block);
    CHECK(caught);
    form.give(form.take(100));
  }
}

// It is null, and no exception leaves it; the form works on.
inline void check_null(const Form& form) {
  for (size_t size : impossible_sizes) {
    check_case = size;
    CHECK_NULL(form.take(opaque(size)));
    void* block = form.take(100);
    CHECK_BLOCK(block);
    form.give(block);
  }
}
