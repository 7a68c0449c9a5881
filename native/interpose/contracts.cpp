// The bodies behind the public page and lock contracts: the platform's. They stand here because the public headers
// may not know the platform and the platform may not know them.

#include "alloc8/lock.h"
#include "alloc8/pages.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "platform/platform.h"

namespace alloc8 {

namespace pages {

std::size_t size() noexcept { return platform::pageSize(); }
void* map(std::size_t bytes, std::size_t alignment) noexcept { return platform::mapPages(bytes, alignment); }
void unmap(void* p, std::size_t bytes) noexcept { platform::unmapPages(p, bytes); }
void purge(void* p, std::size_t bytes) noexcept { platform::purgePages(p, bytes); }
void* reserve(std::size_t bytes, std::size_t alignment) noexcept { return platform::reservePages(bytes, alignment); }
bool commit(void* p, std::size_t bytes) noexcept { return platform::commitPages(p, bytes); }
bool uncommit(void* p, std::size_t bytes) noexcept { return platform::uncommitPages(p, bytes); }
bool protect(void* p, std::size_t bytes) noexcept { return platform::protectPages(p, bytes); }

}  // namespace pages

namespace detail {

void waitOn(std::atomic<std::uint32_t>* word, std::uint32_t expected) noexcept { platform::waitOn(word, expected); }
void wakeOne(std::atomic<std::uint32_t>* word) noexcept { platform::wakeOne(word); }
void yieldThread() noexcept { platform::yieldThread(); }

}  // namespace detail

void fatal(const char* message, const void* address) noexcept {
  // Built by hand: anything of libc's that formats may allocate, and the heap is what has just failed.
  char line[320];
  std::size_t length = 0;
  const auto append = [&](const char* text) {
    for (; *text != '\0' && length < sizeof line - 1; ++text) line[length++] = *text;
  };
  append("alloc8: ");
  append(message);
  if (address != nullptr) {
    append(": 0x");
    const auto value = reinterpret_cast<std::uintptr_t>(address);
    bool leading = true;
    for (int shift = static_cast<int>(sizeof value) * 8 - 4; shift >= 0; shift -= 4) {
      const unsigned digit = (value >> shift) & 15U;
      if (digit == 0 && leading && shift != 0) continue;
      leading = false;
      const char text[2] = {"0123456789abcdef"[digit], '\0'};
      append(text);
    }
  }
  line[length++] = '\n';
  platform::rawWrite(2, line, length);
  std::abort();
}

}  // namespace alloc8
