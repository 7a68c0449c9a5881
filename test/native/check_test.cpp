// The checks themselves: a test that cannot fail would make all others worthless.

#include "check.h"

#include "child.h"

namespace {

using alloc8::check::inChild;

void aTrueCheckPasses() {
  CHECK(true);
  CHECK_EQUAL(1, 1U);
  CHECK_EQUAL(std::string("a"), "a");
  CHECK_CONTAINS("abc", "b");
}

void aFailedCheckNamesItself() {
  const int line = __LINE__ + 1;
  const auto end = inChild([] { CHECK(1 > 2); });
  CHECK_EQUAL(end.status, 1);
  CHECK_EQUAL(end.error, std::string(__FILE__) + ":" + std::to_string(line) +
                             ": aFailedCheckNamesItself: 1 > 2: expected true, got false\n");
}

void aDifferenceShowsBothSides() {
  CHECK_CONTAINS(inChild([] { CHECK_EQUAL(2 + 2, 5); }).error, "2 + 2: expected 5, got 4\n");
  CHECK_CONTAINS(inChild([] { CHECK_EQUAL(-1, SIZE_MAX); }).error, "expected 18446744073709551615, got -1\n");
  CHECK_CONTAINS(inChild([] { CHECK_EQUAL(std::string("a"), "b"); }).error, "expected \"b\", got \"a\"\n");
  CHECK_CONTAINS(inChild([] { CHECK_EQUAL(true, false); }).error, "expected false, got true\n");
  CHECK_CONTAINS(inChild([] { CHECK_CONTAINS("abc", "d"); }).error, "expected a text with \"d\", got \"abc\"\n");
}

void aChildThatDiesIsSeen() {
  CHECK_EQUAL(inChild([] { _exit(3); }).status, 3);
  CHECK_EQUAL(inChild([] { kill(getpid(), SIGKILL); }).signal, SIGKILL);
  const auto end = inChild([] { CHECK_IN_CHILD([] { CHECK(false); }); });
  CHECK_EQUAL(end.status, 1);
  CHECK_CONTAINS(end.error, "the child ended with status 1, signal 0\n");
  CHECK_CONTAINS(end.error, "false: expected true, got false\n");
}

}  // namespace

int main() {
  RUN(aTrueCheckPasses);
  RUN(aFailedCheckNamesItself);
  RUN(aDifferenceShowsBothSides);
  RUN(aChildThatDiesIsSeen);
}
