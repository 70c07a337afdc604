#include "queue/outbox_entry.hpp"

#include <string_view>
#include <utility>

#include "base/json_check.hpp"
#include "queue/stream_id.hpp"
#include "users/encode.hpp"

namespace signalbox::queue {
namespace {

std::expected<WorkerEvent, std::string> read_fields(std::vector<redis::Reply>& fields, const OutboxLimits& limits) {
  WorkerEvent event;
  std::string data = "null";
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    const std::string_view name = fields[i].text;
    std::string* const member = name == "userId"  ? &event.user
                                : name == "event" ? &event.event
                                : name == "data"  ? &data
                                                  : nullptr;
    if (member) *member = std::move(fields[i + 1].text);
  }
  if (!users::valid_user_id(event.user))
    return std::unexpected("userId: give text of 1 to 256 bytes without control characters");
  if (const auto ok = users::check_event_name(event.event); !ok)
    return std::unexpected("event: " + std::string(to_text(ok.error())));
  if (data.size() > limits.data_bytes) return std::unexpected("data: is larger than MAX_PAYLOAD_BYTES");
  if (!valid_json(data, limits.json_depth)) return std::unexpected("data: is not JSON that a browser can read");
  event.arguments = "[" + std::move(data) + "]";
  return event;
}

}  // namespace

OutboxEntry read_outbox_entry(redis::Reply entry, const OutboxLimits& limits) {
  std::vector<redis::Reply>& parts = entry.elements;
  if (parts.size() != 2) return {.id = {}, .event = std::unexpected("it is no entry of a stream")};
  OutboxEntry read{.id = std::move(parts[0].text), .event = read_fields(parts[1].elements, limits)};
  if (read.event) read.event->place = place_of(StreamId::parse(read.id).value_or(StreamId{}));
  return read;
}

}  // namespace signalbox::queue
