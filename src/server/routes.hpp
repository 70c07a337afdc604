#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <signalbox/websocket_service.hpp>

#include "base/log.hpp"
#include "base/text.hpp"
#include "net/application.hpp"
#include "server/http_api.hpp"
#include "server/request_handler.hpp"

namespace signalbox::server {

/// The answer to a request that net refuses by itself.
net::Response refusal(int status);

/// Everything on the port that is not Engine.IO: the workers' interface, and what the application serves.
///
/// thread  add() before the shards start, the rest any.
class Routes final : public RequestHandler {
 public:
  explicit Routes(HttpApi& api) : api_(api) {}

  /// Throws std::invalid_argument for a path that is taken or not a path.
  void add(std::string path, Route route);
  std::optional<net::Response> on_head(const net::RequestHead& head, net::Admission& admission) override;
  std::optional<net::Response> on_request(const net::RequestHead& head, std::string_view body, const net::RequestId& id,
                                          TimePoint now) override;

 private:
  net::Response answer(const Route& route, const net::RequestHead& head, std::string_view body) const;

  HttpApi& api_;
  std::unordered_map<std::string, Route, TextHash, std::equal_to<>> routes_;
  mutable log::RareError threw_;  ///< a route of the program
};

}  // namespace signalbox::server
