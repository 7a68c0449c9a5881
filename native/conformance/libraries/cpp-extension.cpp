// A C++ extension that a C program opens with RTLD_LOCAL: its C++ runtime is no dependency of the program, and no other
// library's references find it. Returns null, or what went wrong.
#include <map>
#include <new>
#include <string>
#include <vector>

struct OutOfLuck : std::bad_alloc {};

static int handler_calls;

static void throwing_handler() {
  handler_calls++;
  throw OutOfLuck();
}

static void retiring_handler() {
  if (++handler_calls == 3) std::set_new_handler(nullptr);
}

static volatile size_t huge = PTRDIFF_MAX - 100000;

static const char* containers() {
  std::map<int, std::string> map;
  for (int i = 0; i < 1000; i++) map[i] = std::string(i, 'm');
  std::vector<int> many(100000, 7);
  struct alignas(128) Wide {
    char bytes[300];
  };
  Wide* wide = new Wide;
  bool aligned = reinterpret_cast<size_t>(wide) % 128 == 0;
  delete wide;
  return !aligned ? "aligned new, expected a multiple of 128" : map[999].size() == 999 ? nullptr : "lost content";
}

template <class Error>
static bool throws() {
  try {
    ::operator delete(::operator new(huge));
  } catch (const Error&) {
    return true;
  }
  return false;
}

static const char* exceptions() {
  if (!throws<std::bad_alloc>()) return "new without memory, expected bad_alloc, got a block";
  if (::operator new(huge, std::nothrow)) return "nothrow new without memory, expected null, got a block";
  return nullptr;
}

static const char* handlers() {
  std::set_new_handler(throwing_handler);
  if (!throws<OutOfLuck>()) return "new with a throwing handler, expected its exception";
  if (::operator new(huge, std::nothrow)) return "nothrow new with a throwing handler, expected null";
  if (handler_calls != 2) return "throwing handler, expected 2 calls";
  handler_calls = 0;
  std::set_new_handler(retiring_handler);
  if (!throws<std::bad_alloc>()) return "new with a retiring handler, expected bad_alloc";
  if (handler_calls != 3) return "retiring handler, expected 3 calls";
  std::set_new_handler(nullptr);
  return nullptr;
}

extern "C" const char* extension_containers() { return containers(); }
extern "C" const char* extension_exceptions() { return exceptions(); }
extern "C" const char* extension_handlers() { return handlers(); }
