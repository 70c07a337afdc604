#pragma once
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <signalbox/json_text.hpp>

#include "cluster/adapter_text.hpp"

namespace signalbox::cluster {

/// What Socket.IO's Redis adapter and its emitters publish on a namespace's channels: an event for sockets of any node.
struct AdapterMessage {
  std::string sender;  ///< a node's id, or "emitter"
  std::string nsp;
  std::string event;
  JsonText arguments;  ///< the values behind the name, as an array
  std::vector<std::string> attachments;
  AdapterRooms to;
  bool is_volatile = false;  ///< whoever cannot be written to at once need not have it
};

/// Levels of arrays and objects around an event's arguments: the message, the packet, its data.
inline constexpr std::size_t kAdapterEnvelope = 3;

/// The packet of a message, and for whom it is, where the attachments are there already. `packet` stands in the checked
/// text of the whole message.
std::expected<void, std::string_view> read_adapter_event(const JsonView& packet, std::string_view options,
                                                         AdapterMessage& message);

/// Reads one, of MessagePack or, where the emitter's parser writes it, of JSON; members in any order, unknown ones
/// among them. Its JSON is right, and nested no deeper than `limits.depth`. The error says what is wrong.
///
/// thread  any. source  @socket.io/redis-adapter 8, "Broadcast"; @socket.io/redis-emitter 5.
std::expected<AdapterMessage, std::string_view> read_adapter_message(std::string_view payload,
                                                                     const UnpackLimits& limits);

}  // namespace signalbox::cluster
