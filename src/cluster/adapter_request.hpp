#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "cluster/adapter_message.hpp"

namespace signalbox::cluster {

/// What an emitter asks of every node on a namespace's request channel, and what nodes of Socket.IO ask of each other.
struct AdapterRequest {
  /// source  @socket.io/redis-adapter 8, RequestType
  enum class Type : std::uint8_t {
    sockets,
    all_rooms,
    join,
    leave,
    disconnect,
    fetch_sockets,
    server_side_emit,
    broadcast_with_ack,
    client_count,
    ack,
  };
  Type type;
  std::string id;  ///< by which it is answered; empty: nobody waits for an answer
  AdapterRooms of;
  bool closes = false;  ///< disconnect: the connection too
};

/// The error says what is wrong. thread any.
std::expected<AdapterRequest, std::string_view> read_adapter_request(std::string_view payload,
                                                                     const UnpackLimits& limits);

}  // namespace signalbox::cluster
