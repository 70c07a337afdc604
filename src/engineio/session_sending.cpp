#include "engineio/session.hpp"

// What a session sends, and who takes it too slowly.
namespace signalbox::engineio {
namespace {

constexpr Milliseconds kBetweenPolls{50};  ///< a client that takes longer to ask again is behind

}  // namespace

std::ptrdiff_t Session::take_memory_change() {
  return queue_.take_memory_change() + (polling_ ? polling_->last.packets.take_memory_change() : 0);
}

void Session::drop_held() {
  queue_.clear();
  if (polling_) polling_->last.packets.clear();
}

void Session::send(FrameRef frame) {
  if (state_ != State::open || overflowed_) return;
  queue_.push_back(std::move(frame));
  // Not closed here: the caller may be the handler itself.
  overflowed_ = waiting() > options_.total_queue_bytes;
  io_.touched();
}

void Session::send_kept(FrameRef frame) {
  if (state_ != State::open) return;
  queue_.push_kept(std::move(frame));
  io_.touched();
}

void Session::flush(TimePoint now, bool blocked) {
  if (polling_) {
    serve_get(now);
    blocked = now >= polling_->polled_at + kBetweenPolls;
  }
  if (blocked) queue_.stuck();
  if (overflowed_ || queue_.too_slow(options_.send_queue_bytes)) end(CloseReason::slow_consumer, now);
}

void Session::shrink() {
  queue_.shrink();
  if (polling_) polling_->last.packets.shrink();
}

}  // namespace signalbox::engineio
