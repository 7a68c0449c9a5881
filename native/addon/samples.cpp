// Files of samples for JavaScript.

#include "addon/samples.h"

#include <string>

#include "record/samples_reader.h"

namespace {

using alloc8::record::ReadSite;
using alloc8::record::SampleSums;

template <class Value>
Napi::Number number(Napi::Env env, Value value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

// Sums have a few bits behind the point.
Napi::Number blocks(Napi::Env env, std::uint64_t value) {
  return Napi::Number::New(env, static_cast<double>(value) / (1U << alloc8::record::kBlockFraction));
}

Napi::Number variance(Napi::Env env, std::uint64_t value, std::uint64_t shift) {
  return Napi::Number::New(env, static_cast<double>(value) * static_cast<double>(std::uint64_t{1} << shift));
}

Napi::Error corrupt(Napi::Env env, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Value().Set("code", Napi::String::New(env, "SESSION_CORRUPT"));
  return error;
}

// What is left when what was freed is taken away; the two were not read at one moment.
std::uint64_t left(std::uint64_t allocated, std::uint64_t freed) { return allocated > freed ? allocated - freed : 0; }

Napi::Object toObject(Napi::Env env, const ReadSite& read, std::uint64_t shift) {
  const alloc8::record::SampleSite& site = read.site;
  const SampleSums& allocated = site.allocated;
  const SampleSums& freed = site.freed;
  Napi::Object result = Napi::Object::New(env);
  result.Set("thread", number(env, site.thread));
  result.Set("complete", Napi::Boolean::New(env, (site.flags & alloc8::record::kSiteComplete) != 0));
  auto frames = Napi::BigUint64Array::New(env, read.frames.size());
  for (std::size_t i = 0; i < read.frames.size(); ++i) frames[i] = read.frames[i];
  result.Set("frames", frames);
  result.Set("samples", number(env, allocated.samples));
  result.Set("blocks", blocks(env, allocated.blocks));
  result.Set("bytes", number(env, allocated.bytes));
  result.Set("bytesVariance", variance(env, allocated.variance, shift));
  result.Set("liveSamples", number(env, left(allocated.samples, freed.samples)));
  result.Set("liveBlocks", blocks(env, left(allocated.blocks, freed.blocks)));
  result.Set("liveBytes", number(env, left(allocated.bytes, freed.bytes)));
  result.Set("liveBytesVariance", variance(env, left(allocated.variance, freed.variance), shift));
  result.Set("freedElsewhereBlocks", blocks(env, site.elsewhereBlocks));
  result.Set("freedElsewhereBytes", number(env, site.elsewhereBytes));
  Napi::Array lifetimes = Napi::Array::New(env, alloc8::record::kLifetimes);
  for (std::uint32_t i = 0; i < alloc8::record::kLifetimes; ++i) lifetimes.Set(i, blocks(env, site.lifetimes[i]));
  result.Set("lifetimes", lifetimes);
  return result;
}

Napi::Object toObject(Napi::Env env, const alloc8::record::SamplesContent& content) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", number(env, content.header.pid));
  result.Set("ppid", number(env, content.header.ppid));
  result.Set("startNs", Napi::BigInt::New(env, content.header.startNs));
  result.Set("sampleBytes", number(env, content.header.meanBytes));
  result.Set("lostSamples", number(env, content.header.lostSamples));
  result.Set("lostBytes", number(env, content.header.lostBytes));
  result.Set("live", env.Null());
  if (content.header.livePlaces != 0) {
    Napi::Object live = Napi::Object::New(env);
    live.Set("addressesAt", Napi::BigInt::New(env, content.header.liveAddresses));
    live.Set("blocksAt", Napi::BigInt::New(env, content.header.liveBlocks));
    live.Set("places", number(env, content.header.livePlaces));
    result.Set("live", live);
  }
  Napi::Array limits = Napi::Array::New(env);
  std::uint64_t limit = alloc8::record::kShortestLifetimeNs;
  for (std::uint32_t i = 0; i + 1 < alloc8::record::kLifetimes; ++i, limit *= 4) limits.Set(i, number(env, limit));
  result.Set("lifetimeLimitsNs", limits);
  Napi::Array modules = Napi::Array::New(env);
  for (const alloc8::record::ReadModule& module : content.modules) {
    Napi::Object one = Napi::Object::New(env);
    one.Set("path", module.path);
    one.Set("buildId", module.buildId);
    one.Set("bias", Napi::BigInt::New(env, module.bias));
    modules.Set(modules.Length(), one);
  }
  result.Set("modules", modules);
  Napi::Array threads = Napi::Array::New(env);
  for (const alloc8::record::ReadThread& thread : content.threads) {
    Napi::Object one = Napi::Object::New(env);
    one.Set("thread", number(env, thread.thread));
    one.Set("name", thread.name);
    threads.Set(threads.Length(), one);
  }
  result.Set("threads", threads);
  Napi::Array sites = Napi::Array::New(env);
  for (const ReadSite& site : content.sites)
    sites.Set(sites.Length(), toObject(env, site, content.header.varianceShift));
  result.Set("sites", sites);
  return result;
}

}  // namespace

namespace alloc8::addon {

Napi::Value samplesParts(const Napi::CallbackInfo& info) {
  const auto bytes = info[0].As<Napi::Buffer<char>>();
  std::string problem;
  const auto parts = record::samplesParts(bytes.Data(), bytes.Length(), &problem);
  if (!problem.empty()) throw corrupt(info.Env(), problem);
  Napi::Array result = Napi::Array::New(info.Env());
  for (const record::SamplesPart& part : parts) {
    Napi::Array pair = Napi::Array::New(info.Env(), 2);
    pair.Set(0U, number(info.Env(), part.offset));
    pair.Set(1U, number(info.Env(), part.bytes));
    result.Set(result.Length(), pair);
  }
  return result;
}

Napi::Value parseSamples(const Napi::CallbackInfo& info) {
  const auto bytes = info[0].As<Napi::Buffer<char>>();
  record::SamplesContent content;
  const std::string problem = record::parseSamples(bytes.Data(), bytes.Length(), &content);
  if (!problem.empty()) throw corrupt(info.Env(), problem);
  return toObject(info.Env(), content);
}

}  // namespace alloc8::addon
