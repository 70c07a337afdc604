#include "hub/trace_entry.hpp"

#include <algorithm>

#include <signalbox/config.hpp>

#include "base/json_scan.hpp"
#include "base/json_write.hpp"
#include "socketio/packet.hpp"

namespace signalbox::hub {
namespace {

using socketio::PacketType;

constexpr std::size_t kMostName = 256;

/// A Socket.IO packet's parts as they stand: nothing of it is checked.
struct PacketParts {
  PacketType type;
  std::string_view nsp = "/";
  std::string_view payload;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

PacketParts parts_of(std::string_view packet) {
  const char type = packet.empty() ? '0' : packet.front();
  PacketParts parts{.type = static_cast<PacketType>(std::clamp(type, '0', '6') - '0'), .payload = packet};
  std::string_view& rest = parts.payload;
  rest.remove_prefix(std::min<std::size_t>(1, rest.size()));
  const auto skip_digits = [&rest] {
    rest.remove_prefix(static_cast<std::size_t>(std::ranges::find_if_not(rest, is_digit) - rest.begin()));
  };
  if (parts.type == PacketType::binary_event || parts.type == PacketType::binary_ack) {
    skip_digits();
    if (rest.starts_with('-')) rest.remove_prefix(1);
  }
  if (rest.starts_with('/')) {
    parts.nsp = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(parts.nsp.size() + 1, rest.size()));
  }
  skip_digits();
  return parts;
}

std::string_view kind_of(PacketType type) {
  switch (type) {
    case PacketType::connect:
      return "connect";
    case PacketType::disconnect:
      return "disconnect";
    case PacketType::connect_error:
      return "connect_error";
    case PacketType::ack:
    case PacketType::binary_ack:
      return "ack";
    case PacketType::event:
    case PacketType::binary_event:
      break;
  }
  return {};
}

/// Is it about a login? Its token, or the id by which a session is taken up again, is for nobody who looks on.
bool is_secret(const TraceEntry& entry, PacketType type) {
  return type == PacketType::connect || entry.event == events::authenticate;
}

/// At most so many bytes, and no part of a character at the end.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  const auto goes_on = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
  while (most != 0 && goes_on(most)) --most;
  return text.substr(0, most);
}

std::string_view to_text(TraceEntry::What what) {
  switch (what) {
    case TraceEntry::What::connected:
      return "connected";
    case TraceEntry::What::sent:
      return "sent";
    case TraceEntry::What::received:
      return "received";
    case TraceEntry::What::confirmed:
      return "confirmed";
    case TraceEntry::What::dropped:
      return "dropped";
    case TraceEntry::What::disconnected:
      break;
  }
  return "disconnected";
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out.append(",\"").append(name).append("\":");
  append_json_string(out, text);
}

}  // namespace

std::string_view namespace_of(std::string_view packet) {
  return parts_of(packet).nsp;
}

void describe_packet(TraceEntry& entry, std::string_view packet) {
  const PacketParts parts = parts_of(packet);
  entry.packet = kind_of(parts.type);
  entry.data = is_secret(entry, parts.type) ? std::string_view() : parts.payload;
  if (!entry.packet.empty()) return;
  JsonItems items(parts.payload);
  const std::string_view name = items.next().value_or("");
  std::string undone;
  entry.event = cut(json_string_view(name, undone).value_or(""), kMostName);  // what is no name may be data
  entry.data = items.is_array() && !is_secret(entry, parts.type) ? items.rest() : std::string_view();
  while (!entry.data.empty() && (entry.data.front() == ',' || entry.data.front() == ' ')) entry.data.remove_prefix(1);
}

void append_trace_line(std::string& out, const TraceEntry& entry, bool with_data) {
  out += R"({"at":)";
  append_int(out, entry.at_ms);
  append_member(out, "what", to_text(entry.what));
  append_member(out, "socket", entry.socket);
  if (entry.nsp != "/") append_member(out, "namespace", entry.nsp);
  append_member(out, "event", entry.event);
  append_member(out, "packet", entry.packet);
  append_member(out, "jobId", entry.job_id);
  append_member(out, "reason", entry.reason);
  if (entry.bytes) append_int(out += R"(,"bytes":)", static_cast<std::int64_t>(*entry.bytes));
  if (with_data) {
    const std::string_view shown = cut(entry.data, kMostTracedData);
    append_member(out, "data", shown);
    if (shown.size() < entry.data.size()) out += R"(,"cut":true)";
  }
  out += "}\n";
}

}  // namespace signalbox::hub
