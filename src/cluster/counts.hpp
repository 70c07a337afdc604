#pragma once
#include <atomic>
#include <cstdint>

#include "base/limit.hpp"
#include "cluster/adapter_refusals.hpp"

namespace signalbox::cluster {

/// What has passed between this node and others.
///
/// thread  any.
struct Counts {
  std::atomic<std::uint64_t> events_out{0}, events_in{0};  ///< relayed to other nodes, and from them
  std::atomic<std::uint64_t> adapter_in{0};                ///< events of Socket.IO's emitters and servers
  std::atomic<std::uint64_t> offered_again{0};             ///< outcomes, after Redis was away or had lost its memory
  std::atomic<std::uint64_t> reconnects{0};                ///< to Redis
  AdapterRefusals refusals;
  Limit unheard{
      "Redis refuses a subscription: what is published there is not heard (docs/scaling.md has the line of its ACL)"};
  Limit unpublished{"Redis has not taken a message for other nodes: their users may have missed events"};
  Limit unreadable{"a message of another node is left out, since it cannot be read"};
};

}  // namespace signalbox::cluster
