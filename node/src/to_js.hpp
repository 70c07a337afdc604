#pragma once
#include <napi.h>

#include <memory>

#include "engine.hpp"
#include "record.hpp"

namespace signalbox::node {

// Records become arrays whose first element says which they are; lib/engines/native.cjs reads them. What they name of
// the engine keeps it.

enum class RecordKind : std::uint8_t {
  introduced,
  event,
  disconnected,
  login,
  acknowledged,
  committed,
  answered,
  listed,
  closed,
  overrun,
};

/// A C++ value behind a JavaScript object, which frees it.
template <class Value>
struct Held {
  EngineRef engine;  ///< destroyed behind the value
  Value value;
};
template <class Value>
Napi::Value hold(Napi::Env env, EngineRef engine, Value value) {
  auto* held = new Held<Value>{std::move(engine), std::move(value)};
  return Napi::External<Held<Value>>::New(env, held, [](Napi::Env, Held<Value>* gone) { delete gone; });
}
template <class Value>
Held<Value>& held(const Napi::Value& value) {
  return *value.As<Napi::External<Held<Value>>>().Data();
}

Napi::Value to_js(Napi::Env env, Introduced& record);
Napi::Value to_js(Napi::Env env, Event& record);
Napi::Value to_js(Napi::Env env, Disconnected& record);
Napi::Value to_js(Napi::Env env, LoginAsked& record);
Napi::Value to_js(Napi::Env env, Acknowledged& record);
Napi::Value to_js(Napi::Env env, Committed& record);
Napi::Value to_js(Napi::Env env, Answered& record);
Napi::Value to_js(Napi::Env env, Listed& record);
Napi::Value to_js(Napi::Env env, Closed& record);
Napi::Value to_js(Napi::Env env, Overrun& record);

}  // namespace signalbox::node
