// Static C++ objects that allocate before main and free after it, iostreams and locales included.
// @standard C++20 [basic.start.dynamic]
// @standard Itanium C++ ABI 3.3.6
#include <iostream>
#include <locale>
#include <map>
#include <sstream>
#include <string>

#include "../check.h"

struct Early {
  std::map<std::string, std::string> entries;
  Early() {
    for (int i = 0; i < 500; i++) entries["key " + std::to_string(i)] = std::string(i, 'v');
    std::ostringstream stream;
    stream << std::string(1000, 's') << 1.5;
    entries["stream"] = stream.str();
  }
  ~Early() {
    CHECK_EQUAL(entries["key 499"].size(), 499 + 1000);
    entries["late"] = std::string(10000, 'l');
  }
};

static Early early __attribute__((init_priority(101)));
static std::string* freed_at_exit = new std::string(2000, 'f');

int main() {
  CHECK_EQUAL(early.entries["stream"].size(), 1003);
  early.entries["key 499"] += std::string(1000, 'm');
  std::locale classic = std::locale::classic();
  std::ostringstream stream;
  stream.imbue(classic);
  stream << 123456.75;
  CHECK_EQUAL(stream.str().size(), 6);
  std::cout.flush();
  atexit([] { delete freed_at_exit; });
  return 0;
}
