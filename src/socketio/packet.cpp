#include "socketio/packet.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/json_check.hpp"
#include "base/json_scan.hpp"
#include "base/json_write.hpp"

namespace signalbox::socketio {
namespace {

bool digit(char c) {
  return c >= '0' && c <= '9';
}

template <class Number>
std::optional<Number> take_number(std::string_view& text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool has_attachments(PacketType type) {
  return type == PacketType::binary_event || type == PacketType::binary_ack;
}

bool shape_fits(PacketType type, std::string_view payload) {
  switch (type) {
    case PacketType::connect:
      return payload.empty() || payload.front() == '{';
    case PacketType::disconnect:
      return payload.empty();
    case PacketType::connect_error:
      return false;  // a server's alone
    default:
      return !payload.empty() && payload.front() == '[';
  }
}

/// The next token of valid JSON from `at`: a bracket, a comma, a colon, or a whole scalar; blanks count as tokens too.
std::string_view take_token(std::string_view json, std::size_t& at) {
  const std::size_t begin = at++;
  if (json[begin] == '"') {
    while (at < json.size() && json[at] != '"') at += json[at] == '\\' ? 2 : 1;
    at = std::min(at + 1, json.size());
  } else if (std::string_view("[]{},: \t\n\r").find(json[begin]) == std::string_view::npos) {
    at = std::min(json.find_first_of(",:]} \t\n\r", at), json.size());
  }
  return json.substr(begin, at - begin);
}

/// An array or object that is open while placeholders_fit() goes through the text, once, however deep it is.
struct Level {
  enum class Member : std::uint8_t { other, placeholder, num };
  bool object;
  bool key_next;
  Member member = Member::other;
  bool placeholder = false;
  std::string_view num{};

  void take(std::string_view token) {
    if (!object || std::string_view(": \t\n\r").find(token.front()) != std::string_view::npos) return;
    if (token == ",") {
      key_next = true;
    } else if (key_next) {
      const auto name = json_string(token);
      member = name == "_placeholder" ? Member::placeholder : name == "num" ? Member::num : Member::other;
      key_next = false;
    } else if (member == Member::placeholder) {
      placeholder = token == "true";
    } else if (member == Member::num) {
      num = token;
    }
  }
  bool fits(std::uint32_t attachments) const {
    if (!placeholder) return true;
    if (num.empty() || !json_is_integer(num)) return false;
    std::string_view digits = num;
    const auto index = take_number<std::uint32_t>(digits);
    return index && digits.empty() && *index < attachments;
  }
};

}  // namespace

std::expected<PacketView, DecodeError> decode(std::string_view text, const DecodeLimits& limits) {
  if (text.empty()) return std::unexpected(DecodeError::empty);
  if (text.front() < '0' || text.front() > '6') return std::unexpected(DecodeError::unknown_type);
  PacketView packet{.type = static_cast<PacketType>(text.front() - '0')};
  text.remove_prefix(1);
  if (has_attachments(packet.type)) {
    const auto count = take_number<std::uint32_t>(text);
    if (!count || *count == 0 || *count > limits.max_attachments || !text.starts_with('-')) {
      return std::unexpected(DecodeError::bad_attachment_count);
    }
    packet.attachments = *count;
    text.remove_prefix(1);
  }
  if (text.starts_with('/')) {
    const std::size_t end = std::min(text.find(','), text.size());
    packet.nsp = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!text.empty() && digit(text.front())) {
    packet.ack_id = take_number<std::uint64_t>(text);
    if (!packet.ack_id) return std::unexpected(DecodeError::bad_ack_id);
  }
  if (!shape_fits(packet.type, text)) return std::unexpected(DecodeError::bad_payload);
  if (text.empty()) return packet;
  const auto payload = check_json(text, limits.json_depth);
  if (!payload) return std::unexpected(DecodeError::bad_payload);
  packet.payload = *payload;
  return packet;
}

bool reserved_event(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kReserved = {"connect",       "connect_error", "disconnect",
                                                                "disconnecting", "newListener",   "removeListener"};
  return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

std::optional<EventView> read_event(std::string_view payload, std::size_t max_name_bytes) {
  JsonItems items(payload);
  const auto first = items.next();
  if (!first) return std::nullopt;
  EventView event;
  if (auto text = json_string(*first)) {
    event.name = std::move(*text);
  } else if (first->front() == '-' || digit(first->front())) {
    event.name = *first;
  } else {
    return std::nullopt;
  }
  if (event.name.size() > max_name_bytes || reserved_event(event.name)) return std::nullopt;
  event.arguments = items.rest();
  return event;
}

bool placeholders_fit(std::string_view json, std::uint32_t attachments) {
  std::vector<Level> open;
  std::size_t at = 0;
  while (at < json.size()) {
    const std::string_view token = take_token(json, at);
    const char first = token.front();
    if (first == ']' || first == '}') {
      if (open.empty() || !open.back().fits(attachments)) return false;
      open.pop_back();
      continue;
    }
    if (!open.empty()) open.back().take(token);
    if (first == '[' || first == '{') open.push_back({.object = first == '{', .key_next = first == '{'});
  }
  return true;
}

std::string packet_head(PacketType type, std::string_view nsp, std::optional<std::uint64_t> ack_id,
                        std::size_t attachments) {
  std::string out = "4";
  out += static_cast<char>('0' + static_cast<int>(type));
  if (has_attachments(type)) {
    append_int(out, static_cast<std::int64_t>(attachments));
    out += '-';
  }
  if (nsp != "/") {
    out += nsp;
    out += ',';
  }
  if (ack_id) out += std::to_string(*ack_id);
  return out;
}

std::string event_packet(std::string_view nsp, std::optional<std::uint64_t> ack_id, std::string_view name,
                         std::string_view arguments, std::size_t attachments) {
  std::string out =
      packet_head(attachments == 0 ? PacketType::event : PacketType::binary_event, nsp, ack_id, attachments);
  out += '[';
  append_json_string(out, name);
  if (!arguments.empty()) {
    out += ',';
    out += arguments;
  }
  return out += ']';
}

}  // namespace signalbox::socketio
