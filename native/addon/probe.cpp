// Probe files for JavaScript.

#include "addon/probe.h"

#include <string>

#include "record/probe_reader.h"

namespace {

using alloc8::record::ProbeContent;
using alloc8::record::ProbeTally;

constexpr const char* kEntryNames[] = {
#define ALLOC8_PROBE_NAME(name) #name,
    ALLOC8_PROBE_ENTRIES(ALLOC8_PROBE_NAME)
#undef ALLOC8_PROBE_NAME
};

// Below 2^53 exact; nobody allocates so often.
template <class Value>
Napi::Number number(Napi::Env env, Value value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

Napi::Array toNames(Napi::Env env, alloc8::record::ProbeLevels levels) {
  constexpr const char* kNames[] = {"counts", "live", "latency", "sample"};
  Napi::Array names = Napi::Array::New(env);
  for (unsigned bit = 0; bit < sizeof kNames / sizeof *kNames; ++bit) {
    if ((levels >> bit & 1) != 0) names.Set(names.Length(), kNames[bit]);
  }
  return names;
}

Napi::Object toObject(Napi::Env env, const ProbeTally& tally) {
  Napi::Object result = Napi::Object::New(env);
  Napi::Object entries = Napi::Object::New(env);
  for (std::size_t i = 0; i < sizeof kEntryNames / sizeof *kEntryNames; ++i) {
    const alloc8::record::ProbeEntryCount& count = tally.entries[i];
    if (count.calls == 0) continue;
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("calls", number(env, count.calls));
    entry.Set("failures", number(env, count.failures));
    entry.Set("requestedBytes", number(env, count.bytes));
    entries.Set(kEntryNames[i], entry);
  }
  result.Set("entries", entries);
  Napi::Array sizes = Napi::Array::New(env);
  std::uint32_t used = 0;
  for (std::size_t i = 0; i < alloc8::record::kProbeClasses; ++i) {
    const alloc8::record::ProbeClassCount& size = tally.classes[i];
    if (tally.requested[i] == 0 && size.given == 0 && size.taken == 0) continue;
    Napi::Object one = Napi::Object::New(env);
    const bool last = i == alloc8::record::kProbeClasses - 1;
    one.Set("upToBytes", last ? env.Null() : Napi::Value(number(env, alloc8::record::probeClassLimit(i))));
    one.Set("requests", number(env, tally.requested[i]));
    one.Set("givenBlocks", number(env, size.given));
    one.Set("givenBytes", number(env, size.givenBytes));
    one.Set("takenBlocks", number(env, size.taken));
    one.Set("takenBytes", number(env, size.takenBytes));
    sizes.Set(used++, one);
  }
  result.Set("sizes", sizes);
  result.Set("requestedBytes", number(env, tally.requestedLiveBytes));
  return result;
}

// Those that have been written to the end.
Napi::Array toArray(Napi::Env env, const alloc8::record::ProbeHeader& header) {
  Napi::Array result = Napi::Array::New(env);
  std::uint32_t used = 0;
  for (std::size_t i = 0; i < alloc8::record::kProbeUnrecorded && i < header.unrecorded; ++i) {
    const alloc8::record::ProbeUnrecorded& entry = header.unrecordedFirst[i];
    if (entry.pid == 0) continue;
    Napi::Object one = Napi::Object::New(env);
    one.Set("pid", number(env, entry.pid));
    one.Set("ppid", number(env, entry.ppid));
    one.Set("startNs", Napi::BigInt::New(env, entry.startNs));
    result.Set(used++, one);
  }
  return result;
}

Napi::Object toObject(Napi::Env env, const ProbeContent& content) {
  const alloc8::record::ProbeHeader& header = content.header;
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", number(env, header.pid));
  result.Set("ppid", number(env, header.ppid));
  result.Set("startNs", Napi::BigInt::New(env, header.startNs));
  result.Set("levels", toNames(env, header.levels));
  result.Set("startLevels", toNames(env, header.startLevels));
  result.Set("startLevelsNs", Napi::BigInt::New(env, header.startLevelsNs));
  result.Set("controlChanges", header.controlled == 0 ? env.Null() : Napi::Value(number(env, header.controlChanges)));
  result.Set(
      "hasLatency",
      Napi::Boolean::New(env, header.latency == static_cast<std::uint32_t>(alloc8::record::ProbeCompanion::made)));
  result.Set(
      "latencyFailed",
      Napi::Boolean::New(env, header.latency == static_cast<std::uint32_t>(alloc8::record::ProbeCompanion::failed)));
  Napi::Array costs = Napi::Array::New(env, alloc8::record::kProbeLevelCount);
  for (std::uint32_t i = 0; i < alloc8::record::kProbeLevelCount; ++i) {
    costs.Set(i, number(env, header.costPicoseconds[i]));
  }
  result.Set("costPicoseconds", costs);
  result.Set("samplingNs", number(env, header.samplingNs));
  result.Set("watchPicoseconds", number(env, header.watchPicoseconds));
  result.Set("forked", Napi::Boolean::New(env, header.forked != 0));
  result.Set("inherits", Napi::Boolean::New(env, header.inherits != 0));
  result.Set("peakBytes", number(env, header.peakBytes));
  result.Set("peakNs", Napi::BigInt::New(env, header.peakNs));
  result.Set("liveBlocks", number(env, content.liveBlocks));
  result.Set("liveBytes", number(env, content.liveBytes));
  result.Set("threadsSeen", number(env, content.threadsSeen));
  result.Set("lostThreads", number(env, header.lostThreads));
  result.Set("unrecorded", toArray(env, header));
  result.Set("unrecordedCount", number(env, header.unrecorded));
  result.Set("total", toObject(env, content.total));
  Napi::Array threads = Napi::Array::New(env, content.threads.size());
  std::uint32_t i = 0;
  for (const alloc8::record::ProbeThread& thread : content.threads) {
    Napi::Object one = toObject(env, thread.tally);
    one.Set("thread", number(env, thread.thread));
    one.Set("beganNs", Napi::BigInt::New(env, thread.beganNs));
    one.Set("alive", Napi::Boolean::New(env, thread.alive));
    threads.Set(i++, one);
  }
  result.Set("threads", threads);
  return result;
}

}  // namespace

namespace alloc8::addon {

const char* probeEntryName(std::size_t entry) { return kEntryNames[entry]; }

Napi::Error sessionCorrupt(Napi::Env env, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Value().Set("code", Napi::String::New(env, "SESSION_CORRUPT"));
  return error;
}

Napi::Value probeBytesInUse(const Napi::CallbackInfo& info) {
  const auto bytes = info[0].As<Napi::Buffer<char>>();
  std::string problem;
  const std::uint64_t used = record::probeBytesInUse(bytes.Data(), bytes.Length(), &problem);
  if (!problem.empty()) throw sessionCorrupt(info.Env(), problem);
  return number(info.Env(), used);
}

Napi::Value parseProbe(const Napi::CallbackInfo& info) {
  const auto first = info[0].As<Napi::Buffer<char>>();
  const auto second = info[1].As<Napi::Buffer<char>>();
  ProbeContent content;
  const std::string problem =
      record::parseProbe(first.Data(), first.Length(), second.Data(), second.Length(), &content);
  if (!problem.empty()) throw sessionCorrupt(info.Env(), problem);
  return toObject(info.Env(), content);
}

}  // namespace alloc8::addon
