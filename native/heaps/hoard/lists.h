// Lists of superblocks through links of their own, one kind of list for each pair of links.

#pragma once

#include "heaps/hoard/superblock.h"

namespace alloc8::heaps::hoard {

template <Superblock* Superblock::*kNext, Superblock* Superblock::*kPrevious>
class SuperblockList {
 public:
  constexpr SuperblockList() = default;

  Superblock* first() const { return first_; }
  static Superblock* after(const Superblock* superblock) { return superblock->*kNext; }

  void pushFirst(Superblock* superblock) {
    superblock->*kPrevious = nullptr;
    superblock->*kNext = first_;
    (first_ != nullptr ? first_->*kPrevious : last_) = superblock;
    first_ = superblock;
  }

  void pushLast(Superblock* superblock) {
    superblock->*kPrevious = last_;
    superblock->*kNext = nullptr;
    (last_ != nullptr ? last_->*kNext : first_) = superblock;
    last_ = superblock;
  }

  void remove(Superblock* superblock) {
    (superblock->*kPrevious != nullptr ? superblock->*kPrevious->*kNext : first_) = superblock->*kNext;
    (superblock->*kNext != nullptr ? superblock->*kNext->*kPrevious : last_) = superblock->*kPrevious;
  }

 private:
  Superblock* first_ = nullptr;
  Superblock* last_ = nullptr;
};

using AllList = SuperblockList<&Superblock::nextOfAll, &Superblock::previousOfAll>;
using RoomList = SuperblockList<&Superblock::next, &Superblock::previous>;
using SparseList = SuperblockList<&Superblock::nextSparse, &Superblock::previousSparse>;

}  // namespace alloc8::heaps::hoard
