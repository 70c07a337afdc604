#include "engineio/session.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/base64.hpp"
#include "base/json_write.hpp"
#include "engineio/packet.hpp"

namespace signalbox::engineio {
namespace {

constexpr std::uint16_t kNormalClosure = 1000;
constexpr std::uint16_t kProtocolError = 1002;
constexpr std::uint16_t kMessageTooBig = 1009;

std::uint16_t close_code(CloseReason reason) {
  if (reason == CloseReason::too_large) return kMessageTooBig;
  return reason == CloseReason::parse_error ? kProtocolError : kNormalClosure;
}

/// Does the server end the session of a healthy client? Then the client may still fetch what was queued, and '1'. After
/// a fault or a silence the sid is unknown at once, as in engine.io.
bool leaves_a_last_answer(CloseReason reason) {
  return reason == CloseReason::forced_close || reason == CloseReason::server_shutting_down ||
         reason == CloseReason::server_namespace_disconnect || reason == CloseReason::client_namespace_disconnect;
}

FrameRef open_packet(std::string_view sid, Transport first, const SessionOptions& options) {
  std::string out = "0{\"sid\":";
  append_json_string(out, sid);
  out += first == Transport::polling && options.allow_upgrades ? ",\"upgrades\":[\"websocket\"]" : ",\"upgrades\":[]";
  out += ",\"pingInterval\":";
  append_int(out, options.ping_interval.count());
  out += ",\"pingTimeout\":";
  append_int(out, options.ping_timeout.count());
  out += ",\"maxPayload\":";
  append_int(out, static_cast<std::int64_t>(options.max_payload_bytes));
  out += '}';
  return text_frame(out, FrameKind::control);
}

}  // namespace

Session::Session(const Sid& sid, Transport first, const SessionOptions& options, SessionIo& io, TimePoint now)
    : sid_(sid), options_(options), io_(io), heartbeat_(now + options.ping_interval) {
  if (first == Transport::polling) polling_ = std::make_unique<Polling>(now);
  queue_.push_back(open_packet(sid_.text(), first, options));
}

// ---- Packets, of either transport

bool Session::on_packet(const PacketView& packet, TimePoint now) {
  switch (packet.type) {
    case PacketType::message:
      if (handler_) handler_->on_text(packet.data, now);
      return true;
    case PacketType::binary: {
      const auto bytes = base64_decode(packet.data);
      if (bytes && handler_) handler_->on_binary(*bytes, now);
      return bytes.has_value();
    }
    case PacketType::pong:
      on_pong(now);
      return true;
    case PacketType::close:
      answer_get("6");
      end(CloseReason::transport_close, now);
      return true;
    default:
      return false;  // a client's ping too: since revision 4 the server pings
  }
}

// ---- WebSocket and the upgrade

void Session::attach_websocket(WebSocketId websocket) {
  SB_ASSERT(!polling_ && websocket_ == 0);
  websocket_ = websocket;
  io_.touched();
}

bool Session::on_upgrade_request(WebSocketId websocket, TimePoint now) {
  if (state_ != State::open || !polling_ || polling_->probe != 0 || !options_.allow_upgrades) return false;
  polling_->probe = websocket;
  polling_->probe_ready = false;
  polling_->upgrade_until = now + options_.upgrade_timeout;
  io_.deadline_changed();
  return true;
}

void Session::abandon_upgrade() {
  if (!polling_) return;
  const WebSocketId probe = std::exchange(polling_->probe, 0);
  polling_->probe_ready = false;
  polling_->upgrade_until = kNever;
  if (probe != 0) io_.close_websocket(probe, kNormalClosure);
}

void Session::let_go() {
  abandon_upgrade();
  drop_held();
}

void Session::on_probe_packet(std::string_view message, TimePoint now) {
  if (message == "2probe" && !polling_->probe_ready) {
    polling_->probe_ready = true;
    io_.send_now(polling_->probe, text_frame("3probe", FrameKind::control));
    // The client ends its poll before it sends 5, so the waiting GET is answered now.
    if (queue_.empty()) return answer_get("6");
    return io_.touched();
  }
  if (message == "5" && polling_->probe_ready) return finish_upgrade(now);
  abandon_upgrade();
}

// The client sends 5 when its polls have ended: it has everything that the last of them took.
void Session::finish_upgrade(TimePoint now) {
  answer_get("6");
  websocket_ = polling_->probe;
  const std::uint32_t received = prove_last_answer();
  queue_.take_memory_change_of(polling_->last.packets);
  polling_.reset();
  if (state_ == State::closing) close_over_websocket(kNormalClosure);
  io_.touched();
  tell_received(received, now);
}

void Session::on_websocket_text(WebSocketId websocket, std::string_view message, TimePoint now) {
  if (probed_by(websocket)) return on_probe_packet(message, now);
  if (websocket != websocket_ || state_ != State::open) return;
  const auto packet = decode_packet(message, false);
  if (!packet || !on_packet(*packet, now)) end(CloseReason::parse_error, now);
}

void Session::on_websocket_binary(WebSocketId websocket, std::string_view bytes, TimePoint now) {
  if (probed_by(websocket)) return abandon_upgrade();
  if (websocket != websocket_ || state_ != State::open) return;
  if (handler_) handler_->on_binary(bytes, now);
}

void Session::on_websocket_closed(WebSocketId websocket, CloseReason reason, TimePoint now) {
  if (probed_by(websocket)) {
    polling_->probe = 0;  // it is gone already: nothing to close
    return abandon_upgrade();
  }
  if (websocket != websocket_ || websocket_ == 0) return;
  websocket_ = 0;
  queue_.clear();
  end(reason, now);
}

// ---- Heartbeat

void Session::on_pong(TimePoint now) {
  const std::uint32_t confirmed = heartbeat_.on_pong(now, times());
  queue_wanted_ping();
  io_.deadline_changed();
  if (confirmed == 0) return;
  if (polling_ && polling_->last.confirms) {
    polling_->last.received = confirmed;
  } else {
    tell_received(confirmed, now);
  }
}

void Session::tell_received(std::uint32_t marker, TimePoint now) {
  if (marker != 0 && handler_) handler_->on_received(marker, now);
}

void Session::confirm(std::uint32_t marker) {
  if (state_ != State::open) return;
  heartbeat_.want(marker);
  queue_wanted_ping();
}

// Its pong says that everything sent before it has arrived.
void Session::queue_wanted_ping() {
  if (!heartbeat_.take_wanted()) return;
  queue_.push_back(text_frame("2", FrameKind::ping));
  io_.touched();
}

void Session::on_pings_written(unsigned pings, TimePoint now) {
  heartbeat_.on_written(pings, now, times());
  io_.deadline_changed();
}

void Session::set_reading(bool reading, TimePoint now) {
  reading_ = reading;
  if (reading) heartbeat_.give_time(now + options_.ping_timeout);
  io_.deadline_changed();
}

void Session::on_heartbeat_timer(TimePoint now) {
  if (heartbeat_.is_silent(now)) {
    if (reading_ && !io_.still_draining()) return end(CloseReason::ping_timeout, now);
    heartbeat_.give_time(now + options_.ping_timeout);
    io_.deadline_changed();
  }
  if (!heartbeat_.ping_is_due(now)) return;
  heartbeat_.on_queued(times());
  queue_.push_front(text_frame("2", FrameKind::ping));
  io_.touched();
}

// ---- The end

void Session::close(CloseReason reason, TimePoint now) {
  end(reason, now);
}

void Session::end(CloseReason reason, TimePoint now) {
  if (state_ != State::open) return;
  state_ = State::closing;
  too_large_ = reason == CloseReason::too_large;
  // After 3probe the client polls no more, so that only its 5 lets it hear of the end.
  if (upgrading() == 0 || !leaves_a_last_answer(reason)) abandon_upgrade();
  if (reason == CloseReason::slow_consumer) drop_held();
  if (!polling_) {
    close_over_websocket(close_code(reason));
  } else if (!leaves_a_last_answer(reason)) {
    state_ = State::closed;
    drop_held();
    answer_get("1");
  } else {
    polling_->half_closed_until = now + options_.half_closed_timeout;
    io_.touched();
  }
  io_.deadline_changed();
  if (SessionHandler* handler = std::exchange(handler_, nullptr)) handler->on_closed(reason, now);
}

// Behind what waits.
void Session::close_over_websocket(std::uint16_t code) {
  state_ = State::closed;
  if (websocket_ != 0) io_.close_websocket(websocket_, code);
}

TimePoint Session::next_deadline() const {
  if (state_ == State::closed) return kNever;
  const TimePoint upgrade_until = polling_ ? polling_->upgrade_until : kNever;
  if (state_ == State::closing) return std::min(polling_->half_closed_until, upgrade_until);
  return std::min({heartbeat_.next_deadline(), upgrade_until, handler_ ? handler_->next_deadline() : kNever});
}

void Session::on_timer(TimePoint now) {
  if (polling_ && now >= polling_->upgrade_until) abandon_upgrade();
  if (state_ == State::closing && now >= polling_->half_closed_until) {
    abandon_upgrade();
    state_ = State::closed;
    drop_held();
    answer_get("1");
  }
  if (state_ != State::open) return;
  on_heartbeat_timer(now);
  if (handler_ && handler_->next_deadline() <= now) handler_->on_timer(now);
}

}  // namespace signalbox::engineio
