#include <signalbox/event_registry.hpp>

#include <utility>

#include "base/json_value.hpp"
#include "hub/client.hpp"
#include "hub/event_check.hpp"
#include "hub/socket_state.hpp"
#include "socketio/arguments_text.hpp"

namespace signalbox {
namespace {

/// Calls `call` with the socket on its shard: at once if this is its thread; with nullptr if the socket has gone.
/// False: the shards have stopped.
template <class Call>
bool reach(hub::Hub& hub, const SocketRef& ref, Call call) {
  auto task = [&hub, ref, call = std::move(call)]() mutable { call(hub.find(ref)); };
  if (hub.mailboxes.current_shard() == static_cast<int>(ref.shard)) return task(), true;
  return hub.mailboxes.post(ref.shard, Message::run(std::move(task)));
}

}  // namespace

SocketHandle::SocketHandle(const hub::SocketState& state)
    : hub_(&state.client().hub()),
      shard_(state.ref().shard),
      slot_(state.ref().slot),
      generation_(state.ref().generation),
      id_(state.id()),
      nsp_(state.nsp().name),
      user_id_(state.owner().id()) {}

std::expected<void, EmitError> SocketHandle::emit(std::string_view event, const json& argument) const {
  std::string array = "[";
  if (!append_json(array, argument, hub_->config.json_depth)) return std::unexpected(EmitError::invalid_json);
  array += ']';
  return emit_text(event, array);
}

std::expected<void, EmitError> SocketHandle::emit_text(std::string_view event, const JsonView& arguments_array,
                                                       Attachments attachments) const {
  if (const auto ok = check(event, arguments_array, attachments); !ok) return ok;
  const auto send = [name = std::string(event), array = std::string(arguments_array),
                     attachments = std::move(attachments)](hub::SocketState* socket) {
    if (socket) socket->emit(name, socketio::without_brackets(array), attachments);
  };
  return reach(*hub_, {shard_, slot_, generation_}, send) ? std::expected<void, EmitError>()
                                                          : std::unexpected(EmitError::stopped);
}

std::expected<void, EmitError> SocketHandle::emit_with_ack(std::string_view event, const JsonView& arguments_array,
                                                           OnAck on_ack, std::chrono::milliseconds timeout,
                                                           Attachments attachments) const {
  if (const auto ok = check(event, arguments_array, attachments); !ok) return ok;
  auto send = [name = std::string(event), array = std::string(arguments_array), on_ack = std::move(on_ack), timeout,
               attachments = std::move(attachments)](hub::SocketState* socket) mutable {
    if (!socket) return on_ack(std::unexpected(AckError::disconnected));
    socket->emit_with_ack(name, socketio::without_brackets(array), attachments, std::move(on_ack), timeout);
  };
  return reach(*hub_, {shard_, slot_, generation_}, std::move(send)) ? std::expected<void, EmitError>()
                                                                     : std::unexpected(EmitError::stopped);
}

std::expected<void, EmitError> SocketHandle::check(std::string_view event, const JsonView& arguments_array,
                                                   const Attachments& attachments) const {
  const log::Use own(hub_->log);
  if (const auto ok = hub::check_event(*hub_, event, arguments_array, attachments); !ok) return ok;
  return hub::check_mailbox(*hub_, shard_);
}

void SocketHandle::disconnect(bool close) const {
  reach(*hub_, {shard_, slot_, generation_}, [close](hub::SocketState* socket) {
    if (socket) socket->client().disconnect(*socket, close);
  });
}

}  // namespace signalbox
