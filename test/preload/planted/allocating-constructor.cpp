// A heap whose constructor calls malloc, calloc, realloc, posix_memalign and dlsym, all of which lead back to the heap
// that is being built. It gives the blocks back when the program has made its hundredth.

#include <dlfcn.h>
#include <malloc.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "lazy_simple.h"

using planted::require;

class AllocatingConstructor : public planted::LazySimple {
 public:
  AllocatingConstructor() {
    for (int i = 0; i < kKept; ++i) {
      kept_[i] = static_cast<char*>(::malloc(100 + i));
      require(kept_[i] != nullptr, "malloc in a constructor gave nothing");
      std::memset(kept_[i], i, 100 + i);
    }
    auto* zeroed = static_cast<char*>(::calloc(100, 10));
    for (int i = 0; i < 1000; ++i) require(zeroed[i] == 0, "calloc in a constructor gave rubbish");
    grown_ = static_cast<char*>(::realloc(std::strcpy(static_cast<char*>(::malloc(8)), "grown"), 5000));
    void* aligned = nullptr;
    require(::posix_memalign(&aligned, 1024, 10) == 0, "posix_memalign in a constructor failed");
    require(reinterpret_cast<std::uintptr_t>(aligned) % 1024 == 0, "posix_memalign in a constructor misaligned");
    ::free(aligned);
    ::free(zeroed);
    require(dlsym(RTLD_NEXT, "malloc") != nullptr, "dlsym in a constructor found no malloc");
    require(dlsym(RTLD_NEXT, "alloc8_no_such_function") == nullptr, "dlsym in a constructor found what is not there");
    dlerror();
  }

  void* malloc(std::size_t size) {
    void* p = LazySimple::malloc(size);
    if (__atomic_add_fetch(&calls_, 1, __ATOMIC_RELAXED) == 100) giveBack();
    return p;
  }

 private:
  static constexpr int kKept = 20;

  void giveBack() {
    for (int i = 0; i < kKept; ++i) {
      require(::malloc_usable_size(kept_[i]) >= std::size_t(100 + i), "a block of the constructor lost its size");
      auto* moved = static_cast<char*>(::realloc(kept_[i], 50'000));
      for (int at = 0; at < 100 + i; ++at) require(moved[at] == i, "a block of the constructor lost its contents");
      ::free(moved);
    }
    require(std::strcmp(grown_, "grown") == 0, "a grown block of the constructor lost its contents");
    ::free(grown_);
  }

  char* kept_[kKept];
  char* grown_;
  int calls_ = 0;
};

using Redirect = alloc8::HeapRedirect<AllocatingConstructor>;
ALLOC8_REDIRECT(Redirect);
