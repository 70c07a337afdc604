#pragma once
#include <cstdint>
#include <string_view>

#include <signalbox/event_registry.hpp>

#include "base/clock.hpp"
#include "socketio/packet.hpp"

namespace signalbox::hub {

class SocketState;  // hub/socket_state.hpp

/// What a client's event brings about: an answer about jobs or presence, a new token, or a call of the application.
///
/// thread  the socket's shard.
class Incoming {
 public:
  explicit Incoming(SocketState& socket) : socket_(socket) {}

  void take(const socketio::PacketView& packet, Attachments attachments, TimePoint now);

 private:
  Ack make_ack(std::uint64_t id) const;
  void renew_token(std::string_view arguments, Ack ack, TimePoint now);
  void call(std::string_view event, Arguments arguments, Ack ack);

  SocketState& socket_;
};

}  // namespace signalbox::hub
