#include "server/emit_request.hpp"

#include <fmt/format.h>

#include <optional>

#include "base/json_check.hpp"
#include "base/json_scan.hpp"
#include "server/json_place.hpp"
#include "users/encode.hpp"

namespace signalbox::server {
namespace {

using users::Directory;

std::expected<users::Emission, std::string> read_event(JsonItems& members) {
  if (!members.is_object()) return std::unexpected(R"(An event is an object: {"userId", "event", "data"}.)");
  std::optional<std::string_view> user_text, name_text, data;
  while (const auto value = members.next()) {
    auto* member = members.named("userId")  ? &user_text
                   : members.named("event") ? &name_text
                   : members.named("data")  ? &data
                                            : nullptr;
    if (!member) continue;
    if (*member) return std::unexpected(fmt::format("{}: stands there twice.", members.key()));
    *member = *value;
  }
  if (!user_text) return std::unexpected("userId: is missing.");
  auto user = json_string(*user_text);
  if (!user && json_is_integer(*user_text)) user = *user_text;  // its digits as they stand
  if (!user || !users::valid_user_id(*user)) {
    return std::unexpected("userId: give text of 1 to 256 bytes without control characters, or an integer.");
  }
  if (!name_text) return std::unexpected("event: is missing.");
  std::string undone;
  const auto name = json_string_view(*name_text, undone);
  if (!name) return std::unexpected("event: give text.");
  if (const auto ok = users::check_event_name(*name); !ok)
    return std::unexpected(fmt::format("event: {}", to_text(ok.error())));
  auto encoded = users::checked_event_frame(*name, data.value_or("null"));
  if (!encoded) return std::unexpected(fmt::format("data.jobId: {}", to_text(encoded.error())));
  return users::Emission{.user = std::move(*user), .event = std::move(*encoded)};
}

}  // namespace

std::expected<std::vector<users::Emission>, EmitFault> read_emit_request(std::string_view body,
                                                                         std::size_t json_depth) {
  // `data` lies one level down in an event, and an event one level down in an array of them.
  const auto first = body.find_first_not_of(" \t\r\n");
  const bool array = first != std::string_view::npos && body[first] == '[';
  const std::size_t envelope = array ? 2 : 1;
  if (!valid_json(body, json_depth + envelope)) {
    const JsonFault fault = what_is_wrong(body, json_depth);
    return std::unexpected(
        EmitFault{fmt::format("The body is not JSON that a browser can read: {}.", fault.what), fault.item});
  }
  std::vector<users::Emission> events;
  JsonItems items(body);
  if (!array) {
    auto event = read_event(items);
    if (!event) return std::unexpected(EmitFault{std::move(event.error())});
    events.push_back(std::move(*event));
    return events;
  }
  while (items.more()) {
    if (events.size() == kMaxEvents)
      return std::unexpected(EmitFault{fmt::format("The array holds more than {} events.", kMaxEvents)});
    JsonItems members = items.enter();
    auto event = read_event(members);
    if (!event) return std::unexpected(EmitFault{fmt::format("[{}] {}", events.size(), event.error()), events.size()});
    events.push_back(std::move(*event));
    items.leave(members);
  }
  return events;
}

}  // namespace signalbox::server
