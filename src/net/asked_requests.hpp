#pragma once
#include <string>

#include "net/askers.hpp"
#include "net/carried_requests.hpp"
#include "net/engine_sessions.hpp"

namespace signalbox::net {

/// Requests without a connection: each runs whole on the shard of its session, or on any, or on another node.
///
/// thread  its shard's.
class AskedRequests {
 public:
  AskedRequests(const Options& options, const reactor::Loop& loop, EngineSessions& sessions, Askers& askers,
                CarriedRequests& carried)
      : options_(options), loop_(loop), sessions_(sessions), askers_(askers), carried_(carried) {}
  void set_application(ShardApplication& application) { application_ = &application; }

  void take(AskedRequest asked);
  /// The asker waits no more, and may not have had its answer.
  void forget(const RequestId& id, const std::string& sid);

 private:
  void on_engine_path(const RequestHead& head, AskedRequest& asked);
  void open(const RequestHead& head, const AskedRequest& asked, engineio::Stamp stamp);
  /// False: its body is larger than it may be.
  bool admit_post(const std::string& sid, const RequestId& id, engineio::Stamp stamp, std::size_t bytes);

  const Options& options_;
  const reactor::Loop& loop_;
  EngineSessions& sessions_;
  Askers& askers_;
  CarriedRequests& carried_;
  ShardApplication* application_ = nullptr;
};

}  // namespace signalbox::net
