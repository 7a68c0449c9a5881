// C++ objects that a shared library makes and the program destroys, and the other way round.
// @standard C++20 [basic.stc.dynamic]
// @link cpp-library
#include "../check.h"
#include "../libraries/cpp-library.h"

int main() {
  for (size_t i = 1; i < 3000; i++) {
    auto text = library_text(i);
    CHECK_EQUAL(text->size(), i);
    text->append(i * 3, 'a');
    if (i % 2) library_takes(std::move(text));
    auto words = library_words(i % 50);
    words.push_back(std::string(500, 'm'));
    CHECK_EQUAL(words.size(), i % 50 + 1);
    library_takes(std::make_unique<std::string>(i, 'p'));
  }
  return 0;
}
