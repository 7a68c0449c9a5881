// The Node addon: converts arguments and results between JavaScript and the native readers. No logic of its own.

#include <memory>
#include <string>

#include <napi.h>

#include "addon/heap.h"
#include "addon/latency.h"
#include "addon/probe.h"
#include "addon/samples.h"
#include "platform/platform.h"
#include "record/journal_reader.h"
#include "record/witness_reader.h"

namespace {

// More than any witness writes.
constexpr std::size_t kMaxRecordBytes = std::size_t{16} << 20;

// What kept a file from being read, null where nothing did.
const char* readProblem(alloc8::platform::ReadOutcome outcome) {
  using alloc8::platform::ReadOutcome;
  switch (outcome) {
    case ReadOutcome::done: return nullptr;
    case ReadOutcome::notRegular: return "not a regular file";
    case ReadOutcome::manyNames: return "the file has another name elsewhere";
    case ReadOutcome::tooLarge: return "more than 16 MiB";
    case ReadOutcome::unreadable: break;
  }
  return "cannot be read";
}

Napi::Error corrupt(Napi::Env env, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Value().Set("code", Napi::String::New(env, "SESSION_CORRUPT"));
  return error;
}

Napi::Value optionalText(Napi::Env env, const std::string& text) {
  return text.empty() ? env.Null() : Napi::Value(Napi::String::New(env, text));
}

// Calls convert(item, object) for every item and gives the objects as an array.
template <class Items, class Convert>
Napi::Array toArray(Napi::Env env, const Items& items, Convert convert) {
  Napi::Array array = Napi::Array::New(env, items.size());
  std::uint32_t i = 0;
  for (const auto& item : items) {
    Napi::Object object = Napi::Object::New(env);
    convert(item, object);
    array.Set(i++, object);
  }
  return array;
}

Napi::Object toObject(Napi::Env env, const alloc8::record::WitnessRecord& record) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", Napi::Number::New(env, static_cast<double>(record.pid)));
  result.Set("ppid", Napi::Number::New(env, static_cast<double>(record.ppid)));
  result.Set("sequenceNs", Napi::BigInt::New(env, record.sequenceNs));
  result.Set("kind", record.kind);
  result.Set("truncated", Napi::Boolean::New(env, record.truncated));
  result.Set("audited", Napi::Boolean::New(env, record.audited));
  result.Set("executable", record.executable);
  Napi::Array objects = Napi::Array::New(env, record.objects.size());
  for (std::uint32_t i = 0; i < record.objects.size(); ++i) objects.Set(i, record.objects[i]);
  result.Set("objects", objects);
  result.Set("references", toArray(env, record.references, [env](const auto& reference, Napi::Object& object) {
               object.Set("object", reference.object);
               object.Set("symbol", reference.symbol);
               object.Set("version", optionalText(env, reference.version));
               object.Set("role", reference.role);
               object.Set("target", reference.target < 0
                                        ? env.Null()
                                        : Napi::Value(Napi::Number::New(env, static_cast<double>(reference.target))));
             }));
  result.Set("definitions", toArray(env, record.definitions, [env](const auto& definition, Napi::Object& object) {
               object.Set("object", definition.object);
               object.Set("symbol", definition.symbol);
               object.Set("version", optionalText(env, definition.version));
               object.Set("role", definition.role);
             }));
  return result;
}

// readWitness(path): the record, or an error with the code SESSION_CORRUPT.
Napi::Value readWitness(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>();
  // Left as it comes: pages that are not read into cost nothing.
  const std::unique_ptr<char[]> memory(new char[kMaxRecordBytes]);
  std::size_t bytes = 0;
  const char* unread =
      readProblem(alloc8::platform::readRegularFile(path.c_str(), memory.get(), kMaxRecordBytes, &bytes));
  if (unread != nullptr) throw corrupt(info.Env(), path + ": " + unread);
  alloc8::record::WitnessRecord record;
  const std::string problem = alloc8::record::parseWitness(memory.get(), bytes, &record);
  if (!problem.empty()) throw corrupt(info.Env(), path + ": " + problem);
  return toObject(info.Env(), record);
}

