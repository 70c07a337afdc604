#include <signalbox/event_registry.hpp>

#include <utility>

#include "base/json_value.hpp"
#include "hub/client.hpp"
#include "hub/socket_state.hpp"
#include "users/encode.hpp"

namespace signalbox {
namespace {

/// Calls `call` with the socket, on its shard: at once if this is its thread. A socket that has gone is left alone, and
/// shards that have stopped have none.
template <class Call>
void reach(hub::Hub& hub, const SocketRef& ref, Call call) {
  auto task = [&hub, ref, call = std::move(call)] {
    if (hub::SocketState* socket = hub.find(ref)) call(*socket);
  };
  if (hub.mailboxes.current_shard() == static_cast<int>(ref.shard)) return task();
  static_cast<void>(hub.mailboxes.post(ref.shard, Message::run(std::move(task))));
}

}  // namespace

SocketHandle::SocketHandle(const hub::SocketState& state)
    : hub_(&state.client().hub()),
      shard_(state.ref().shard),
      slot_(state.ref().slot),
      generation_(state.ref().generation),
      id_(state.id()),
      nsp_(state.nsp().name),
      user_id_(state.user_id()) {}

std::expected<void, EmitError> SocketHandle::emit(std::string_view event, const json& argument) const {
  const log::Use own(hub_->log);
  if (!hub_->emitter.running()) return std::unexpected(EmitError::stopped);
  if (const auto ok = users::check_event_name(event); !ok) return ok;
  std::string text;
  if (!append_json(text, argument, hub_->config.json_depth)) return std::unexpected(EmitError::invalid_json);
  if (text.size() > hub_->config.max_payload_bytes) return std::unexpected(EmitError::too_large);
  if (!hub_->mailboxes.has_room(shard_, 1)) {
    hub_->limits.mailbox.reached();
    return std::unexpected(EmitError::overloaded);
  }
  reach(*hub_, {shard_, slot_, generation_},
        [name = std::string(event), text = std::move(text)](auto& socket) { socket.emit(name, text); });
  return {};
}

void SocketHandle::disconnect(bool close) const {
  reach(*hub_, {shard_, slot_, generation_},
        [close](hub::SocketState& socket) { socket.client().disconnect(socket, close); });
}

}  // namespace signalbox
