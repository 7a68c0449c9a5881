// A heap whose constructor allocates 8 MiB in pieces of 4 KiB and one piece of 8 MiB, far more than the bootstrap arena
// holds at first, and reads them back when the program has made its hundredth block.

#include <cstdlib>
#include <cstring>

#include "lazy_simple.h"

using planted::require;

class LargeConstructor : public planted::LazySimple {
 public:
  LargeConstructor() {
    for (int i = 0; i < kPieces; ++i) {
      pieces_[i] = static_cast<char*>(::malloc(kPieceBytes));
      require(pieces_[i] != nullptr, "the bootstrap arena has no more pieces");
      std::memset(pieces_[i], i, kPieceBytes);
    }
    large_ = static_cast<char*>(::calloc(kPieces, kPieceBytes));
    require(large_ != nullptr, "the bootstrap arena has no large block");
    large_[kPieces * kPieceBytes - 1] = 1;
  }

  void* malloc(std::size_t size) {
    void* p = LazySimple::malloc(size);
    if (__atomic_add_fetch(&calls_, 1, __ATOMIC_RELAXED) == 100) giveBack();
    return p;
  }

 private:
  static constexpr int kPieces = 2048;
  static constexpr std::size_t kPieceBytes = 4096;

  void giveBack() {
    for (int i = 0; i < kPieces; ++i) {
      for (std::size_t at = 0; at < kPieceBytes; ++at) {
        require(pieces_[i][at] == static_cast<char>(i), "a piece of the constructor lost its contents");
      }
      ::free(pieces_[i]);
    }
    require(large_[0] == 0 && large_[kPieces * kPieceBytes - 1] == 1, "the large block lost its contents");
    ::free(large_);
  }

  char* pieces_[kPieces];
  char* large_;
  int calls_ = 0;
};

using Redirect = alloc8::HeapRedirect<LargeConstructor>;
ALLOC8_REDIRECT(Redirect);