Napi::Object toObject(Napi::Env env, const alloc8::record::JournalContent& journal) {
  const auto number = [env](auto value) { return Napi::Number::New(env, static_cast<double>(value)); };
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", number(journal.pid));
  result.Set("sequenceNs", Napi::BigInt::New(env, journal.sequenceNs));
  result.Set("lostEntries", number(journal.lostEntries));
  result.Set("threadsBegun", number(journal.threadsBegun));
  result.Set("threadsEnded", number(journal.threadsEnded));
  result.Set("entries", toArray(env, journal.entries, [&](const auto& entry, Napi::Object& object) {
               object.Set("kind", entry.kind);
               object.Set("pid", number(entry.pid));
               object.Set("ppid", number(entry.ppid));
               object.Set("child", number(entry.child));
               object.Set("timeNs", Napi::BigInt::New(env, entry.timeNs));
               object.Set("flags", number(entry.flags));
               object.Set("text", entry.text);
               object.Set("late", entry.late.kind == nullptr ? env.Null() : Napi::Value(toObject(env, entry.late)));
             }));
  return result;
}

// parseJournal(buffer): the journal, or an error with the code SESSION_CORRUPT.
Napi::Value parseJournal(const Napi::CallbackInfo& info) {
  const auto bytes = info[0].As<Napi::Buffer<char>>();
  alloc8::record::JournalContent journal;
  const std::string problem = alloc8::record::parseJournal(bytes.Data(), bytes.Length(), &journal);
  if (!problem.empty()) throw corrupt(info.Env(), problem);
  return toObject(info.Env(), journal);
}

// fileCapabilities(path): whether the file carries any.
Napi::Value fileCapabilities(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>();
  return Napi::Boolean::New(info.Env(), alloc8::platform::hasFileCapabilities(path.c_str()));
}

// hardwareCounterError(): 0 where this process may have a hardware counter, else the errno.
Napi::Value hardwareCounterError(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), alloc8::platform::hardwareCounterError());
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("version", ALLOC8_VERSION);
  exports.Set("readWitness", Napi::Function::New<readWitness>(env, "readWitness"));
  exports.Set("parseJournal", Napi::Function::New<parseJournal>(env, "parseJournal"));
  exports.Set("probeBytesInUse", Napi::Function::New<alloc8::addon::probeBytesInUse>(env, "probeBytesInUse"));
  exports.Set("samplesParts", Napi::Function::New<alloc8::addon::samplesParts>(env, "samplesParts"));
  exports.Set("parseSamples", Napi::Function::New<alloc8::addon::parseSamples>(env, "parseSamples"));
  exports.Set("parseProbe", Napi::Function::New<alloc8::addon::parseProbe>(env, "parseProbe"));
  exports.Set("latencyBytesInUse", Napi::Function::New<alloc8::addon::latencyBytesInUse>(env, "latencyBytesInUse"));
  exports.Set("parseLatency", Napi::Function::New<alloc8::addon::parseLatency>(env, "parseLatency"));
  exports.Set("fileCapabilities", Napi::Function::New<fileCapabilities>(env, "fileCapabilities"));
  exports.Set("hardwareCounterError", Napi::Function::New<hardwareCounterError>(env, "hardwareCounterError"));
  exports.Set("openHeap", Napi::Function::New<alloc8::addon::openHeap>(env, "openHeap"));
  exports.Set("readMemory", Napi::Function::New<alloc8::addon::readMemory>(env, "readMemory"));
  exports.Set("writeMemory", Napi::Function::New<alloc8::addon::writeMemory>(env, "writeMemory"));
  return exports;
}

}  // namespace

NODE_API_MODULE(alloc8, init)
