// C++ thread_local objects with destructors that allocate and free at thread exit, also when pthread keys are
// destroyed after them, and for the main thread at exit.
// @standard C++20 [basic.start.term]
// @standard C++20 [basic.stc.thread]
#include <pthread.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "../check.h"

static std::atomic<int> destroyed;
static pthread_key_t late;

struct Local {
  std::vector<std::string> words;
  ~Local() {
    words.push_back(std::string(4000, 'e'));
    for (auto& word : words) CHECK_AT_LEAST(word.size(), 50);
    words.clear();
    ++destroyed;
  }
};

static thread_local Local local;

static void free_late(void* block) {
  free(block);
  std::string after(3000, 'l');
  CHECK_EQUAL(after.size(), 3000);
}

int main() {
  CHECK_EQUAL(pthread_key_create(&late, free_late), 0);
  local.words.push_back(std::string(100, 'm'));
  for (int round = 0; round < 40; round++) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 5; i++)
      threads.emplace_back([i] {
        for (int word = 0; word < 30; word++) local.words.push_back(std::string(50 + i * 20 + word, 't'));
        pthread_setspecific(late, malloc(200));
      });
    for (auto& thread : threads) thread.join();
  }
  CHECK_EQUAL(destroyed.load(), 200);
  return 0;
}
