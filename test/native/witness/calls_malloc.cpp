// A library that calls malloc and free and defines nothing for others: its hash table knows no symbol.

#include <cstdlib>

namespace {

__attribute__((constructor)) void start() {
  void* volatile block = std::malloc(1);
  std::free(block);
}

}  // namespace
