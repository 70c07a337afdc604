#include <algorithm>

#include "base/base64.hpp"
#include "engineio/packet.hpp"
#include "engineio/session.hpp"

// What a session sends, and who takes it too slowly.
namespace signalbox::engineio {
namespace {

constexpr Milliseconds kBetweenPolls{50};  ///< a client that takes longer to ask again is behind

/// The most that an answer of more than one packet holds: a line of 10 KB a second takes seconds for it, while a pong
/// that is due, or a ping that is to be fetched, waits until the client has read the answer to its end.
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

}  // namespace

std::size_t Session::waiting() const {
  return queue_.bytes() - std::min(kept_bytes_, queue_.bytes());
}

void Session::send(FrameRef frame) {
  if (state_ != State::open || overflowed_) return;
  forget_kept();
  least_waiting_ = std::min(least_waiting_, waiting());
  queue_.push_back(std::move(frame));
  // Not closed here: the caller may be the handler itself.
  overflowed_ = waiting() > options_.total_queue_bytes;
  io_.touched();
}

void Session::send_kept(FrameRef frame) {
  if (state_ != State::open) return;
  forget_kept();
  kept_bytes_ += frame->memory();
  queue_.push_back(std::move(frame));
  io_.touched();
}

// What has left was kept, as long as something was: little stands before it.
void Session::forget_kept() {
  const std::size_t left = queue_.take_left();
  kept_bytes_ = std::min(kept_bytes_ - std::min(kept_bytes_, left), queue_.bytes());
}

void Session::flush(TimePoint now, bool blocked) {
  if (polling_) {
    serve_get(now);
    blocked = now >= polling_->polled_at + kBetweenPolls;
  }
  if (blocked) queue_.stuck();
  forget_kept();
  end_if_slow(now);
}

// Who is within the limit takes what one turn brings, however much: nobody could read of it before. From there on the
// queue has to shrink faster than it is fed.
void Session::end_if_slow(TimePoint now) {
  const bool within = least_waiting_ <= options_.send_queue_bytes;
  if (overflowed_ || (!within && waiting() > least_waiting_ + options_.send_queue_bytes))
    return end(CloseReason::slow_consumer, now);
  if (within) least_waiting_ = waiting();
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
  std::string payload;
  unsigned pings = 0;
  for (std::size_t i = 0; i < options_.polling_max_packets && !queue_.empty(); ++i) {
    if (i != 0 && payload.size() + queue_.front()->packet().size() > kMaxAnswer) break;
    append_packet(payload, *queue_.front());
    pings += queue_.front()->kind() == FrameKind::ping;
    queue_.pop_front();
  }
  answer_get(std::move(payload));
  if (pings != 0) on_pings_written(pings, now);
}

}  // namespace signalbox::engineio
