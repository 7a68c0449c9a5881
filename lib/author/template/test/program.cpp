// What a heap must do for a program: run by CTest with the heap preloaded. Ends with a message and status 1 where it
// does not, and where malloc is not the heap's.

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                   \
  do {                                                                     \
    if (!(condition)) {                                                    \
      std::fprintf(stderr, "line %d: not so: %s\n", __LINE__, #condition); \
      std::exit(1);                                                        \
    }                                                                      \
  } while (0)

// Blocks of every size up to 100,000 bytes keep what is written into them and do not overlap.
static void work(unsigned seed) {
  struct Block {
    unsigned char* start;
    std::size_t size;
  };
  std::vector<Block> blocks;
  for (int i = 0; i < 20000; ++i) {
    const std::size_t size = rand_r(&seed) % (i % 50 == 0 ? 100000 : 600);
    const std::size_t alignment = i % 7 == 0 ? 256 : 16;
    auto* start = static_cast<unsigned char*>(i % 7 == 0 ? memalign(256, size) : malloc(size));
    CHECK(start != nullptr && reinterpret_cast<std::uintptr_t>(start) % alignment == 0);
    CHECK(malloc_usable_size(start) >= size);
    std::memset(start, static_cast<int>(size), size);
    blocks.push_back({start, size});
    if (blocks.size() < 500) continue;
    const Block gone = blocks[i % 500];
    for (std::size_t at = 0; at < gone.size; ++at) CHECK(gone.start[at] == static_cast<unsigned char>(gone.size));
    free(gone.start);
    blocks[i % 500] = blocks.back();
    blocks.pop_back();
  }
  for (const Block& block : blocks) free(block.start);
}

int main() {
  const char* library = std::getenv("LD_PRELOAD");
  Dl_info info{};
  CHECK(library != nullptr && dladdr(dlsym(RTLD_DEFAULT, "malloc"), &info) != 0);
  CHECK(std::string(info.dli_fname) == library);

  volatile std::size_t tooMuch = SIZE_MAX / 2;
  CHECK(malloc(tooMuch) == nullptr && errno == ENOMEM);

  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 4; ++seed) threads.emplace_back(work, seed);
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(30);
      free(malloc(100));
      _exit(0);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}
