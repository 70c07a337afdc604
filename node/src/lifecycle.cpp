#include "exports.hpp"
#include "process.hpp"
#include "values.hpp"

namespace signalbox::node {
namespace {

std::vector<ConfigValue> values_of(const Napi::Array& flat) {
  std::vector<ConfigValue> values;
  for (std::uint32_t i = 0; i + 2 < flat.Length(); i += 3) {
    const auto text = [&](std::uint32_t at) { return flat.Get(i + at).As<Napi::String>().Utf8Value(); };
    values.push_back({.name = text(0), .value = text(1), .from = text(2)});
  }
  return values;
}

}  // namespace

Napi::Value start(const Napi::CallbackInfo& info) {
  Process::instance().start(Config::from_values(values_of(info[0].As<Napi::Array>())),
                            {.jwt = info[1].ToBoolean().Value()});
  return info.Env().Undefined();
}

Napi::Value open(const Napi::CallbackInfo& info) {
  if (const EngineRef engine = Environment::of(info.Env()).engine()) engine->open();
  return info.Env().Undefined();
}

Napi::Value close(const Napi::CallbackInfo& info) {
  Environment& here = Environment::of(info.Env());
  const EngineRef engine = here.engine();
  if (!engine) return Napi::Boolean::New(info.Env(), false);
  engine->close([inbox = here.inbox(), call = number_of(info[0])] { inbox->put(Closed{.call = call}); });
  return Napi::Boolean::New(info.Env(), true);
}

Napi::Value stop(const Napi::CallbackInfo& info) {
  if (const EngineRef engine = Environment::of(info.Env()).engine()) engine->stop();
  return info.Env().Undefined();
}

Napi::Value running(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), Environment::of(info.Env()).engine() != nullptr);
}

Napi::Value clients(const Napi::CallbackInfo& info) {
  const EngineRef engine = Environment::of(info.Env()).engine();
  return Napi::Number::New(info.Env(), engine ? static_cast<double>(engine->service().counts().sessions) : 0);
}

Napi::Value settings(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), Config::json_table());
}

Napi::Value dispatch(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).set_dispatch(info[0].As<Napi::Function>());
  return info.Env().Undefined();
}

Napi::Value wish(const Napi::CallbackInfo& info) {
  Wishes wishes{.connections = info[0].ToBoolean().Value(), .middleware = info[1].ToBoolean().Value(), .events = {}};
  const auto names = info[2].As<Napi::Array>();
  for (std::uint32_t i = 0; i < names.Length(); ++i) wishes.events.insert(names.Get(i).As<Napi::String>().Utf8Value());
  Process::instance().listeners().wish(Environment::of(info.Env()).listener(), std::move(wishes));
  return info.Env().Undefined();
}

Napi::Value hold_process(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).hold();
  return info.Env().Undefined();
}

Napi::Value release_process(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).release();
  return info.Env().Undefined();
}

}  // namespace signalbox::node
