#include "cluster/adapter_request.hpp"

#include <optional>

#include "base/json_scan.hpp"
#include "cluster/adapter_text.hpp"

namespace signalbox::cluster {
namespace {

std::optional<AdapterRequest::Type> type_of(std::string_view digit) {
  if (digit.size() != 1 || digit[0] < '0' || digit[0] > '9') return std::nullopt;
  return static_cast<AdapterRequest::Type>(digit[0] - '0');
}

}  // namespace

std::expected<AdapterRequest, std::string_view> read_adapter_request(std::string_view payload,
                                                                     const UnpackLimits& limits) {
  const auto text = adapter_text(payload, limits);
  if (!text) return std::unexpected(text.error());
  AdapterRequest request{};
  std::optional<AdapterRequest::Type> type;
  JsonItems members(text->json);
  while (const auto value = members.is_object() ? members.next() : std::nullopt) {
    if (members.named("type")) type = type_of(*value);
    if (members.named("requestId")) request.id = text_of(*value);
    if (members.named("opts")) request.of = rooms_of(*value);
    if (members.named("close")) request.closes = *value == "true";
  }
  if (!type) return std::unexpected("it is no request that an adapter makes");
  request.type = *type;
  return request;
}

}  // namespace signalbox::cluster
