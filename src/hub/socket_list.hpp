#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include <signalbox/event_registry.hpp>

#include "hub/hub.hpp"

namespace signalbox::hub {

/// A walk over the sockets of the main namespace, from shard to shard, some thousand a turn.
///
/// thread  that of the shard that it is on: it travels in messages.
class SocketList {
 public:
  static void begin(Hub& hub, OnSockets on_sockets);

 private:
  SocketList(Hub& hub, OnSockets on_sockets) : hub_(hub), on_sockets_(std::move(on_sockets)) {}
  /// To where it is now. Where the shards have stopped it ends unheard.
  static void travel(std::unique_ptr<SocketList> list);
  /// True: all have been seen.
  bool step();

  Hub& hub_;
  OnSockets on_sockets_;
  std::vector<SocketHandle> found_;
  unsigned shard_ = 0;
  std::uint32_t slot_ = 0;
};

}  // namespace signalbox::hub
