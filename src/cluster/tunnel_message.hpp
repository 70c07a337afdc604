#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "reactor/peer_address.hpp"

namespace signalbox::cluster {

/// Of a tunnel's two nodes: `entry` has the client's connection, `owner` has the session.
enum class TunnelSide : std::uint8_t { entry, owner };

/// What one end of a tunnel says to the other.
struct TunnelMessage {
  enum class Kind : std::uint8_t {
    open,    ///< of the entry, and its first: whose connection it is, and what it sent
    opened,  ///< of the owner, and its first
    data,    ///< what the connection sent
    taken,   ///< so many bytes of the other end's went into the connection, and it may send as many more
    end,     ///< of the entry: the client will send no more. Of the owner, and its last: all is said
    close,   ///< the tunnel is over, whatever was on its way. Its number says nothing
  };
  static constexpr std::size_t kMostBytes = 16 * 1024;  ///< that one message carries

  Kind kind;
  TunnelSide from{};
  std::uint64_t tunnel = 0;     ///< chosen by the entry, and rising
  std::uint32_t number = 0;     ///< of this message among those of its end, from 0 on
  reactor::PeerAddress peer{};  ///< of open
  std::uint32_t taken = 0;      ///< of taken
  std::string_view bytes{};     ///< of open and data

  bool operator==(const TunnelMessage&) const = default;
};

std::string write_tunnel_message(const TunnelMessage& message);
/// Reads one, with views into `text`. The error says what is wrong.
std::expected<TunnelMessage, std::string_view> read_tunnel_message(std::string_view text);

}  // namespace signalbox::cluster
