#include "exports.hpp"
#include "to_js.hpp"
#include "values.hpp"

namespace signalbox::node {
namespace {

Napi::Value outcome(Napi::Env env, const std::expected<void, EmitError>& result) {
  return result ? Napi::Number::New(env, 0) : error_number(env, result.error());
}

std::string optional_text(const Napi::Value& value) {
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

}  // namespace

Napi::Value socket_emit(const Napi::CallbackInfo& info) {
  const Text event(info.Env(), info[1]), arguments(info.Env(), info[2]);
  const SocketHandle& socket = held<SocketHandle>(info[0]).value;
  return outcome(info.Env(), socket.emit_text(event.view(), JsonView(arguments.view()), attachments_of(info[3])));
}

Napi::Value socket_ask(const Napi::CallbackInfo& info) {
  const Text event(info.Env(), info[1]), arguments(info.Env(), info[2]);
  const SocketHandle& socket = held<SocketHandle>(info[0]).value;
  auto on_ack = [inbox = Environment::of(info.Env()).inbox(), call = number_of(info[5])](AckResult result) {
    inbox->put(Acknowledged{.call = call, .result = std::move(result)});
  };
  return outcome(info.Env(),
                 socket.emit_with_ack(event.view(), JsonView(arguments.view()), std::move(on_ack),
                                      std::chrono::milliseconds(number_of(info[4])), attachments_of(info[3])));
}

Napi::Value socket_disconnect(const Napi::CallbackInfo& info) {
  held<SocketHandle>(info[0]).value.disconnect(info[1].ToBoolean().Value());
  return info.Env().Undefined();
}

Napi::Value acknowledge(const Napi::CallbackInfo& info) {
  held<Ack>(info[0]).value.send_text(info[1].As<Napi::String>().Utf8Value(), attachments_of(info[2]));
  return info.Env().Undefined();
}

Napi::Value admit(const Napi::CallbackInfo& info) {
  LoginAsked& login = held<LoginAsked>(info[0]).value;
  const EngineRef engine = login.engine;
  if (!engine) return info.Env().Undefined();  // it was answered before
  if (info[1].IsString()) {
    login.user_id = info[1].As<Napi::String>().Utf8Value();
    login.user = optional_text(info[2]);
  }
  engine->admit(std::move(login), Environment::of(info.Env()).listener());
  return info.Env().Undefined();
}

Napi::Value refuse(const Napi::CallbackInfo& info) {
  LoginAsked& login = held<LoginAsked>(info[0]).value;
  ConnectRefusal refusal{.message = info[1].As<Napi::String>().Utf8Value()};
  if (info[2].IsString()) refusal.data = json::parse(info[2].As<Napi::String>().Utf8Value());
  login.done(std::move(refusal));
  return info.Env().Undefined();
}

}  // namespace signalbox::node
