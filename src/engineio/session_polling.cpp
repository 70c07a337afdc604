#include <utility>

#include "base/base64.hpp"
#include "engineio/packet.hpp"
#include "engineio/query.hpp"
#include "engineio/session.hpp"

// A session's GETs and POSTs.
namespace signalbox::engineio {
namespace {

constexpr std::string_view kPlain = "text/plain; charset=UTF-8";
constexpr std::string_view kHtml = "text/html";
constexpr std::string_view kJson = "application/json";

/// The most that an answer of more than one packet holds. A line of 10 KB a second takes seconds for it, and a due pong
/// or a ping waits until the client has read the answer to its end.
constexpr std::size_t kMaxAnswer = 128 * 1024;

/// One frame as it stands in a polling payload.
void append_packet(std::string& payload, const Frame& frame) {
  if (!payload.empty()) payload += kSeparator;
  if (frame.binary()) {
    payload += 'b';
    payload += base64_encode(frame.packet());
  } else {
    payload += frame.packet();
  }
}

Answer refusal(const RequestError& error) {
  return {error.status, kJson, error_body(error)};
}

}  // namespace

bool Session::finished() const {
  return state_ == State::closed && (!polling_ || (!polling_->waiting_get && queue_.empty()));
}

// ---- GET

void Session::on_get(const RequestId& request, Stamp stamp, TimePoint now) {
  // A ping left unfetched beyond its time ends the session, also when this GET is heard before the timer is.
  const bool waits = polling_ && polling_->waiting_get;
  if (state_ == State::open && heartbeat_.waits() && !waits) on_heartbeat_timer(now);
  if (state_ == State::closed || !polling_) {
    return io_.answer(request, refusal(state_ == State::closed ? kUnknownSid : kBadRequest));
  }
  // An earlier GET must not prove that later answers arrived, nor take packets that nobody will read.
  if (polling_->stamps.is_earlier_get(stamp)) return io_.answer(request, refusal(kBadRequest));
  if (polling_->stamps.is_last_get(stamp) && answer_again(request, now)) return;
  if (waits) {
    // Two GETs at once mean that two clients hold this sid: the session ends, as in engine.io ("overlap from client").
    io_.answer(request, refusal(kBadRequest));
    return end(CloseReason::transport_error, now);
  }
  polling_->stamps.on_get(stamp, now);
  polling_->waiting_get = request;
  tell_received(prove_last_answer(), now);
  if (polling_ && polling_->probe_ready && queue_.empty()) return answer_get("6");
  io_.touched();
}

// A browser or a proxy repeats a GET by itself if its connection broke before the head of the answer came. False: this
// is a new GET, or the first answer was empty, so that the repeat is as good as a new one.
bool Session::answer_again(const RequestId& request, TimePoint now) {
  if (polling_->waiting_get) {
    // One of the two connections has died, and nobody knows which. A client that reads a refusal comes back and gets
    // everything again. An answer without packets would pass for the real one, and the packets of the other would be
    // lost.
    if (polling_->waits_too) io_.answer(*polling_->waits_too, refusal(kBadRequest));
    polling_->waits_too = std::exchange(polling_->waiting_get, request);
    return true;
  }
  LastAnswer& last = polling_->last;
  if (last.packets.empty() || !polling_->stamps.is_repeat_of_answered()) return false;
  io_.on_repeated(std::exchange(last.to, request));
  std::string payload;
  last.packets.for_each([&payload](const Frame& frame) { append_packet(payload, frame); });
  io_.answer(request, {200, kPlain, std::move(payload)});
  heartbeat_.give_time(now + options_.ping_timeout);  // a ping may be in it
  io_.deadline_changed();
  return true;
}

// Returns the marker that the ping in it has confirmed meanwhile; 0: none.
std::uint32_t Session::prove_last_answer() {
  LastAnswer& last = polling_->last;
  last.packets.clear();
  last.unproven = last.confirms = false;
  return std::exchange(last.received, 0);
}

void Session::answer_get(std::string payload) {
  if (!polling_ || !polling_->waiting_get) return;
  const RequestId request = *std::exchange(polling_->waiting_get, std::nullopt);
  const auto too = std::exchange(polling_->waits_too, std::nullopt);
  if (too) io_.answer(request, {200, kPlain, payload});
  io_.answer(too ? *too : request, {200, kPlain, std::move(payload)});
}

void Session::serve_get(TimePoint now) {
  if (!polling_->waiting_get) return;
  if (!queue_.empty()) return answer_with_packets(now);
  if (state_ != State::open) {
    answer_get("1");
    state_ = State::closed;
  } else if (polling_->probe_ready) {
    answer_get("6");
  }
}

void Session::answer_with_packets(TimePoint now) {
  polling_->polled_at = now;
  LastAnswer& last = polling_->last;
  last.to = *polling_->waiting_get;
  // A repeated handshake does not know the sid, so it opens another session.
  last.unproven = std::exchange(polling_->opened, true);
  const bool keeps = last.unproven && polling_->stamps.tell_gets_apart();
  std::string payload;
  unsigned pings = 0;
  for (std::size_t i = 0; i < options_.polling_max_packets && !queue_.empty(); ++i) {
    if (i != 0 && payload.size() + queue_.front()->packet().size() > kMaxAnswer) break;
    append_packet(payload, *queue_.front());
    pings += queue_.front()->kind() == FrameKind::ping;
    if (keeps) last.packets.push_back(queue_.front());
    queue_.pop_front();
  }
  answer_get(std::move(payload));
  if (pings == 0) return;
  last.confirms = heartbeat_.on_written(pings, now, times()) && last.unproven;
  io_.deadline_changed();
}

void Session::on_request_gone(const RequestId& request, TimePoint now) {
  if (!polling_) return;
  if (polling_->waits_too == request) return polling_->waits_too.reset();
  if (polling_->waits_too && polling_->waiting_get == request) {
    polling_->waiting_get = std::exchange(polling_->waits_too, std::nullopt);
    return;
  }
  const LastAnswer& last = polling_->last;
  const bool waited = polling_->waiting_get == request;
  // A repeat that looks like a new GET would say that the lost answer arrived.
  const bool lost = last.unproven && last.to == request && !polling_->stamps.tell_gets_apart();
  if (waited) polling_->waiting_get.reset();
  if (waited || lost) end(CloseReason::transport_close, now);
}

// ---- POST

void Session::on_post(const RequestId& request, Stamp stamp, std::string_view content_type, std::string_view body,
                      TimePoint now) {
  if (state_ != State::open || !polling_) {
    return io_.answer(request, refusal(state_ == State::open ? kBadRequest : kUnknownSid));
  }
  if (content_type.starts_with("application/octet-stream")) {
    io_.answer(request, refusal(kBadRequest));
    return end(CloseReason::transport_error, now);
  }
  if (body.size() > options_.max_payload_bytes) return on_bad_request(request, 413, now);
  if (polling_->stamps.is_repeated_post(stamp, body)) return io_.answer(request, {200, kHtml, "ok"});
  polling_->stamps.on_post(stamp, body, now);
  PayloadReader reader(body, options_.polling_max_received);
  while (!reader.done() && state_ == State::open) {
    const auto packet = reader.next();
    if (!packet || !on_packet(*packet, now)) {
      io_.answer(request, refusal(kBadRequest));
      return end(CloseReason::parse_error, now);
    }
  }
  io_.answer(request, too_large_ ? Answer{413, kPlain, {}} : Answer{200, kHtml, "ok"});
}

void Session::on_bad_request(const RequestId& request, int status, TimePoint now) {
  if (status == 413) {
    io_.answer(request, {413, kPlain, {}});
    return end(CloseReason::transport_error, now);
  }
  io_.answer(request, refusal(kBadRequest));
}

}  // namespace signalbox::engineio
