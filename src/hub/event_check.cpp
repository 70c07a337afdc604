#include "hub/event_check.hpp"

#include "socketio/arguments_text.hpp"
#include "users/encode.hpp"

namespace signalbox::hub {

std::expected<void, EmitError> check_event(const Hub& hub, std::string_view event, const JsonView& arguments,
                                           const Attachments& attachments) {
  constexpr std::size_t kBrackets = 2;
  if (!hub.emitter.running()) return std::unexpected(EmitError::stopped);
  if (const auto ok = users::check_event_name(event); !ok) return ok;
  if (!socketio::is_arguments(arguments, hub.config.json_depth)) return std::unexpected(EmitError::invalid_json);
  std::size_t bytes = arguments.size();
  for (const std::string& attachment : attachments) bytes += attachment.size();
  if (bytes > hub.config.max_payload_bytes + kBrackets) return std::unexpected(EmitError::too_large);
  return {};
}

std::expected<void, EmitError> check_mailbox(Hub& hub, unsigned shard) {
  if (hub.mailboxes.has_room(shard, 1)) return {};
  hub.limits.mailbox.reached();
  return std::unexpected(EmitError::overloaded);
}

}  // namespace signalbox::hub
