#include "cluster/adapter_request.hpp"

#include <optional>
#include <utility>

#include "base/json_check.hpp"
#include "base/json_scan.hpp"
#include "base/whole_number.hpp"
#include "cluster/adapter_text.hpp"

namespace signalbox::cluster {
namespace {

using Type = AdapterRequest::Type;

std::optional<Type> type_of(std::string_view digit) {
  if (digit.size() != 1 || digit[0] < '0' || digit[0] > '9') return std::nullopt;
  return static_cast<Type>(digit[0] - '0');
}

std::chrono::milliseconds timeout_of(std::string_view options) {
  const auto flags = json_member(options, "flags");
  const auto time = json_member(flags.value_or(""), "timeout");
  return std::chrono::milliseconds(whole_number<std::uint32_t>(time.value_or("")).value_or(0));
}

}  // namespace

std::expected<AdapterRequest, std::string_view> read_adapter_request(std::string_view payload,
                                                                     const UnpackLimits& limits) {
  auto text = adapter_text(payload, {limits.bytes, limits.depth + kAdapterEnvelope, limits.attachments});
  if (!text) return std::unexpected(text.error());
  const JsonView whole(text->json);
  AdapterRequest request;
  std::optional<Type> type;
  std::string_view packet, options;
  JsonItems members(whole);
  while (const auto value = members.is_object() ? members.next() : std::nullopt) {
    if (members.named("type")) type = type_of(*value);
    if (members.named("uid")) request.sender = text_of(*value);
    if (members.named("requestId")) request.id = text_of(*value);
    if (members.named("opts")) options = *value;
    if (members.named("rooms")) request.rooms = texts_of(*value);
    if (members.named("sid")) request.socket = text_of(*value);
    if (members.named("close")) request.closes = *value == "true";
    if (members.named("data")) request.data = CheckedJson::inner_part(whole, std::string(*value), 1);
    if (members.named("packet")) packet = *value;
  }
  if (!type) return std::unexpected("it is no request that an adapter makes");
  request.type = *type;
  request.of = rooms_of(options);
  if (*type != Type::broadcast_with_ack) return request;
  request.timeout = timeout_of(options);
  request.message.sender = request.sender;
  request.message.attachments = std::move(text->attachments);
  if (const auto read = read_adapter_event(CheckedJson::part(whole, packet), options, request.message); !read)
    return std::unexpected(read.error());
  return request;
}

}  // namespace signalbox::cluster
