#pragma once
#include <array>
#include <optional>

#include "hub/local_sockets.hpp"
#include "net/network.hpp"
#include "server/admin/admin_page.hpp"
#include "server/arrival.hpp"
#include "server/cors.hpp"
#include "server/counts_log.hpp"
#include "server/presence_streams.hpp"
#include "server/request_handler.hpp"

namespace signalbox::server {

/// What every shard's application stands on. Constant after start(), but for `counts`, which is the first shard's.
struct Parts {
  hub::Hub& hub;
  net::Network& network;
  std::array<RequestHandler*, net::kDoors> doors;  ///< by net::Door; null: it is not open
  PresenceStreams& streams;
  const OriginPolicy& origins;
  RefusedOrigins& refused;
  CountsLog& counts;
  cluster::Cluster* cluster;          ///< whose nodes may have the socket that a client shows; null: none has
  admin::AdminPage* admin = nullptr;  ///< null: there is no ADMIN_KEY
};

/// One shard's share of the server: its sockets, and the way from net to hub and to the routes.
///
/// thread  its shard.
class ShardApplication final : public net::ShardApplication {
 public:
  ShardApplication(Parts parts, unsigned shard);

  std::unique_ptr<engineio::SessionHandler> on_session(engineio::Session& session, net::SessionControl& control,
                                                       HandshakeRequest handshake, TimePoint now) override;
  void on_message(Message& message, TimePoint now) override;
  void expect(const Message& message) override { sockets_.expect(message); }
  std::optional<net::Response> on_head(const net::RequestHead& head, net::Admission& admission) override;
  net::Response refusal(int status, net::Door door) override;
  void on_request(const net::RequestHead& head, std::string_view body, const net::RequestId& id,
                  TimePoint now) override;
  void add_cors(const net::RequestHead& head, std::vector<std::pair<std::string, std::string>>& out) override;
  bool origin_allowed(const net::RequestHead& head) override;
  TimePoint next_deadline() const override;
  void on_timer(TimePoint now) override;

 private:
  RequestHandler& at(net::Door door) const { return *parts_.doors[static_cast<std::size_t>(door)]; }
  void tell_of_refused_origin(const net::RequestHead& head);
  void note_if_refused(const net::RequestHead& head, const std::optional<net::Response>& answer);

  Parts parts_;
  const unsigned shard_;
  hub::LocalSockets sockets_;
  std::optional<Arrivals> arrivals_;
};

}  // namespace signalbox::server
