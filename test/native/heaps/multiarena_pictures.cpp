// The pictures in native/heaps/multiarena/README.md, drawn from the heap's own state after what the text says was done.
// As a test it compares them with the file; `multiarena_pictures write` puts them into it.

#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include <sys/wait.h>
#include <unistd.h>
#include <thread>

#include "check.h"
#include "heaps/multiarena/multiarena_heap.h"
#include "heaps/multiarena/walk.h"

namespace {

using alloc8::heaps::MultiArenaHeap;
using alloc8::heaps::multiarena::Arena;
using alloc8::heaps::multiarena::Walk;

MultiArenaHeap heap;

std::string arenas() {
  std::string out;
  for (Arena* arena = heap.arenas().first(); arena != nullptr; arena = arena->next.load()) {
    if (arena->started()) out += Walk(*arena).picture();
  }
  return out;
}

// Draws in a child, where the heap is new, and gives what it drew.
template <class Story>
std::string drawn(Story story) {
  int ends[2];
  CHECK_EQUAL(pipe(ends), 0);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    const std::string picture = story();
    CHECK_EQUAL(write(ends[1], picture.data(), picture.size()), picture.size());
    _exit(0);
  }
  close(ends[1]);
  std::string picture;
  char bytes[4096];
  ssize_t got;
  while ((got = read(ends[0], bytes, sizeof bytes)) > 0) picture.append(bytes, static_cast<std::size_t>(got));
  close(ends[0]);
  int status = 0;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK_EQUAL(status, 0);
  return picture;
}

std::map<std::string, std::string> pictures() {
  std::map<std::string, std::string> all;
  all["three blocks"] = drawn([] {
    heap.malloc(20);
    heap.malloc(2000);
    heap.malloc(100);
    return arenas();
  });
  all["freed"] = drawn([] {
    void* small = heap.malloc(20);
    void* large = heap.malloc(2000);
    heap.malloc(100);
    heap.free(small);
    heap.free(large);
    return arenas();
  });
  all["split"] = drawn([] {
    void* small = heap.malloc(20);
    void* large = heap.malloc(2000);
    heap.malloc(100);
    heap.free(small);
    heap.free(large);
    heap.malloc(300);
    return arenas();
  });
  all["apart"] = drawn([] {
    void* blocks[5];
    for (void*& block : blocks) block = heap.malloc(3000);
    heap.free(blocks[1]);
    heap.free(blocks[3]);
    return arenas();
  });
  all["joined"] = drawn([] {
    void* blocks[5];
    for (void*& block : blocks) block = heap.malloc(3000);
    heap.free(blocks[1]);
    heap.free(blocks[3]);
    heap.free(blocks[2]);
    return arenas();
  });
  all["grown"] = drawn([] {
    for (int i = 0; i < 3; ++i) heap.malloc(100'000);
    return arenas();
  });
  all["trimmed"] = drawn([] {
    void* blocks[3];
    for (void*& block : blocks) block = heap.malloc(100'000);
    heap.free(blocks[2]);
    heap.free(blocks[1]);
    return arenas();
  });
  all["two arenas"] = drawn([] {
    heap.malloc(20);
    Arena* first = heap.arenas().main();
    first->lock();  // another thread is in there
    std::thread([] { heap.malloc(40); }).join();
    first->unlock();
    return arenas();
  });
  return all;
}

// The file with each picture between its marker and the end of its block.
std::string filledIn(std::string text, const std::map<std::string, std::string>& all) {
  for (const auto& [name, picture] : all) {
    const std::string marker = "<!-- picture: " + name + " -->\n\n```text\n";
    const std::size_t at = text.find(marker);
    if (at == std::string::npos) alloc8::check::failed(__FILE__, __LINE__, "no marker for the picture " + name);
    const std::size_t begin = at + marker.size();
    text.replace(begin, text.find("```", begin) - begin, picture);
  }
  return text;
}

}  // namespace

int main(int count, char**) {
  if (sysconf(_SC_PAGESIZE) != 4096) return 0;  // the pictures are those of most machines
  std::ifstream file(ALLOC8_MULTIARENA_README);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string expected = filledIn(text, pictures());
  if (count > 1) {
    std::ofstream(ALLOC8_MULTIARENA_README) << expected;
    return 0;
  }
  CHECK_EQUAL(text, expected);
  return 0;
}
