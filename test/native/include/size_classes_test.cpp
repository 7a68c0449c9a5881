// Size classes: every size up to 1 MiB one by one, and the sizes around every boundary above.

#include "alloc8/size_classes.h"

#include <cstddef>

#include "check.h"

namespace {

using alloc8::sizeClassBytes;
using alloc8::sizeClassOf;

static_assert(sizeClassBytes(sizeClassOf(100)) == 112, "heaps size their tables at compile time");

void everySizeUpToAMebibyteFitsItsClass() {
  std::size_t last = 0;
  for (std::size_t size = 0; size <= std::size_t{1} << 20; ++size) {
    const std::size_t sizeClass = sizeClassOf(size);
    const std::size_t bytes = sizeClassBytes(sizeClass);
    CHECK(bytes >= size);
    CHECK(bytes > 0);
    CHECK(sizeClass == last || sizeClass == last + 1);               // monotonic, and no class is left out
    if (sizeClass > 0) CHECK(sizeClassBytes(sizeClass - 1) < size);  // the smallest that holds it
    if (size > 64) CHECK((bytes - size) * 5 <= bytes);
    if (size <= 64) CHECK(bytes - size <= 16);
    last = sizeClass;
  }
}

// sizeClassOf of a block's own size must give its class back: heaps look it up that way when they free.
void classesAndSizesAreInverse() {
  for (std::size_t sizeClass = 0; sizeClass < 200; ++sizeClass) {
    const std::size_t bytes = sizeClassBytes(sizeClass);
    CHECK_EQUAL(sizeClassOf(bytes), sizeClass);
    CHECK_EQUAL(sizeClassOf(bytes + 1), sizeClass + 1);
    CHECK_EQUAL(sizeClassOf(bytes - 1), sizeClass);
  }
}

void blocksKeepTheAlignmentOfTheirSpan() {
  for (std::size_t sizeClass = 0; sizeClass < 200; ++sizeClass) CHECK_EQUAL(sizeClassBytes(sizeClass) % 16, 0);
}

void fourClassesToADoubling() {
  for (std::size_t size = 64; size < std::size_t{1} << 40; size *= 2) {
    CHECK_EQUAL(sizeClassOf(2 * size) - sizeClassOf(size), 4);
    CHECK_EQUAL(sizeClassBytes(sizeClassOf(size)), size);
  }
}

}  // namespace

int main() {
  RUN(everySizeUpToAMebibyteFitsItsClass);
  RUN(classesAndSizesAreInverse);
  RUN(blocksKeepTheAlignmentOfTheirSpan);
  RUN(fourClassesToADoubling);
}
