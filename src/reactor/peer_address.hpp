#pragma once
#include <array>
#include <string>
#include <string_view>

struct sockaddr_storage;

namespace signalbox::reactor {

/// A peer's address in 16 bytes: IPv6, or IPv4 mapped into it; all nought where a peer has none (a Unix socket).
using PeerAddress = std::array<unsigned char, 16>;

bool is_ipv4(const PeerAddress& address);
/// "127.0.0.1" or "::1".
std::string to_text(const PeerAddress& address);
/// What to_text() wrote; of any other text all nought.
PeerAddress peer_address(std::string_view text);
PeerAddress peer_address(const sockaddr_storage& storage);
/// Of the peer of a connected socket.
PeerAddress peer_address(int fd);

}  // namespace signalbox::reactor
