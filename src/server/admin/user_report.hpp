#pragma once
#include <functional>
#include <span>
#include <string>

#include "cluster/cluster.hpp"
#include "hub/hub.hpp"
#include "net/application.hpp"
#include "server/admin/gathering.hpp"

namespace signalbox::server::admin {

/// What can be seen of one user, and the end of their connections: asked of the shards that have their sockets.
///
/// thread  the first shard's.
class UserReport {
 public:
  /// May be called in a later turn.
  using Answer = std::function<void(const net::RequestId&, net::Response)>;

  /// `cluster`: null if there is one node.
  UserReport(hub::Hub& hub, cluster::Cluster* cluster, Answer answer)
      : hub_(hub), cluster_(cluster), answer_(std::move(answer)) {}

  /// Who it is, and their first 50 sockets on this node.
  void look_up(std::string user, const net::RequestId& id, TimePoint now);
  /// Ends all connections that the user has on this node.
  void disconnect(std::string_view user, const net::RequestId& id, TimePoint now);

  TimePoint next_deadline() const { return gathering_.next_deadline(); }
  void on_timer(TimePoint now) { gathering_.on_timer(now); }

 private:
  template <class Look>
  void ask(std::uint64_t number, std::vector<SocketRef> part, Look look);
  template <class Put>
  void bring(std::uint64_t number, Put put);

  hub::Hub& hub_;
  cluster::Cluster* const cluster_;
  const Answer answer_;
  Gathering gathering_;
};

}  // namespace signalbox::server::admin
