#pragma once
#include <cstdint>
#include <vector>

#include <signalbox/event_registry.hpp>

#include "hub/hub.hpp"

namespace signalbox::hub {

/// A walk over the sockets of the main namespace, from shard to shard.
///
/// thread  that of the shard that it is on: it travels in messages.
class SocketList {
 public:
  static void begin(Hub& hub, OnSockets on_sockets);

  void visit(const LocalSockets& here, std::uint32_t slot);
  /// On to the next shard; behind the last one it calls back.
  void end();

 private:
  SocketList(Hub& hub, OnSockets on_sockets) : hub_(hub), on_sockets_(std::move(on_sockets)) {}

  Hub& hub_;
  OnSockets on_sockets_;
  std::vector<SocketHandle> found_;
  unsigned shard_ = 0;
};

}  // namespace signalbox::hub
