// Opens heaps' libraries for heap.h and hands their functions to JavaScript as they are.

#include "addon/heap.h"

#include <malloc.h>
#include <cstring>
#include <string>

#include "platform/platform.h"

namespace alloc8::addon {

namespace {

// What a heap's library exports of libc's names; null where it has none.
struct Functions {
  void* (*malloc)(std::size_t) = nullptr;
  void (*free)(void*) = nullptr;
  void* (*realloc)(void*, std::size_t) = nullptr;
  std::size_t (*usableSize)(void*) = nullptr;
  struct mallinfo2 (*statistics)() = nullptr;
};

template <class Function>
void find(void* library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(platform::librarySymbol(library, name));
}

std::size_t sizeOf(const Napi::Value& value) { return static_cast<std::size_t>(value.As<Napi::Number>().Int64Value()); }

void* addressOf(const Napi::Value& value) {
  bool whole = false;
  return reinterpret_cast<void*>(value.As<Napi::BigInt>().Uint64Value(&whole));
}

Napi::Value toBigInt(Napi::Env env, const void* p) {
  return Napi::BigInt::New(env, static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(p)));
}

Napi::Object statisticsOf(Napi::Env env, const struct mallinfo2& info) {
  Napi::Object object = Napi::Object::New(env);
  const auto set = [&](const char* name, std::size_t value) {
    object.Set(name, Napi::BigInt::New(env, static_cast<std::uint64_t>(value)));
  };
  set("arena", info.arena);
  set("ordblks", info.ordblks);
  set("smblks", info.smblks);
  set("hblks", info.hblks);
  set("hblkhd", info.hblkhd);
  set("usmblks", info.usmblks);
  set("fsmblks", info.fsmblks);
  set("uordblks", info.uordblks);
  set("fordblks", info.fordblks);
  set("keepcost", info.keepcost);
  return object;
}

}  // namespace

Napi::Value openHeap(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string path = info[0].As<Napi::String>();
  const char* problem = nullptr;
  void* library = platform::openLibrary(path.c_str(), &problem);
  if (library == nullptr) throw Napi::Error::New(env, problem == nullptr ? "it does not load" : problem);
  Functions heap;
  find(library, "malloc", &heap.malloc);
  find(library, "free", &heap.free);
  find(library, "realloc", &heap.realloc);
  find(library, "malloc_usable_size", &heap.usableSize);
  find(library, "mallinfo2", &heap.statistics);
  Napi::Object object = Napi::Object::New(env);
  const auto set = [&](const char* name, bool there, auto call) {
    object.Set(name, there ? Napi::Value(Napi::Function::New(env, call, name)) : env.Null());
  };
  set("malloc", heap.malloc != nullptr,
      [heap](const Napi::CallbackInfo& call) { return toBigInt(call.Env(), heap.malloc(sizeOf(call[0]))); });
  set("free", heap.free != nullptr, [heap](const Napi::CallbackInfo& call) {
    heap.free(addressOf(call[0]));
    return call.Env().Undefined();
  });
  set("realloc", heap.realloc != nullptr, [heap](const Napi::CallbackInfo& call) {
    return toBigInt(call.Env(), heap.realloc(addressOf(call[0]), sizeOf(call[1])));
  });
  set("usableSize", heap.usableSize != nullptr, [heap](const Napi::CallbackInfo& call) -> Napi::Value {
    return Napi::Number::New(call.Env(), static_cast<double>(heap.usableSize(addressOf(call[0]))));
  });
  set("statistics", heap.statistics != nullptr,
      [heap](const Napi::CallbackInfo& call) -> Napi::Value { return statisticsOf(call.Env(), heap.statistics()); });
  return object;
}

Napi::Value readMemory(const Napi::CallbackInfo& info) {
  return Napi::Buffer<char>::Copy(info.Env(), static_cast<const char*>(addressOf(info[0])), sizeOf(info[1]));
}

Napi::Value writeMemory(const Napi::CallbackInfo& info) {
  const auto bytes = info[1].As<Napi::Buffer<char>>();
  std::memcpy(addressOf(info[0]), bytes.Data(), bytes.Length());
  return info.Env().Undefined();
}

}  // namespace alloc8::addon
