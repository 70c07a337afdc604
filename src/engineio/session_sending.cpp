#include <algorithm>

#include "engineio/session.hpp"

// What a session sends, and who takes it too slowly.
namespace signalbox::engineio {
namespace {

constexpr Milliseconds kBetweenPolls{50};  ///< a client that takes longer to ask again is behind

}  // namespace

std::size_t Session::waiting() const {
  return queue_.bytes() - std::min(kept_bytes_, queue_.bytes());
}

std::ptrdiff_t Session::take_memory_change() {
  return queue_.take_memory_change() + (polling_ ? polling_->last.packets.take_memory_change() : 0);
}

void Session::drop_held() {
  queue_.clear();
  if (polling_) polling_->last.packets.clear();
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

// Kept frames leave first: only a few frames can stand before them.
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

// A client within the limit may be given everything that one turn brings, since it could read none of that before. From
// then on its queue has to shrink faster than it grows.
void Session::end_if_slow(TimePoint now) {
  const bool within = least_waiting_ <= options_.send_queue_bytes;
  if (overflowed_ || (!within && waiting() > least_waiting_ + options_.send_queue_bytes))
    return end(CloseReason::slow_consumer, now);
  if (within) least_waiting_ = waiting();
}

}  // namespace signalbox::engineio
