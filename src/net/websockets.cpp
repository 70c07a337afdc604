#include "net/websockets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "net/budgets.hpp"

namespace signalbox::net {
namespace {

constexpr Milliseconds kCloseTime{2000};

void append_frame(std::string& out, unsigned char opcode, std::string_view payload) {
  out += static_cast<char>(0x80 | opcode);
  out += static_cast<char>(payload.size());  // control frames: at most 125
  out += payload;
}

void append_close(Connection& connection) {
  const char payload[2] = {static_cast<char>(connection.close_code >> 8),
                           static_cast<char>(connection.close_code & 0xff)};
  append_frame(connection.more().out, 8, {payload, 2});
  connection.close_sent = true;
}

}  // namespace

WebSockets::WebSockets(const Options& options, const reactor::Loop& loop, Connections& connections,
                       SessionTable& sessions, Budgets& budgets)
    : options_(options),
      loop_(loop),
      connections_(connections),
      sessions_(sessions),
      budgets_(budgets),
      scratch_(std::make_unique<char[]>(kScratch)) {}

Connection* WebSockets::find(engineio::WebSocketId id) const {
  Connection* connection = id != 0 ? connections_.find(id) : nullptr;
  return connection && connection->mode == Mode::websocket ? connection : nullptr;
}

void WebSockets::open(Connection& connection, std::string_view accept) {
  std::string out = fmt::format(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
      "{}\r\n{}\r\n",
      accept, connection.http->cors);
  connection.http.reset();
  connection.more().out = std::move(out);
  connection.mode = Mode::websocket;
  connections_.became_websocket();
  connection.paused = false;
  connections_.set_deadline(connection, kNever);
  connections_.touch(connection);
}

void WebSockets::attach(Connection& connection, const SessionEntry& entry) {
  connection.session_slot = entry.slot;
  connection.session_generation = entry.generation;
}

void WebSockets::take(Connection& connection, std::span<char> bytes) {
  if (!bytes.empty()) on_bytes(connection, bytes);
  if (connection.mode == Mode::closed) return;
  count_partial(connection);
  connections_.update_interest(connection);
}

// It has its session's standing, which may have logged in or left meanwhile.
void WebSockets::count_partial(Connection& connection) {
  std::size_t bytes = 0;
  if (const WebSocketExtra* extra = connection.extra.get())
    bytes = extra->held.size() + (extra->decoder ? extra->decoder->partial_bytes() : 0);
  if (bytes == 0 && connection.partial == 0) return;
  if (const SessionEntry* entry = session_of(connection)) budgets_.set_standing(connection, entry->standing());
  budgets_.set_partial(connection, bytes);
}

void WebSockets::on_bytes(Connection& connection, std::span<char> bytes) {
  auto kept = connection.extra ? std::move(connection.extra->decoder) : nullptr;
  auto decoder = kept ? std::move(*kept) : websocket::FrameDecoder(0, options_.max_fragments);
  take_frames(connection, decoder, bytes);
  if (connection.mode != Mode::websocket || decoder.at_rest()) return connection.free_extra_if_idle();
  connection.more().decoder = std::make_unique<websocket::FrameDecoder>(std::move(decoder));
}

void WebSockets::take_frames(Connection& connection, websocket::FrameDecoder& decoder, std::span<char> bytes) {
  SessionEntry* entry = session_of(connection);
  if (entry) entry->touched();
  while (connection.mode == Mode::websocket && !connection.close_received) {
    if (entry && !entry->may_read(connection.id())) {
      // What is here waits, and TCP makes the client wait.
      connection.paused = true;
      connection.more().held.append(bytes.data(), bytes.size());
      return;
    }
    const bool known = entry && entry->authenticated();  // a login may be in these very bytes
    decoder.set_max_message(known ? options_.session.max_payload_bytes : options_.preauth_message_bytes);
    const auto event = decoder.next(bytes);
    if (!event) {
      connection.close_received = true;  // nothing that follows can be understood
      want_close(connection, static_cast<std::uint16_t>(event.error()));
      if (entry) entry->session.on_websocket_closed(connection.id(), CloseReason::parse_error, loop_.now());
      connection.session_generation = 0;
      return;
    }
    if (event->kind == websocket::Event::Kind::need_more || !on_event(connection, *event)) return;
  }
}

bool WebSockets::on_event(Connection& connection, const websocket::Event& event) {
  using Kind = websocket::Event::Kind;
  SessionEntry* entry = session_of(connection);
  switch (event.kind) {
    case Kind::text:
      if (entry) entry->session.on_websocket_text(connection.id(), event.data, loop_.now());
      return true;
    case Kind::binary:
      if (entry) entry->session.on_websocket_binary(connection.id(), event.data, loop_.now());
      return true;
    case Kind::ping:  // only the newest is answered, at the end of the turn
      connection.more().pong = event.data;
      connection.more().pong_due = true;
      connections_.touch(connection);
      return true;
    case Kind::close:
      connection.close_received = true;
      want_close(connection, event.code == websocket::CloseCode::none ? 1000 : static_cast<std::uint16_t>(event.code));
      if (entry) entry->session.on_websocket_closed(connection.id(), CloseReason::transport_close, loop_.now());
      connection.session_generation = 0;
      return false;
    default:
      return true;
  }
}

void WebSockets::want_close(Connection& connection, std::uint16_t code) {
  connections_.touch(connection);  // also when ours has gone out before: the peer's answer to it ends the connection
  if (connection.close_wanted) return;
  connection.close_wanted = true;
  connection.close_code = code;
  connections_.set_deadline(connection, loop_.now() + kCloseTime);
}

void WebSockets::took_of_queue(Connection& connection, SessionEntry& entry, std::size_t written) {
  if (const unsigned pings = entry.session.queue().consume(written)) entry.session.on_pings_written(pings, loop_.now());
  connection.mid_frame = entry.session.queue().partially_written();
}

// What does not come from the queue; in the same write what follows of the queue (null: none), so that a handshake and
// the first packet behind it leave in one. False: no more can be written now.
bool WebSockets::flush_extra(Connection& connection, SessionEntry* entry) {
  if (!connection.extra) return true;
  WebSocketExtra& extra = *connection.extra;
  if (extra.pong_due && !connection.close_sent && extra.out.size() < 1024) append_frame(extra.out, 10, extra.pong);
  extra.pong_due = false;
  if (extra.out.empty()) return true;
  std::string_view bytes = std::string_view(extra.out).substr(extra.written);
  const std::size_t own = bytes.size();
  if (entry && !entry->session.queue().empty() && own < kScratch / 2) {
    bytes.copy(scratch_.get(), own);
    bytes = {scratch_.get(), own + entry->session.queue().gather(scratch_.get() + own, kScratch - own)};
  }
  std::size_t written = 0;
  if (!connections_.write(connection, bytes, written)) return false;
  extra.written += std::min(written, own);
  if (written > own) took_of_queue(connection, *entry, written - own);
  if (extra.written < extra.out.size()) return false;
  extra.out.clear();
  extra.written = 0;
  connection.free_extra_if_idle();
  return written == bytes.size();
}

// The session's queue, gathered. False: no more can be written now.
bool WebSockets::flush_queue(Connection& connection, SessionEntry& entry, bool front_only) {
  auto& queue = entry.session.queue();
  while (!queue.empty()) {
    std::string_view bytes = queue.front_rest();
    if (!front_only && bytes.size() < kScratch / 2) bytes = {scratch_.get(), queue.gather(scratch_.get(), kScratch)};
    std::size_t written = 0;
    if (!connections_.write(connection, bytes, written)) return false;
    const bool whole = written == bytes.size();
    took_of_queue(connection, entry, written);
    if (!whole) return false;
    if (front_only) break;
  }
  return true;
}

void WebSockets::flush(Connection& connection) {
  if (connection.mode != Mode::websocket || connection.blocked) return;
  SessionEntry* entry = session_of(connection);
  const bool carries = entry && entry->session.websocket() == connection.id();
  if (connection.mid_frame && !(carries && entry->session.queue().partially_written())) {
    // The queue was given up in the middle of a frame: nothing that follows could be understood.
    return connections_.close(connection);
  }
  if (connection.mid_frame && connection.extra && !flush_queue(connection, *entry, true)) return;
  if (!flush_extra(connection, carries ? entry : nullptr)) return;
  if (carries && !flush_queue(connection, *entry, false)) return;
  if (connection.close_wanted && !connection.close_sent) {
    append_close(connection);
    if (entry) entry->touched();  // it may be finished now
    if (!flush_extra(connection, nullptr)) return;
  }
  // The server ends TCP first (RFC 6455 §7.1.1); the peer's own close frame is awaited, but not for ever.
  if (connection.close_sent && connection.close_received && !connection.blocked) connections_.close(connection);
}

void WebSockets::on_closed(const Connection& connection, CloseReason reason) {
  SessionEntry* entry = session_of(connection);
  if (!entry) return;
  entry->session.on_websocket_closed(connection.id(), reason, loop_.now());
  entry->touched();
}

}  // namespace signalbox::net
