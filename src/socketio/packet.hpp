#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <signalbox/config.hpp>
#include <signalbox/json_text.hpp>

namespace signalbox::socketio {

/// source  Socket.IO protocol v5, "Packet types".
enum class PacketType : std::uint8_t { connect, disconnect, event, ack, connect_error, binary_event, binary_ack };

enum class DecodeError : std::uint8_t { empty, unknown_type, bad_attachment_count, bad_ack_id, bad_payload };

/// One packet; borrows the text given to decode().
struct PacketView {
  PacketType type;
  std::uint32_t attachments = 0;  ///< binary messages still to come
  std::string_view nsp = "/";
  std::optional<std::uint64_t> ack_id{};
  JsonView payload{};  ///< checked, its shape too; empty if the packet has none
  bool operator==(const PacketView&) const = default;
};

/// What the configuration allows in a packet.
struct DecodeLimits {
  DecodeLimits(const Config& config = {})  // implicit: a Config will do
      : max_attachments(static_cast<std::uint32_t>(config.max_attachments)), json_depth(config.json_depth) {}

  std::uint32_t max_attachments;
  std::size_t json_depth;
};

/// What a client may send: its JSON is valid, and of the shape that its type wants.
std::expected<PacketView, DecodeError> decode(std::string_view text, const DecodeLimits& limits);

/// An event's name and the rest of its arguments.
struct EventView {
  std::string name;
  std::string_view arguments;  ///< the values after the name as they stand, without brackets; empty if none
};
/// Nothing if the name is not a string or a number, is longer than `max_name_bytes`, or is reserved.
std::optional<EventView> read_event(std::string_view payload, std::size_t max_name_bytes);
/// The names that applications may neither emit nor listen to. source  socket.io 4.8, RESERVED_EVENTS.
bool reserved_event(std::string_view name);
/// Is every placeholder in this JSON, however deep, an index below `attachments`?
bool placeholders_fit(std::string_view json, std::uint32_t attachments);

/// The Engine.IO message '4' with a packet in it; the payload is to be appended by the caller.
std::string packet_head(PacketType type, std::string_view nsp, std::optional<std::uint64_t> ack_id = {},
                        std::size_t attachments = 0);
/// 42["name",arguments]
std::string event_packet(std::string_view nsp, std::optional<std::uint64_t> ack_id, std::string_view name,
                         std::string_view arguments, std::size_t attachments = 0);

}  // namespace signalbox::socketio
