#include "hub/registry.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include "base/log.hpp"
#include "base/utf8.hpp"
#include "hub/hub.hpp"
#include "socketio/packet.hpp"

namespace signalbox {
namespace hub {
namespace {

template <class Call>
std::expected<void, ConnectRefusal> guarded_middleware(Hub& hub, const ConnectRequest& request, Call call) {
  try {
    return call();
  } catch (const std::exception& error) {
    hub.thrown.middleware.write("a middleware threw",
                                {{"namespace", std::string(request.nsp())}, {"what", error.what()}});
  } catch (...) {
    hub.thrown.middleware.write("a middleware threw", {{"namespace", std::string(request.nsp())}});
  }
  return std::unexpected(ConnectRefusal{.message = "Internal server error"});
}

}  // namespace

std::expected<void, ConnectRefusal> call(Hub& hub, const Middleware& middleware, ConnectRequest& request) {
  return guarded_middleware(hub, request, [&] { return middleware(request); });
}

std::expected<void, ConnectRefusal> call(Hub& hub, const AsyncMiddleware& middleware, const ConnectRequest& request,
                                         LoginDone done) {
  return guarded_middleware(hub, request, [&]() -> std::expected<void, ConnectRefusal> {
    middleware(request, std::move(done));
    return {};
  });
}

Registry::Registry() {
  open("/");
}

Namespace& Registry::open(std::string_view name) {
  if (started_) throw std::invalid_argument("Namespaces and handlers are registered before the service is started.");
  if (!name.starts_with('/') || name.find(',') != name.npos || !valid_utf8(name)) {
    throw std::invalid_argument("A namespace's name begins with \"/\" and has no comma: " + std::string(name));
  }
  auto& place = namespaces_[std::string(name)];
  if (!place)
    place = std::make_unique<Namespace>(Namespace{.name = std::string(name), .before_jwt = {}, .after_jwt = {}});
  return *place;
}

EventRegistry Registry::events(std::string name) {
  open(name);
  return {*this, std::move(name)};
}

void Registry::start(const Config& config) {
  started_ = true;
  for (auto& [name, nsp] : namespaces_) {
    nsp->chain = nsp->before_jwt;
    if (nsp->wants_jwt) add_jwt(config, *nsp);
    nsp->chain.insert(nsp->chain.end(), nsp->after_jwt.begin(), nsp->after_jwt.end());
  }
  warn_of_short_secret();
}

void Registry::add_jwt(const Config& config, Namespace& nsp) {
  if (nsp.handlers.contains(events::authenticate)) {
    throw std::invalid_argument(
        "\"authenticate\" renews tokens where JwtAuth stands: give your event another name in " + nsp.name + ".");
  }
  if (!jwt_) jwt_.emplace(config);
  nsp.jwt = &*jwt_;
  nsp.chain.emplace_back(Middleware(*jwt_));
}

// Of a JwtAuth that a program made as well: here the log is that of the service that it stands in.
void Registry::warn_of_short_secret() const {
  const auto is_short = [](const ChainLink& link) {
    const auto* middleware = std::get_if<Middleware>(&link);
    const auto* jwt = middleware ? middleware->target<JwtAuth>() : nullptr;
    return jwt && jwt->short_secret();
  };
  if (std::ranges::none_of(namespaces_,
                           [&](const auto& entry) { return std::ranges::any_of(entry.second->chain, is_short); }))
    return;
  log::warn(
      "JWT_SECRET is shorter than 32 bytes: a short secret can be guessed from any token; use 32 random bytes or more");
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  names.reserve(namespaces_.size());
  for (const auto& [name, nsp] : namespaces_) names.push_back(name);
  return names;
}

const Namespace* Registry::find(std::string_view name) const {
  const auto found = namespaces_.find(name);
  return found == namespaces_.end() ? nullptr : found->second.get();
}

}  // namespace hub

namespace {

void add_handler(hub::Namespace& nsp, std::string event, hub::Namespace::Handler handler) {
  if (socketio::reserved_event(event))
    throw std::invalid_argument("Socket.IO keeps the event \"" + event + "\" for itself.");
  if (nsp.handlers.contains(event))
    throw std::invalid_argument("The event \"" + event + "\" has a handler already in " + nsp.name + ".");
  nsp.handlers.emplace(std::move(event), std::move(handler));
}

}  // namespace

EventRegistry& EventRegistry::on(std::string event, Handler handler) {
  add_handler(registry_->open(nsp_), std::move(event), std::move(handler));
  return *this;
}

EventRegistry& EventRegistry::on_text(std::string event, TextHandler handler) {
  add_handler(registry_->open(nsp_), std::move(event), std::move(handler));
  return *this;
}

EventRegistry& EventRegistry::on_any(std::function<void(Socket&, std::string_view, Arguments, Ack)> handler) {
  registry_->open(nsp_).any = std::move(handler);
  return *this;
}

EventRegistry& EventRegistry::on_connect(Connect handler) {
  registry_->open(nsp_).on_connect.push_back(std::move(handler));
  return *this;
}

EventRegistry& EventRegistry::on_disconnect(Disconnect handler) {
  registry_->open(nsp_).on_disconnect.push_back(std::move(handler));
  return *this;
}

EventRegistry& EventRegistry::use(Middleware middleware) {
  registry_->open(nsp_).after_jwt.push_back(std::move(middleware));
  return *this;
}

EventRegistry& EventRegistry::use_async(AsyncMiddleware middleware) {
  registry_->open(nsp_).after_jwt.push_back(std::move(middleware));
  return *this;
}

EventRegistry& EventRegistry::use_first(Middleware middleware) {
  registry_->open(nsp_).before_jwt.push_back(std::move(middleware));
  return *this;
}

EventRegistry& EventRegistry::without_jwt() {
  registry_->open(nsp_).wants_jwt = false;
  return *this;
}

}  // namespace signalbox
