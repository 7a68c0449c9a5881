// Files of latencies for JavaScript.

#include "addon/latency.h"

#include <string>

#include "addon/probe.h"
#include "platform/platform.h"
#include "record/latency_reader.h"

namespace alloc8::addon {

namespace {

Napi::Value limitOf(Napi::Env env, std::size_t group) {
  if (group >= record::kLatencyLarger) return env.Null();
  return Napi::Number::New(env, static_cast<double>(record::kLatencyGroupLimits[group]));
}

Napi::Object toObject(Napi::Env env, const record::LatencySum& sum) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("entry", probeEntryName(sum.entry));
  result.Set("upToBytes", limitOf(env, sum.group));
  result.Set("bySize", Napi::Boolean::New(env, sum.group != record::kLatencyAny));
  result.Set("maxTicks", Napi::Number::New(env, static_cast<double>(sum.histogram.maxTicks)));
  result.Set("sumTicks", Napi::Number::New(env, static_cast<double>(sum.histogram.sumTicks)));
  Napi::Float64Array counts = Napi::Float64Array::New(env, record::kLatencyBuckets);
  for (std::size_t i = 0; i < record::kLatencyBuckets; ++i) {
    counts[i] = static_cast<double>(sum.histogram.buckets[i]);
  }
  result.Set("counts", counts);
  return result;
}

}  // namespace

Napi::Value latencyBytesInUse(const Napi::CallbackInfo& info) {
  const auto bytes = info[0].As<Napi::Buffer<char>>();
  std::string problem;
  const std::uint64_t used = record::latencyBytesInUse(bytes.Data(), bytes.Length(), &problem);
  if (!problem.empty()) throw sessionCorrupt(info.Env(), problem);
  return Napi::Number::New(info.Env(), static_cast<double>(used));
}

Napi::Value parseLatency(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto bytes = info[0].As<Napi::Buffer<char>>();
  const platform::ClockPair now = platform::readClocks();
  record::LatencyContent content;
  const record::LatencyReaderClock reader{{now.ticks, now.ns}, platform::clockOriginNs()};
  const std::string problem = record::parseLatency(bytes.Data(), bytes.Length(), reader, &content);
  if (!problem.empty()) throw sessionCorrupt(env, problem);
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", Napi::Number::New(env, static_cast<double>(content.header.pid)));
  result.Set("every", Napi::Number::New(env, content.header.every));
  result.Set("nsPerTick", Napi::Number::New(env, content.nsPerTick));
  result.Set("lostCalls", Napi::Number::New(env, static_cast<double>(content.lostCalls)));
  result.Set("lostThreads", Napi::Number::New(env, content.header.lostThreads));
  Napi::Array sums = Napi::Array::New(env, content.sums.size());
  std::uint32_t i = 0;
  for (const record::LatencySum& sum : content.sums) sums.Set(i++, toObject(env, sum));
  result.Set("histograms", sums);
  return result;
}

}  // namespace alloc8::addon
