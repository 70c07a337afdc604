#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "net/askers.hpp"
#include "net/shared.hpp"
#include "reactor/loop.hpp"

namespace signalbox::net {

/// Requests without a connection whose sessions live on other nodes. Each gets one for this: a pair of sockets, of
/// which the other nodes carry one end, and the answer is read of the other. The asker has the place of one, and the
/// other needs its own.
///
/// thread  its shard's.
class CarriedRequests {
 public:
  CarriedRequests(Shared& shared, const reactor::Loop& loop, Askers& askers)
      : shared_(shared), loop_(loop), askers_(askers) {}

  /// To the node of that tag. The asker waits already.
  void carry(std::string tag, const RequestHead& head, const AskedRequest& asked);
  /// An event that is no connection's.
  void on_event(const reactor::KernelEvent& event);
  /// The asker has gone.
  void forget(const RequestId& id) { waiting_.erase(id.number); }

 private:
  struct Waiting {
    RequestId id;
    reactor::Stream stream;
    std::string answer;  ///< as far as it has come
  };

  Shared& shared_;
  const reactor::Loop& loop_;
  Askers& askers_;
  std::unordered_map<std::uint32_t, Waiting> waiting_;  ///< by the request's number, which is also the token
};

}  // namespace signalbox::net
