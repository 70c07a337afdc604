#include <chrono>

#include "base/assert.hpp"
#include "net/shard.hpp"

// The sessions of a shard: opened, given what was held, flushed.
namespace signalbox::net {

/// The way from a session to its sockets.
struct ShardSession final : SessionEntry {
  ShardSession(Shard& owner, const engineio::Sid& sid, engineio::Transport first)
      : SessionEntry(owner.sessions_, sid, first, owner.options_.session, owner.now()), shard(owner) {}

  void answer(const engineio::RequestId& request, engineio::Answer answer) override;
  void on_repeated(const engineio::RequestId& request) override;
  void send_now(engineio::WebSocketId websocket, const FrameRef& frame) override;
  void close_websocket(engineio::WebSocketId websocket, std::uint16_t code) override;
  bool still_draining() override;
  void set_reading(bool reading) override;

  Shard& shard;
};

void ShardSession::answer(const engineio::RequestId& request, engineio::Answer answer) {
  shard.engine_answer(request, std::move(answer), account());
}

void ShardSession::on_repeated(const engineio::RequestId& request) {
  shard.drop_repeated(request);
}

void ShardSession::send_now(engineio::WebSocketId websocket, const FrameRef& frame) {
  Connection* connection = shard.find_websocket(websocket);
  if (!connection) return;
  connection->more().out += frame->websocket();
  shard.touch(*connection);
}

void ShardSession::close_websocket(engineio::WebSocketId websocket, std::uint16_t code) {
  if (Connection* connection = shard.find_websocket(websocket)) shard.want_close(*connection, code);
}

bool ShardSession::still_draining() {
  Connection* connection = shard.find_websocket(session.websocket());
  if (!connection) return false;
  // Not whether less is left than before: what has left makes room for more.
  const auto before = std::exchange(arrived, connection->stream.arrived(shard.kernel()));
  return arrived != connection->stream.sent() && arrived != before;
}

void ShardSession::set_reading(bool wanted) {
  if (reading == wanted) return;
  reading = resume = wanted;
  session.set_reading(wanted, shard.now());
  touched();
  if (wanted) return;  // once what is held has been taken
  if (Connection* connection = shard.find_websocket(session.websocket())) {
    connection->paused = true;
    shard.update_interest(*connection);
  }
}

SessionEntry* Shard::open_session(engineio::Transport transport, const PeerAddress& peer, const RequestHead& head) {
  const auto sid = sessions_.admit(peer);
  if (!sid) return nullptr;
  const auto unix_time = std::chrono::system_clock::now().time_since_epoch();
  HandshakeRequest handshake{.head = compact_head(head),
                             .remote_address = std::string(head.remote_address),
                             .issued_ms = std::chrono::duration_cast<Milliseconds>(unix_time).count()};
  SessionEntry& entry =
      sessions_.add(std::make_unique<ShardSession>(*this, *sid, transport), peer, handshake.head.size());
  entry.handler = application_->on_session(entry.session, entry, std::move(handshake), now());
  SB_ASSERT(entry.handler != nullptr);
  entry.session.set_handler(*entry.handler);
  entry.touched();
  return &entry;
}

SessionEntry* Shard::session_of(const Connection& connection) {
  return connection.session_generation == 0 ? nullptr
                                            : sessions_.find(connection.session_slot, connection.session_generation);
}

void Shard::deliver_held(SessionEntry& entry) {
  entry.resume = false;
  if (entry.post && entry.post->whole && (entry.reading || !entry.session.open())) {
    const auto post = std::exchange(entry.post, nullptr);
    sessions_.count_partial(entry);
    entry.session.on_post(post->id, post->stamp, post->content_type, post->body, now());
    entry.touched();
  }
  deliver_held(entry, entry.session.upgrading());
  deliver_held(entry, entry.session.websocket());
}

void Shard::deliver_held(SessionEntry& entry, engineio::WebSocketId websocket) {
  Connection* connection = find_websocket(websocket);
  if (!connection || !entry.may_read(websocket)) return;
  connection->paused = false;
  update_interest(*connection);
  if (!connection->extra || connection->extra->held.empty()) return;
  std::string held = std::move(connection->extra->held);
  connection->extra->held.clear();
  on_bytes(*connection, held);
  if (connection->mode != Mode::closed) count_partial(*connection);
}

void Shard::flush_session(SessionEntry& entry) {
  if (entry.resume || (entry.post && entry.post->whole && !entry.session.open())) deliver_held(entry);
  Connection* connection = find_websocket(entry.session.websocket());
  if (connection && session_of(*connection) == &entry) flush_websocket(*connection);
  entry.session.flush(now(), connection && connection->blocked);
  budgets_.count_queue(entry);
  if (const auto taken_out = entry.session.queue().take_conflated())
    shared_.conflated.fetch_add(taken_out, std::memory_order_relaxed);
  if (!entry.session.open()) entry.handler.reset();  // it has had its on_closed()
  if (entry.listed) return;                          // again in the next round
  const bool writing =
      connection && connection->mode == Mode::websocket && !connection->close_sent && session_of(*connection) == &entry;
  if ((entry.session.finished() || (entry.dropped && entry.session.transport() == engineio::Transport::polling)) &&
      !writing) {
    return sessions_.erase(entry);
  }
  sessions_.arm(entry);
}

}  // namespace signalbox::net
