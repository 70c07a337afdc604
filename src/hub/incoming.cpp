#include "hub/incoming.hpp"

#include <utility>
#include <variant>

#include "auth/jwt.hpp"
#include "base/json_check.hpp"
#include "base/json_scan.hpp"
#include "hub/client.hpp"
#include "hub/guarded.hpp"
#include "hub/socket_questions.hpp"
#include "hub/socket_state.hpp"
#include "users/encode.hpp"

namespace signalbox::hub {
namespace {

/// "1,2" -> "[1,2]"
std::string array_of(std::string_view values) {
  std::string array;
  array.reserve(values.size() + 2);
  return std::move(((array += '[') += values) += ']');
}

/// What `authenticate` brought: its first argument's `token`, or nothing.
std::string token_of(std::string_view arguments) {
  const auto token = json_member(json_first(arguments), "token");
  return token ? json_string(*token).value_or("") : "";
}

}  // namespace

Ack Incoming::make_ack(std::uint64_t id) const {
  // The answer may come later and from any thread: the socket is looked up again on its own.
  return Ack([&hub = socket_.client().hub(), ref = socket_.ref(), id](std::string array, Attachments attachments) {
    users::check_size(array, attachments);
    if (hub.mailboxes.current_shard() == static_cast<int>(ref.shard)) {
      if (SocketState* still = hub.find(ref)) still->outbox().send_ack(id, array, attachments);
      return;
    }
    // Refused only by shards that have stopped, and then the socket has gone as well.
    static_cast<void>(hub.mailboxes.post(
        ref.shard, Message::run([&hub, ref, id, array = std::move(array), attachments = std::move(attachments)] {
          if (SocketState* still = hub.find(ref)) still->outbox().send_ack(id, array, attachments);
        })));
  });
}

void Incoming::call(std::string_view event, Arguments arguments, Ack ack) {
  Hub& hub = socket_.client().hub();
  const Namespace& nsp = socket_.nsp();
  const auto found = nsp.handlers.find(event);
  if (found == nsp.handlers.end() && !nsp.any) {
    hub.counters.ignored_events.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  guarded(hub, event, &socket_.owner(), [&] {
    Socket socket(socket_);
    if (found == nsp.handlers.end()) return nsp.any(socket, event, std::move(arguments), std::move(ack));
    if (const auto* handler = std::get_if<EventRegistry::Handler>(&found->second)) {
      return (*handler)(socket, arguments.values(), std::move(ack));
    }
    std::get<EventRegistry::TextHandler>(found->second)(socket, std::move(arguments), std::move(ack));
  });
}

void Incoming::renew_token(std::string_view arguments, Ack ack, TimePoint now) {
  const Clocks& clocks = socket_.client().hub().clocks;
  const std::string token = token_of(array_of(arguments));
  auto identity = socket_.nsp().jwt->verifier().verify(auth::strip_bearer(token), clocks.wall());
  if (!identity) {
    return ack(
        json{{"ok", false}, {"code", auth::code(identity.error())}, {"message", auth::message(identity.error())}});
  }
  if (identity->user_id != socket_.owner().id()) {
    return ack(json{
        {"ok", false}, {"code", "token_invalid"}, {"message", "The token is of another user than this connection."}});
  }
  socket_.owner().set_json(identity->user_json, socket_.outbox());
  socket_.owner().renew(identity->expires_at, identity->issued_at, clocks, now);
  socket_.client().link().deadline_changed();
  ack(json{{"ok", true}});
}

void Incoming::take(const socketio::PacketView& packet, Attachments attachments, TimePoint now) {
  Client& client = socket_.client();
  const auto event = socketio::read_event(packet.payload, client.hub().config.max_event_name_bytes);
  if (!event) return client.fail(now);
  if (answer_question(socket_, *event, packet)) return;
  Ack ack = packet.ack_id ? make_ack(*packet.ack_id) : Ack();
  if (socket_.nsp().jwt && event->name == events::authenticate)
    return renew_token(event->arguments, std::move(ack), now);
  call(event->name,
       {.text = CheckedJson::behind_first(packet.payload, array_of(event->arguments)),
        .attachments = std::move(attachments)},
       std::move(ack));
}

}  // namespace signalbox::hub
