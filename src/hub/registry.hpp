#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include <signalbox/event_registry.hpp>
#include <signalbox/middleware/auth.hpp>

#include "base/text.hpp"

namespace signalbox::hub {

/// The one that every client may join, and the only one whose users the directory knows.
inline constexpr std::string_view kMainNamespace = "/";

/// One link of the chain of a namespace.
using ChainLink = std::variant<Middleware, AsyncMiddleware>;

/// What the application registered for one namespace.
struct Namespace {
  using Handler = std::variant<EventRegistry::Handler, EventRegistry::TextHandler>;

  std::string name;
  bool wants_jwt = true;
  std::vector<ChainLink> before_jwt, after_jwt;
  std::unordered_map<std::string, Handler, TextHash, std::equal_to<>> handlers{};
  std::function<void(Socket&, std::string_view event, Arguments, Ack)> any{};
  std::vector<EventRegistry::Connect> on_connect{};
  std::vector<EventRegistry::Disconnect> on_disconnect{};
  const JwtAuth* jwt = nullptr;    ///< set by Registry::start()
  std::vector<ChainLink> chain{};  ///< all of it, in its order; from start() on

  /// Is there a handler that may ask a socket for its handshake and its user?
  bool shows_sockets() const { return !handlers.empty() || any || !on_connect.empty() || !on_disconnect.empty(); }
};

/// Calls a middleware, of whichever kind. One that throws refuses this client, and goes no further.
std::expected<void, ConnectRefusal> call(Hub& hub, const Middleware& middleware, ConnectRequest& request);
std::expected<void, ConnectRefusal> call(Hub& hub, const AsyncMiddleware& middleware, const ConnectRequest& request,
                                         LoginDone done);

/// The namespaces. Filled before start(), constant after it.
class Registry {
 public:
  Registry();
  /// The namespace of that name, added if there is none. Throws std::invalid_argument for a bad name or after start().
  Namespace& open(std::string_view name);
  /// How an application registers for the namespace of that name, which is opened.
  EventRegistry events(std::string name);
  /// Nothing more may be registered. Throws ConfigError if a namespace wants JwtAuth and its settings are wrong, and
  /// std::invalid_argument if a handler stands where JwtAuth has its own.
  void start(const Config& config);
  const Namespace* find(std::string_view name) const;
  std::vector<std::string> names() const;

 private:
  void add_jwt(const Config& config, Namespace& nsp);
  void warn_of_short_secret() const;

  std::unordered_map<std::string, std::unique_ptr<Namespace>, TextHash, std::equal_to<>> namespaces_;
  std::optional<JwtAuth> jwt_;  ///< whose chains share it
  bool started_ = false;
};

}  // namespace signalbox::hub
