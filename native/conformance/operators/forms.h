// The forms of operator new and delete by one signature each, for the programs that test one form.
#pragma once

#include <new>

#include "../check.h"

// What the aligned forms are asked for, in bytes, above what any form gives unasked.
constexpr size_t wide_bytes = 256;
constexpr std::align_val_t wide{wide_bytes};

// A form of operator new: how it is called, the plain delete that fits it, and the alignment it owes.
struct Form {
  void* (*take)(size_t size);
  void (*give)(void* block);
  size_t alignment;
};

inline void give_plain(void* block) { ::operator delete(block); }
inline void give_array(void* block) { ::operator delete[](block); }
inline void give_aligned(void* block) { ::operator delete(block, wide); }
inline void give_aligned_array(void* block) { ::operator delete[](block, wide); }

// The results are hidden: a compiler may take them for never null.
inline constexpr Form form_new{[](size_t size) { return hide(::operator new(size)); }, give_plain, 16};
inline constexpr Form form_new_array{[](size_t size) { return hide(::operator new[](size)); }, give_array, 16};
inline constexpr Form form_nothrow_new{[](size_t size) { return hide(::operator new(size, std::nothrow)); }, give_plain,
                                       16};
inline constexpr Form form_nothrow_new_array{[](size_t size) { return hide(::operator new[](size, std::nothrow)); },
                                             give_array, 16};
inline constexpr Form form_aligned_new{[](size_t size) { return hide(::operator new(size, wide)); }, give_aligned,
                                       wide_bytes};
inline constexpr Form form_aligned_new_array{[](size_t size) { return hide(::operator new[](size, wide)); },
                                             give_aligned_array, wide_bytes};
inline constexpr Form form_nothrow_aligned_new{
    [](size_t size) { return hide(::operator new(size, wide, std::nothrow)); }, give_aligned, wide_bytes};
inline constexpr Form form_nothrow_aligned_new_array{
    [](size_t size) { return hide(::operator new[](size, wide, std::nothrow)); }, give_aligned_array, wide_bytes};
