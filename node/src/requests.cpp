#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "exports.hpp"
#include "values.hpp"

namespace signalbox::node {
namespace {

HttpFields fields_of(const Napi::Array& flat) {
  HttpFields fields;
  for (std::uint32_t i = 0; i + 1 < flat.Length(); i += 2)
    fields.emplace_back(flat.Get(i).As<Napi::String>().Utf8Value(), flat.Get(i + 1).As<Napi::String>().Utf8Value());
  return fields;
}

Napi::Error system_error(Napi::Env env, const char* what) {
  return Napi::Error::New(env, std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

// A descriptor of its own: what Node has of the connection is closed by Node.
Napi::Value adopt(const Napi::CallbackInfo& info) {
  const EngineRef engine = Environment::of(info.Env()).engine();
  const int fd = ::fcntl(info[0].As<Napi::Number>().Int32Value(), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) throw system_error(info.Env(), "the connection cannot be handed over");
  if (!engine) {
    ::close(fd);
    return Napi::String::New(info.Env(), std::string(to_text(Adoption::not_running)));
  }
  const Adoption adoption =
      engine->service().adopt(fd, bytes_of(info[1]), bytes_of(info[2]), info[3].As<Napi::String>().Utf8Value());
  if (adoption == Adoption::adopted) return info.Env().Undefined();
  return Napi::String::New(info.Env(), std::string(to_text(adoption)));
}

Napi::Value request(const Napi::CallbackInfo& info) {
  Environment& here = Environment::of(info.Env());
  const EngineRef engine = here.engine();
  if (!engine) return Napi::Boolean::New(info.Env(), false);
  const std::uint64_t call = number_of(info[0]);
  HttpRequest request{.method = info[1].As<Napi::String>().Utf8Value(),
                      .target = info[2].As<Napi::String>().Utf8Value(),
                      .fields = fields_of(info[3].As<Napi::Array>()),
                      .body = bytes_of(info[4]),
                      .remote_address = info[5].As<Napi::String>().Utf8Value()};
  here.requests[call] = engine->service().handle(std::move(request), [inbox = here.inbox(), call](HttpAnswer answer) {
    inbox->put(Answered{.call = call, .answer = std::move(answer)});
  });
  return Napi::Boolean::New(info.Env(), true);
}

Napi::Value asker_gone(const Napi::CallbackInfo& info) {
  Environment& here = Environment::of(info.Env());
  const auto found = here.requests.find(number_of(info[0]));
  if (found == here.requests.end()) return info.Env().Undefined();
  if (const EngineRef engine = here.engine()) engine->service().asker_gone(found->second);
  here.requests.erase(found);
  return info.Env().Undefined();
}

Napi::Value pair(const Napi::CallbackInfo& info) {
  int both[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, both) != 0)
    throw system_error(info.Env(), "no socket for a connection");
  Napi::Array out = Napi::Array::New(info.Env(), 2);
  out[0u] = Napi::Number::New(info.Env(), both[0]);
  out[1u] = Napi::Number::New(info.Env(), both[1]);
  return out;
}

}  // namespace signalbox::node
