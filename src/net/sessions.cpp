#include <chrono>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "engineio/sid.hpp"
#include "net/shard.hpp"

// The sessions of a shard: made, found, flushed, forgotten.
namespace signalbox::net {
namespace {

constexpr Milliseconds kLoginTime{1000};  ///< from handshake to login, of which a slow line needs a part
log::RareWarning address_full, strangers_full, heads_full;

}  // namespace

void SessionEntry::answer(const engineio::RequestId& request, engineio::Answer answer) {
  shard.engine_answer(request, std::move(answer), Shard::account_of(*this));
}

void SessionEntry::on_repeated(const engineio::RequestId& request) {
  shard.drop_repeated(request);
}

void SessionEntry::send_now(engineio::WebSocketId websocket, const FrameRef& frame) {
  Connection* connection = shard.find_websocket(websocket);
  if (!connection) return;
  connection->more().out += frame->websocket();
  shard.touch(*connection);
}

void SessionEntry::close_websocket(engineio::WebSocketId websocket, std::uint16_t code) {
  if (Connection* connection = shard.find_websocket(websocket)) shard.want_close(*connection, code);
}

void SessionEntry::touched() {
  if (in_touched) return;
  in_touched = true;
  shard.touched_sessions_.push_back(this);
}

bool SessionEntry::still_draining() {
  Connection* connection = shard.find_websocket(session.websocket());
  if (!connection) return false;
  // Not whether less is left than before: what has left makes room for more.
  const auto before = std::exchange(arrived, connection->stream.arrived(shard.kernel()));
  return arrived != connection->stream.sent() && arrived != before;
}

// Who has left again waits for nothing that newcomers could not bring as well: it is the newest of them.
void SessionEntry::set_authenticated(bool now_authenticated) {
  if (now_authenticated) return shard.no_stranger(*this);
  if (stranger || dropped) return;
  if (peer) shard.shared_.stranger_addresses.add(*peer);
  shard.add_stranger(*this);
}

void SessionEntry::set_reading(bool wanted) {
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

void SessionEntry::set_partial(std::size_t bytes) {
  partial_above = static_cast<std::uint32_t>(bytes);
  shard.count_partial(*this);
}

SessionEntry* Shard::open_session(engineio::Transport transport, const PeerAddress& peer, const RequestHead& head) {
  if (sessions_.reserve().first >= engineio::Sid::kSlots) return nullptr;
  const bool by_address = options_.max_strangers_per_address != 0;
  if (by_address && !shared_.stranger_addresses.add_within(options_.max_strangers_per_address, peer)) {
    address_full.write("MAX_UNAUTHENTICATED_PER_ADDRESS is reached: further sessions get 503",
                       {{"address", std::string(head.remote_address)}});
    return nullptr;
  }
  auto made = std::make_unique<SessionEntry>(*this, engineio::Sid(index_, sessions_.reserve().first), transport,
                                             options_.session, now());
  SessionEntry& entry = sessions_.insert(std::move(made));
  const auto unix_time = std::chrono::system_clock::now().time_since_epoch();
  Handshake handshake{.head = compact_head(head),
                      .remote_address = std::string(head.remote_address),
                      .issued_ms = std::chrono::duration_cast<Milliseconds>(unix_time).count(),
                      .websocket = transport == engineio::Transport::websocket};
  entry.head_bytes = static_cast<std::uint32_t>(handshake.head.size());
  if (by_address) entry.peer = std::make_unique<PeerAddress>(peer);
  add_stranger(entry);
  shared_.sessions.fetch_add(1, std::memory_order_relaxed);
  entry.handler = application_->on_session(entry.session, entry, std::move(handshake), now());
  SB_ASSERT(entry.handler != nullptr);
  entry.session.set_handler(*entry.handler);
  entry.touched();
  return &entry;
}

void Shard::add_stranger(SessionEntry& entry) {
  strangers_.add(entry, now());
  shared_.strangers.fetch_add(1, std::memory_order_relaxed);
  strangers_heads_ += entry.head_bytes;
  set_standing(entry, Standing::login, Standing::unauthenticated);
}

void Shard::no_stranger(SessionEntry& entry) {
  if (!strangers_.remove(entry)) return;
  shared_.strangers.fetch_sub(1, std::memory_order_relaxed);
  strangers_heads_ -= entry.head_bytes;
  set_standing(entry, Standing::unauthenticated, Standing::login);
  if (entry.peer) shared_.stranger_addresses.remove(*entry.peer);
}

TimePoint Shard::stranger_deadline() const {
  const bool full = shared_.strangers.load(std::memory_order_relaxed) > shared_.max_strangers;
  return full && strangers_.has_several() ? strangers_.oldest_since() + kLoginTime : kNever;
}

// Newcomers past the limit push out those who have been here longest without a login, but not before these could log
// in: many who come at once would else push each other out. Past as many as there may be connections nobody is spared.
void Shard::drop_oldest_strangers(bool all_read) {
  // Each shard has its part, so that nobody has to go for heads that are kept elsewhere.
  const std::size_t most_heads = options_.preauth_heads_bytes / shared_.shards.size();
  while (strangers_heads_ > most_heads && strangers_.has_several()) {
    heads_full.write("PREAUTH_HEADS_BYTES is reached: the oldest session without a login is closed");
    drop_oldest_stranger();
  }
  const std::size_t most = std::max(shared_.max_connections, shared_.max_strangers);
  while (stranger_deadline() != kNever) {
    const bool spared = !all_read || now() < stranger_deadline();
    if (spared && shared_.strangers.load(std::memory_order_relaxed) <= most) return;
    strangers_full.write("MAX_UNAUTHENTICATED is reached: the oldest session without a login is closed");
    drop_oldest_stranger();
  }
}

void Shard::drop_oldest_stranger() {
  SessionEntry& oldest = *strangers_.oldest();
  no_stranger(oldest);
  oldest.dropped = true;
  if (oldest.session.open()) oldest.session.close(CloseReason::forced_close, now());
  oldest.touched();
}

SessionEntry* Shard::find_session(std::string_view sid) {
  const auto place = engineio::place_of(sid, static_cast<unsigned>(shared_.shards.size()));
  if (!place || place->shard != index_) return nullptr;
  SessionEntry* entry = sessions_.at(place->slot);
  return entry && entry->session.sid() == sid ? entry : nullptr;
}

SessionEntry* Shard::session_of(const Connection& connection) {
  return connection.session_generation == 0 ? nullptr
                                            : sessions_.find(connection.session_slot, connection.session_generation);
}

void Shard::deliver_held(SessionEntry& entry) {
  entry.resume = false;
  if (entry.post && entry.post->whole && (entry.reading || !entry.session.open())) {
    const auto post = std::exchange(entry.post, nullptr);
    count_partial(entry);
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
  count_queue(entry);
  if (const auto taken_out = entry.session.queue().take_conflated())
    shared_.conflated.fetch_add(taken_out, std::memory_order_relaxed);
  if (!entry.session.open()) entry.handler.reset();  // it has had its on_closed()
  if (entry.in_touched) return;                      // again in the next round
  const bool writing =
      connection && connection->mode == Mode::websocket && !connection->close_sent && session_of(*connection) == &entry;
  if ((entry.session.finished() || (entry.dropped && entry.session.transport() == engineio::Transport::polling)) &&
      !writing) {
    return erase_session(entry);
  }
  const TimePoint deadline = entry.session.next_deadline();
  if (deadline != kNever) timers_.arm({deadline, entry.slot, entry.generation, kSessions}, entry.armed);
}

void Shard::erase_session(SessionEntry& entry) {
  no_stranger(entry);
  count_partial(entry, 0);
  entry.session.drop_held();
  count_queue(entry);
  shared_.sessions.fetch_sub(1, std::memory_order_relaxed);
  entry.handler.reset();
  timers_.disarm(entry.armed);
  sessions_.erase(entry);
}

}  // namespace signalbox::net
