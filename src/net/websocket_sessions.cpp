#include <utility>

#include "net/budgets.hpp"
#include "net/websockets.hpp"

// What a session asks of its WebSockets.
namespace signalbox::net {

void WebSockets::send_now(engineio::WebSocketId id, const FrameRef& frame) {
  Connection* connection = find(id);
  if (!connection) return;
  connection->more().out += frame->websocket();
  connections_.touch(*connection);
}

void WebSockets::close(engineio::WebSocketId id, std::uint16_t code) {
  if (Connection* connection = find(id)) want_close(*connection, code);
}

// Not whether less is left than before: what has left makes room for more.
bool WebSockets::still_draining(SessionEntry& entry) const {
  const Connection* connection = find(entry.session.websocket());
  if (!connection) return false;
  const auto now = connection->stream.arrived(loop_.kernel());
  const auto before = std::exchange(entry.arrived, now);
  return now != connection->stream.sent() && now != before;
}

void WebSockets::stop_reading(const SessionEntry& entry) {
  Connection* connection = find(entry.session.websocket());
  if (!connection) return;
  connection->paused = true;
  connections_.update_interest(*connection);
}

void WebSockets::deliver_held(SessionEntry& entry) {
  deliver_held(entry, entry.session.upgrading());
  deliver_held(entry, entry.session.websocket());
}

void WebSockets::deliver_held(SessionEntry& entry, engineio::WebSocketId id) {
  Connection* connection = find(id);
  if (!connection || !entry.may_read(id)) return;
  connection->paused = false;
  std::string held;
  if (connection->extra) held.swap(connection->extra->held);
  take(*connection, held);
}

bool WebSockets::flush(SessionEntry& entry) {
  Connection* connection = find(entry.session.websocket());
  const bool carries = connection && session_of(*connection) == &entry;
  if (carries) flush(*connection);
  entry.session.flush(loop_.now(), connection && connection->blocked);
  budgets_.count_queue(entry);
  return carries && connection->mode == Mode::websocket && !connection->close_sent;
}

}  // namespace signalbox::net
