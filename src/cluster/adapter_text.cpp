#include "cluster/adapter_text.hpp"

#include <utility>

#include "base/json_check.hpp"
#include "base/json_scan.hpp"

namespace signalbox::cluster {
std::expected<AdapterText, std::string_view> adapter_text(std::string_view payload, const UnpackLimits& limits) {
  if (payload.starts_with('[') || payload.starts_with('{')) {
    if (payload.size() > limits.bytes) return std::unexpected("it is too large");
    const auto checked = check_json(payload, limits.depth);
    if (!checked) return std::unexpected("it is not JSON that a browser can read");
    return AdapterText{JsonText(*checked), {}};
  }
  auto unpacked = unpack(payload, limits);
  if (!unpacked) return std::unexpected(unpacked.error());
  const auto checked = check_json(unpacked->json, limits.depth);
  if (!checked) return std::unexpected("a browser cannot read it");
  return AdapterText{CheckedJson::part(*checked, std::move(unpacked->json)), std::move(unpacked->attachments)};
}

std::string text_of(std::string_view value) {
  auto text = json_string(value);
  return text ? *std::move(text) : std::string(value);
}

std::vector<std::string> texts_of(std::string_view array) {
  std::vector<std::string> texts;
  JsonItems items(array);
  while (const auto item = items.is_array() ? items.next() : std::nullopt) texts.push_back(text_of(*item));
  return texts;
}

AdapterRooms rooms_of(std::string_view options) {
  AdapterRooms found;
  JsonItems members(options);
  while (const auto value = members.is_object() ? members.next() : std::nullopt) {
    if (members.named("rooms")) found.rooms = texts_of(*value);
    if (members.named("except")) found.except = texts_of(*value);
  }
  return found;
}

}  // namespace signalbox::cluster
