// A C++ library whose objects cross its border: what it allocates its user frees, and the other way round.
#include "cpp-library.h"

std::unique_ptr<std::string> library_text(size_t length) { return std::make_unique<std::string>(length, 't'); }
std::vector<std::string> library_words(size_t count) { return std::vector<std::string>(count, std::string(60, 'w')); }
void library_takes(std::unique_ptr<std::string> text) { text.reset(); }
