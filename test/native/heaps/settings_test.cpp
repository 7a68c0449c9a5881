// Settings of heaps: what is well formed is used, and what is not is as if it were not there.

#include "heaps/settings.h"

#include <string>

#include "check.h"

namespace {

using alloc8::heaps::readSettings;
using alloc8::heaps::Setting;

// What is used of a text, as key=value with commas between.
std::string used(const char* text) {
  std::string all;
  readSettings(text, [&all](const Setting& setting) {
    if (!all.empty()) all += ",";
    all += std::string(setting.key, setting.keyLength) + "=" + std::to_string(setting.value);
  });
  return all;
}

void wellFormedOnesAreUsed() {
  CHECK_EQUAL(used("chunk=65536"), "chunk=65536");
  CHECK_EQUAL(used("a=1:b=2k:c=3M:d=4g"), "a=1,b=2048,c=3145728,d=4294967296");
  CHECK_EQUAL(used("a=0"), "a=0");
}

void othersAreNot() {
  CHECK_EQUAL(used(nullptr), "");
  for (const char* text : {"", ":", "a", "a=", "a=x", "a=-1", "a=1x", "a=k", "a= 1", "a=0x10", "a=1.5", "a=1=2",
                           "a=99999999999999999999", "a=9223372036854775808", "a=9007199254740992k", "::::"}) {
    CHECK_EQUAL(used(text), "");
  }
  CHECK_EQUAL(used("a=x:b=2:=3"), "b=2,=3");
}

void aKeyIsTheWholeKey() {
  readSettings("chunk=1", [](const Setting& setting) {
    CHECK(setting.is("chunk"));
    CHECK(!setting.is("chun") && !setting.is("chunks") && !setting.is(""));
  });
  readSettings("=1", [](const Setting& setting) { CHECK(setting.is("") && !setting.is("chunk")); });
}

}  // namespace

int main() {
  RUN(wellFormedOnesAreUsed);
  RUN(othersAreNot);
  RUN(aKeyIsTheWholeKey);
}
