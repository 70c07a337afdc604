#include "to_js.hpp"

#include <string_view>
#include <utility>

namespace signalbox::node {
namespace {

Napi::Array array_of(Napi::Env env, RecordKind kind, std::initializer_list<Napi::Value> values) {
  Napi::Array array = Napi::Array::New(env, values.size() + 1);
  array[0u] = Napi::Number::New(env, static_cast<int>(kind));
  std::uint32_t at = 1;
  for (const Napi::Value& value : values) array[at++] = value;
  return array;
}

Napi::Value text(Napi::Env env, std::string_view value) {
  return Napi::String::New(env, value.data(), value.size());
}

Napi::Value number(Napi::Env env, std::uint64_t value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

/// Undefined: there are none.
Napi::Value buffers(Napi::Env env, const Attachments& attachments) {
  if (attachments.empty()) return env.Undefined();
  Napi::Array array = Napi::Array::New(env, attachments.size());
  std::uint32_t at = 0;
  for (const std::string& one : attachments) array[at++] = Napi::Buffer<char>::Copy(env, one.data(), one.size());
  return array;
}

std::string_view code_of(AckError error) {
  switch (error) {
    case AckError::timeout:
      return "timeout";
    case AckError::disconnected:
      return "disconnected";
    case AckError::too_many_pending:
      break;
  }
  return "too_many_pending";
}

}  // namespace

Napi::Value to_js(Napi::Env env, Introduced& record) {
  const std::string id = record.socket.id(), user_id = record.socket.user_id();
  return array_of(env, RecordKind::introduced,
                  {text(env, id), hold(env, record.engine, std::move(record.socket)), text(env, user_id),
                   text(env, record.user), text(env, record.handshake), Napi::Boolean::New(env, record.connected),
                   Napi::Boolean::New(env, record.recovered)});
}

Napi::Value to_js(Napi::Env env, Event& record) {
  const Napi::Value ack = record.ack ? hold(env, record.engine, std::move(record.ack)) : env.Undefined();
  return array_of(env, RecordKind::event,
                  {text(env, record.id), text(env, record.name), text(env, record.arguments.text),
                   buffers(env, record.arguments.attachments), ack});
}

Napi::Value to_js(Napi::Env env, Disconnected& record) {
  return array_of(env, RecordKind::disconnected, {text(env, record.id), text(env, record.reason)});
}

Napi::Value to_js(Napi::Env env, LoginAsked& record) {
  const std::string id = record.id, handshake = record.handshake, user_id = record.user_id, user = record.user;
  return array_of(env, RecordKind::login,
                  {hold(env, record.engine, std::move(record)), text(env, id), text(env, handshake), text(env, user_id),
                   text(env, user)});
}

Napi::Value to_js(Napi::Env env, Acknowledged& record) {
  if (!record.result)
    return array_of(env, RecordKind::acknowledged,
                    {number(env, record.call), text(env, code_of(record.result.error()))});
  return array_of(
      env, RecordKind::acknowledged,
      {number(env, record.call), env.Null(), text(env, record.result->text), buffers(env, record.result->attachments)});
}

Napi::Value to_js(Napi::Env env, Committed& record) {
  return array_of(env, RecordKind::committed, {number(env, record.outcome), Napi::Boolean::New(env, record.durable)});
}

Napi::Value to_js(Napi::Env env, Answered& record) {
  Napi::Array fields = Napi::Array::New(env, record.answer.fields.size() * 2);
  std::uint32_t at = 0;
  for (const auto& [name, value] : record.answer.fields) {
    fields[at++] = text(env, name);
    fields[at++] = text(env, value);
  }
  return array_of(env, RecordKind::answered,
                  {number(env, record.call), Napi::Number::New(env, record.answer.status), fields,
                   Napi::Buffer<char>::Copy(env, record.answer.body.data(), record.answer.body.size())});
}

Napi::Value to_js(Napi::Env env, Listed& record) {
  Napi::Array sockets = Napi::Array::New(env, record.sockets.size() * 3);
  std::uint32_t at = 0;
  for (SocketHandle& socket : record.sockets) {
    sockets[at++] = text(env, socket.id());
    sockets[at++] = text(env, socket.user_id());
    sockets[at++] = hold(env, record.engine, std::move(socket));
  }
  return array_of(env, RecordKind::listed, {number(env, record.call), sockets});
}

Napi::Value to_js(Napi::Env env, Closed& record) {
  return array_of(env, RecordKind::closed, {number(env, record.call)});
}

Napi::Value to_js(Napi::Env env, Overrun& record) {
  return array_of(env, RecordKind::overrun, {text(env, record.id)});
}

}  // namespace signalbox::node
