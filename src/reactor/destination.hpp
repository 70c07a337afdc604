#pragma once
#include <cstdint>
#include <string>

#include "reactor/peer_address.hpp"

struct sockaddr_storage;

namespace signalbox::reactor {

/// Where a connection goes: an address with its port or, where that is not empty, the path of a Unix socket.
struct Destination {
  PeerAddress address{};
  std::uint16_t port = 0;
  std::string path{};
};

/// "127.0.0.1:6379", "[::1]:6379" or "/run/redis.sock".
std::string to_text(const Destination& destination);
/// Writes it as the kernel wants it, and returns the size of that. 0: the path is too long.
unsigned socket_address(const Destination& destination, sockaddr_storage& out);

}  // namespace signalbox::reactor
