#pragma once
#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <signalbox/json_text.hpp>

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
  Type type{};
  std::string sender;  ///< a node's id, or "emitter"; empty: an emitter that does not say
  std::string id;      ///< by which it is answered; empty: nobody waits for an answer
  AdapterRooms of;
  std::vector<std::string> rooms;       ///< sockets: in which of these; join and leave: which
  std::string socket;                   ///< join, leave and disconnect of older nodes: this one alone
  bool closes = false;                  ///< disconnect: the connection too
  JsonText data;                        ///< server_side_emit: ["event",a,b,…]
  AdapterMessage message;               ///< broadcast_with_ack: the event, and for whom it is
  std::chrono::milliseconds timeout{};  ///< broadcast_with_ack: so long the asker waits; 0: it does not say
};

/// Limits are those of an event. The error says what is wrong. thread any.
std::expected<AdapterRequest, std::string_view> read_adapter_request(std::string_view payload,
                                                                     const UnpackLimits& limits);

}  // namespace signalbox::cluster
