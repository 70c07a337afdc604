#pragma once
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "base/handshake_request.hpp"
#include "websocket/frame_decoder.hpp"

// What a relay and the node at the other end of its line say to each other. Without I/O.
namespace signalbox::net {

/// The upgrade request of a client that would go on over a WebSocket of its own: its handshake's path, parameters and
/// fields, without those of its connection. No extension is offered.
std::string relay_request(const HandshakeRequest& handshake);

/// Reads what the other node's server says: its 101, the packet that opens a session there, and then what is for the
/// client. What breaks that is an error, and the line is of no use any more.
///
/// thread  its relay's.
class RelayLine {
 public:
  enum class Said : std::uint8_t { nothing, opened, text, binary, heartbeat, ping };
  struct Words {
    Said said = Said::nothing;
    std::string_view data{};  ///< a whole Engine.IO packet, or a ping's payload; as websocket::Event's
  };
  struct Broken {};  ///< refused, ended, or of no sense

  /// Takes bytes from the front of `input`, into which it may write, until something is whole or it is empty.
  std::expected<Words, Broken> next(std::span<char>& input);

 private:
  enum class Step : std::uint8_t { head, open_packet, open };
  std::expected<bool, Broken> take_head(std::span<char>& input);
  std::expected<Words, Broken> take_text(std::string_view packet);

  Step step_ = Step::head;
  std::string head_{};
  websocket::FrameDecoder decoder_{kMaxMessage, kMaxFragments, websocket::Peer::server};
  static constexpr std::size_t kMaxMessage = 0xffff'ffff - 64;  ///< as frames are bounded; nodes trust each other
  static constexpr std::uint32_t kMaxFragments = 1;             ///< our servers send none
};

}  // namespace signalbox::net
