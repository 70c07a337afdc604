#include "engineio/send_queue.hpp"

#include <algorithm>
#include <cstring>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace signalbox::engineio {
namespace {

constexpr std::size_t kCompactFrom =
    64;  ///< removed frames are compacted this many at a time, so that the others move rarely
constexpr std::size_t kConflateFrom = 16 * 1024;
constexpr std::size_t kKeptPlaces = 64;  ///< in an empty queue
constexpr std::size_t kAhead = 8;        ///< frames lie anywhere in memory, so they are fetched this far ahead

std::size_t cost(const FrameRef& frame) {
  return frame->memory() + sizeof frame;
}

}  // namespace

void SendQueue::push_back(FrameRef frame) {
  bytes_ += cost(frame);
  if (gone_ >= kCompactFrom && gone_ * 2 > frames_.size()) compact();
  frames_.push_back(std::move(frame));
  if (last_of_key_) {
    conflate(frames_.size() - 1);
  } else if (stuck_) {
    stuck();
  }
}

void SendQueue::push_front(FrameRef frame) {
  bytes_ += cost(frame);
  const std::size_t at = head_ + (offset_ != 0 ? 1 : 0);
  frames_.insert(frames_.begin() + static_cast<std::ptrdiff_t>(at), std::move(frame));
  if (at < counted_) {
    count(*frames_[at]);
    ++counted_;
  }
  if (last_of_key_) conflate_all();  // all others stand elsewhere now
}

inline void SendQueue::advance() {
  while (head_ < frames_.size() && !frames_[head_]) ++head_;
  if (head_ < frames_.size()) return;
  frames_.clear();
  if (frames_.capacity() > kKeptPlaces) frames_.shrink_to_fit();
  head_ = gone_ = counted_ = 0;
  last_of_key_.reset();
  stuck_ = false;
}

std::ptrdiff_t SendQueue::take_memory_change() {
  for (counted_ = std::max(counted_, head_); counted_ < frames_.size(); ++counted_) {
    if (frames_[counted_]) count(*frames_[counted_]);
  }
  const std::size_t own = own_memory();
  memory_change_ += static_cast<std::ptrdiff_t>(own - std::exchange(counted_memory_, own));
  return std::exchange(memory_change_, 0);
}

// A frame that many clients wait for is in memory once. Then its place here is most of what each client costs.
std::size_t SendQueue::own_memory() const {
  constexpr std::size_t kNode = 32, kBucket = 8;
  if (empty()) return 0;
  const std::size_t index = last_of_key_ ? last_of_key_->size() * kNode + last_of_key_->bucket_count() * kBucket : 0;
  return frames_.capacity() * sizeof(FrameRef) + index;
}

void SendQueue::count(const Frame& frame) {
  if (frame.begin_waiting()) memory_change_ += static_cast<std::ptrdiff_t>(frame.memory());
}

// The frame of that place leaves, in whichever way.
inline void SendQueue::drop(std::size_t place) {
  if (place < counted_) {
    const Frame& frame = *frames_[place];
    if (frame.end_waiting()) memory_change_ -= static_cast<std::ptrdiff_t>(frame.memory());
  }
  frames_[place] = FrameRef();
  ++gone_;
}

void SendQueue::pop_front() {
  SB_ASSERT(!empty());
  leave(cost(frames_[head_]) - offset_);
  offset_ = 0;
  drop(head_);
  advance();
}

void SendQueue::compact() {
  const auto gone = [](const FrameRef& frame) { return !frame; };
  counted_ -= static_cast<std::uint32_t>(std::count_if(frames_.begin(), frames_.begin() + counted_, gone));
  std::erase_if(frames_, gone);
  head_ = gone_ = 0;
  if (last_of_key_) conflate_all();
}

void SendQueue::stuck() {
  stuck_ = !empty();
  if (last_of_key_ || bytes_ <= kConflateFrom) return;
  last_of_key_ = std::make_unique<LastOfKey>();
  conflate_all();
}

void SendQueue::conflate_all() {
  last_of_key_->clear();
  for (std::size_t place = head_; place < frames_.size(); ++place) {
    if (frames_[place]) conflate(place);
  }
}

void SendQueue::conflate(std::size_t place) {
  const Frame& frame = *frames_[place];
  // A control frame is a login or its end. A frame behind it never replaces one before it.
  if (frame.kind() == FrameKind::control) return last_of_key_->clear();
  const Conflation does = conflation_of(frame.kind());
  if (does == Conflation::none || frame.key().empty()) return;
  // A user and a job may have the same id.
  const bool of_user = frame.kind() == FrameKind::user_online || frame.kind() == FrameKind::user_offline;
  const std::size_t hash = TextHash{}(frame.key()) + (of_user ? 1 : 0);
  const auto [last, first] = last_of_key_->try_emplace(hash, place);
  if (first) return;
  const std::size_t before = std::exchange(last->second, place);
  if (!frames_[before] || (before == head_ && offset_ != 0)) return;
  const Frame& older = *frames_[before];
  if (older.key() == frame.key() && conflation_of(older.kind()) == Conflation::newest) take_out(before);
}

void SendQueue::take_out(std::size_t place) {
  bytes_ -= cost(frames_[place]);
  drop(place);
  ++conflated_;
  advance();
}

std::size_t SendQueue::gather(char* out, std::size_t capacity) const {
  std::size_t copied = 0;
  std::size_t offset = offset_;
  for (std::size_t i = head_; i < frames_.size() && copied < capacity; ++i) {
    if (i + kAhead < frames_.size()) frames_[i + kAhead].prefetch();
    if (!frames_[i]) continue;
    const std::string_view bytes = frames_[i]->websocket().substr(offset);
    const std::size_t size = std::min(bytes.size(), capacity - copied);
    std::memcpy(out + copied, bytes.data(), size);
    copied += size;
    offset = 0;
  }
  return copied;
}

unsigned SendQueue::consume(std::size_t written) {
  unsigned pings = 0;
  for (std::size_t rest = 0; written > 0; written -= rest) {
    const Frame& frame = *front();
    rest = frame.websocket().size() - offset_;
    if (written < rest) {
      offset_ += written;
      leave(written);
      break;
    }
    pings += frame.kind() == FrameKind::ping;
    pop_front();
  }
  return pings;
}

void SendQueue::shrink() {
  if (empty()) frames_.shrink_to_fit();
}

void SendQueue::clear() {
  for (std::size_t place = head_; place < frames_.size(); ++place) {
    if (frames_[place]) drop(place);
  }
  std::vector<FrameRef>().swap(frames_);
  offset_ = bytes_ = left_ = 0;
  conflated_ = 0;
  advance();
}

}  // namespace signalbox::engineio
