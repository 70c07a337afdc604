#include "cluster/adapter_message.hpp"

#include <cstdint>
#include <optional>
#include <utility>

#include "base/json_check.hpp"
#include "base/json_scan.hpp"
#include "cluster/adapter_text.hpp"
#include "socketio/packet.hpp"

namespace signalbox::cluster {
namespace {

constexpr std::string_view kEvent = "2", kBinaryEvent = "5";

std::expected<void, std::string_view> read_data(const JsonView& data, AdapterMessage& message) {
  JsonItems items(data);
  const auto name = items.is_array() ? items.next() : std::nullopt;
  if (!name || name->front() != '"') return std::unexpected("its event has no name");
  message.event = text_of(*name);
  message.arguments = CheckedJson::inner_part(data, "[" + std::string(items.rest()) + "]", kAdapterEnvelope - 1);
  return {};
}

std::expected<void, std::string_view> read_packet(const JsonView& packet, AdapterMessage& message) {
  std::string_view type, data;
  message.nsp = "/";
  JsonItems members(packet);
  while (const auto value = members.is_object() ? members.next() : std::nullopt) {
    if (members.named("type")) type = *value;
    if (members.named("data")) data = *value;
    if (members.named("nsp")) message.nsp = text_of(*value);
  }
  if (type != kEvent && type != kBinaryEvent) return std::unexpected("its packet is no event");
  return read_data(CheckedJson::part(packet, data), message);
}

}  // namespace

std::expected<void, std::string_view> read_adapter_event(const JsonView& packet, std::string_view options,
                                                         AdapterMessage& message) {
  if (const auto read = read_packet(packet, message); !read) return read;
  message.to = rooms_of(options);
  message.is_volatile = json_member(json_member(options, "flags").value_or(""), "volatile") == "true";
  const auto count = static_cast<std::uint32_t>(message.attachments.size());
  if (count != 0 && !socketio::placeholders_fit(message.arguments, count))
    return std::unexpected("it names bytes that it has not");
  return {};
}

std::expected<AdapterMessage, std::string_view> read_adapter_message(std::string_view payload,
                                                                     const UnpackLimits& limits) {
  auto text = adapter_text(payload, {limits.bytes, limits.depth + kAdapterEnvelope, limits.attachments});
  if (!text) return std::unexpected(text.error());
  const JsonView whole(text->json);
  JsonItems parts(whole);
  const auto sender = parts.is_array() ? parts.next() : std::nullopt;
  const auto packet = parts.next(), options = parts.next();
  if (!sender || !packet || packet->front() != '{') return std::unexpected("it is no message of an adapter");
  AdapterMessage message;
  message.sender = text_of(*sender);
  message.attachments = std::move(text->attachments);
  const auto read = read_adapter_event(CheckedJson::part(whole, *packet), options.value_or(""), message);
  if (!read) return std::unexpected(read.error());
  return message;
}

}  // namespace signalbox::cluster
