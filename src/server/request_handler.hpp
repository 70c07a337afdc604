#pragma once
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "net/application.hpp"

namespace signalbox::server {

/// Answers the requests that come by one door (net::Door), but for those of Engine.IO.
///
/// thread  of a door for operators the first shard's; of the service any.
class RequestHandler {
 public:
  /// Refuses before the body is read. Nothing: on_request() follows with the whole body, of `admission.max_body` bytes
  /// at most.
  virtual std::optional<net::Response> on_head(const net::RequestHead& head, net::Admission& admission) = 0;
  /// A whole request that on_head() let in. Nothing: it is answered later, by Network::answer() or Network::stream().
  virtual std::optional<net::Response> on_request(const net::RequestHead& head, std::string_view body,
                                                  const net::RequestId& id, TimePoint now) = 0;

 protected:
  ~RequestHandler() = default;
};

}  // namespace signalbox::server
