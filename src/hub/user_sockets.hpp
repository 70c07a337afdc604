#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hub/hub.hpp"

namespace signalbox::hub {

/// What an operator sees of a socket.
struct SocketSight {
  std::string id, nsp;
  bool websocket;
  std::int64_t since_ms;  ///< Unix time at which its client's connection was opened
  std::string address;
  std::string forwarded_for;  ///< X-Forwarded-For, cut; empty: none
  std::size_t waiting;        ///< bytes
  unsigned shard;
};

/// The connected sockets that this node has of a user, those of the main namespace first. Any thread.
std::vector<SocketRef> sockets_of(const Hub& hub, std::string_view user);
/// Those of a shard that are still there. On its thread.
std::vector<SocketSight> look_at(const LocalSockets& local, std::span<const SocketRef> sockets);
/// `41` to those of a shard that are still there, and their connections end: how many. On its thread.
std::size_t disconnect_all(const LocalSockets& local, std::span<const SocketRef> sockets);

}  // namespace signalbox::hub
