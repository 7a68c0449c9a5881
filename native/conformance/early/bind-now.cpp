// With LD_BIND_NOW=1 every reference of the heap's library is resolved at start: none may lead nowhere.
// @standard glibc manual, Replacing malloc
// @environment LD_BIND_NOW=1
#include <pthread.h>

#include <string>

#include "../check.h"

static void* body(void* argument) {
  free(argument);
  return new std::string(1000, 'b');
}

int main() {
  CHECK_EQUAL(strcmp(getenv("LD_BIND_NOW"), "1"), 0);
  for (int i = 0; i < 10; i++) {
    pthread_t thread;
    void* result = nullptr;
    CHECK_EQUAL(pthread_create(&thread, nullptr, body, malloc(100)), 0);
    CHECK_EQUAL(pthread_join(thread, &result), 0);
    delete static_cast<std::string*>(result);
  }
  return 0;
}
