#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>

#include "hub/hub.hpp"
#include "hub/local_sockets.hpp"

namespace signalbox::hub {

/// Looks at all sockets of a shard, some hundred in a task, so that the shard serves others between. On its thread
/// `walker.visit(sockets, slot)` is called for every slot, whoever is there, and `walker.end()` behind the last; where
/// the shards have stopped, not at all. Sockets that come meanwhile may be left out.
///
/// Two walks over a shard look at each of its sockets in the order in which they began.
///
/// thread  any.
template <class Walker>
void walk_sockets(Hub& hub, unsigned shard, Walker walker, std::uint32_t slot = 0) {
  auto piece = [&hub, shard, slot, walker = std::move(walker)]() mutable {
    constexpr std::size_t kSlotsATask = 512;
    LocalSockets& here = *hub.shards[shard];
    const auto end = static_cast<std::uint32_t>(std::min(here.slots(), slot + kSlotsATask));
    for (; slot < end; ++slot) walker.visit(here, slot);
    slot < here.slots() ? walk_sockets(hub, shard, std::move(walker), slot) : walker.end();
  };
  static_cast<void>(hub.mailboxes.post(shard, Message::run(std::move(piece))));
}

}  // namespace signalbox::hub
