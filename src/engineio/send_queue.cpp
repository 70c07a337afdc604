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
constexpr std::size_t kAhead = 8;  ///< frames lie anywhere in memory, so they are fetched this far ahead

std::size_t cost(const FrameRef& frame) {
  return frame->memory() + sizeof frame;
}

}  // namespace

// ---- What waits

inline void SendQueue::Backlog::push_back(FrameRef&& frame) {
  bytes += cost(frame);
  if (gone >= kCompactFrom && gone * 2 > frames.size()) compact();
  frames.push_back(std::move(frame));
  if (last_of_key) {
    conflate(frames.size() - 1);
  } else if (is_stuck) {
    stuck();
  }
}

inline void SendQueue::Backlog::advance() {
  const FrameRef* const places = frames.begin();
  while (head < frames.size() && !places[head]) ++head;
  if (head < frames.size()) return;
  frames.clear();
  head = gone = counted = 0;
  last_of_key.reset();
  is_stuck = false;
}

// A frame that many clients wait for is in memory once. Then this is most of what each client costs.
std::size_t SendQueue::Backlog::own_memory() const {
  constexpr std::size_t kNode = 32, kBucket = 8;
  if (empty()) return 0;
  const std::size_t index = last_of_key ? last_of_key->size() * kNode + last_of_key->bucket_count() * kBucket : 0;
  const std::size_t places = frames.capacity() > kInPlace ? frames.capacity() * sizeof(FrameRef) : 0;
  return sizeof(Backlog) + places + index;
}

void SendQueue::Backlog::count(const Frame& frame) {
  if (frame.begin_waiting()) memory_change += static_cast<std::ptrdiff_t>(frame.memory());
}

// The frame of that place leaves, in whichever way.
inline void SendQueue::Backlog::drop(std::size_t place) {
  FrameRef& frame = frames[place];
  if (place < counted && frame->end_waiting()) memory_change -= static_cast<std::ptrdiff_t>(frame->memory());
  frame = FrameRef();
  ++gone;
}

// Kept frames leave first: only a few frames can stand before them.
inline void SendQueue::Backlog::leave(std::size_t written) {
  bytes -= written;
  if (kept_bytes != 0) kept_bytes = std::min(kept_bytes - std::min(kept_bytes, written), bytes);
}

inline void SendQueue::Backlog::pop_front() {
  leave(cost(frames[head]) - offset);
  offset = 0;
  drop(head);
  advance();
}

void SendQueue::Backlog::compact() {
  const auto has_gone = [](const FrameRef& frame) { return !frame; };
  counted -= static_cast<std::uint32_t>(std::count_if(frames.begin(), frames.begin() + counted, has_gone));
  frames.erase(std::remove_if(frames.begin(), frames.end(), has_gone), frames.end());
  head = gone = 0;
  if (last_of_key) conflate_all();
}

void SendQueue::Backlog::stuck() {
  is_stuck = !empty();
  if (last_of_key || bytes <= kConflateFrom) return;
  last_of_key = std::make_unique<LastOfKey>();
  conflate_all();
}

void SendQueue::Backlog::conflate_all() {
  last_of_key->clear();
  for (std::size_t place = head; place < frames.size(); ++place) {
    if (frames[place]) conflate(place);
  }
}

void SendQueue::Backlog::conflate(std::size_t place) {
  const Frame& frame = *frames[place];
  // A control frame is a login or its end. A frame behind it never replaces one before it.
  if (frame.kind() == FrameKind::control) return last_of_key->clear();
  const Conflation does = conflation_of(frame.kind());
  if (does == Conflation::none || frame.key().empty()) return;
  // A user and a job may have the same id.
  const bool of_user = frame.kind() == FrameKind::user_online || frame.kind() == FrameKind::user_offline;
  const std::size_t hash = TextHash{}(frame.key()) + (of_user ? 1 : 0);
  const auto [last, first] = last_of_key->try_emplace(hash, place);
  if (first) return;
  const std::size_t before = std::exchange(last->second, place);
  if (!frames[before] || (before == head && offset != 0)) return;
  const Frame& older = *frames[before];
  if (older.key() == frame.key() && conflation_of(older.kind()) == Conflation::newest) take_out(before);
}

void SendQueue::Backlog::take_out(std::size_t place) {
  bytes -= cost(frames[place]);
  kept_bytes = std::min(kept_bytes, bytes);
  drop(place);
  ++conflated;
  advance();
}

// ---- The queue

void SendQueue::push_back(FrameRef frame) {
  Backlog& to = backlog();
  to.least_waiting = std::min(to.least_waiting, to.waiting_bytes());
  to.push_back(std::move(frame));
}

void SendQueue::push_kept(FrameRef frame) {
  Backlog& to = backlog();
  to.kept_bytes += frame->memory();
  to.push_back(std::move(frame));
}

void SendQueue::push_front(FrameRef frame) {
  Backlog& to = backlog();
  to.bytes += cost(frame);
  const std::size_t at = to.head + (to.offset != 0 ? 1 : 0);
  to.frames.insert(to.frames.begin() + at, std::move(frame));
  if (at < to.counted) {
    to.count(*to.frames[at]);
    ++to.counted;
  }
  if (to.last_of_key) to.conflate_all();  // all others stand elsewhere now
}

void SendQueue::pop_front() {
  SB_ASSERT(!empty());
  backlog_->pop_front();
}

std::ptrdiff_t SendQueue::take_memory_change() {
  if (!backlog_) return 0;
  Backlog& of = *backlog_;
  for (of.counted = std::max(of.counted, of.head); of.counted < of.frames.size(); ++of.counted) {
    if (of.frames[of.counted]) of.count(*of.frames[of.counted]);
  }
  const std::size_t own = of.own_memory();
  of.memory_change += static_cast<std::ptrdiff_t>(own - std::exchange(of.counted_memory, own));
  return std::exchange(of.memory_change, 0);
}

void SendQueue::take_memory_change_of(SendQueue& other) {
  if (const std::ptrdiff_t change = other.take_memory_change()) backlog().memory_change += change;
}

void SendQueue::stuck() {
  if (backlog_) backlog_->stuck();
}

bool SendQueue::too_slow(std::size_t most) {
  if (!backlog_) return false;
  const std::size_t waiting = backlog_->waiting_bytes();
  if (backlog_->least_waiting > most) return waiting > backlog_->least_waiting + most;
  backlog_->least_waiting = waiting;
  return false;
}

std::size_t SendQueue::gather(char* out, std::size_t capacity) const {
  if (!backlog_) return 0;
  const FrameRef* const frames = backlog_->frames.begin();
  const std::size_t size_of_all = backlog_->frames.size();
  std::size_t copied = 0;
  std::size_t offset = backlog_->offset;
  for (std::size_t i = backlog_->head; i < size_of_all && copied < capacity; ++i) {
    if (i + kAhead < size_of_all) frames[i + kAhead].prefetch();
    if (!frames[i]) continue;
    const std::string_view bytes = frames[i]->websocket().substr(offset);
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
    Backlog& from = *backlog_;
    const Frame& frame = *from.front();
    rest = frame.websocket().size() - from.offset;
    if (written < rest) {
      from.offset += written;
      from.leave(written);
      break;
    }
    pings += frame.kind() == FrameKind::ping;
    from.pop_front();
  }
  return pings;
}

void SendQueue::shrink() {
  const bool idle = backlog_ && backlog_->empty() && backlog_->counted_memory == 0 && backlog_->memory_change == 0;
  if (idle && backlog_->conflated == 0) backlog_.reset();
}

void SendQueue::clear() {
  if (!backlog_) return;
  Backlog& of = *backlog_;
  for (std::size_t place = of.head; place < of.frames.size(); ++place) {
    if (of.frames[place]) of.drop(place);
  }
  of.head = static_cast<std::uint32_t>(of.frames.size());
  of.offset = of.bytes = of.kept_bytes = of.least_waiting = 0;
  of.conflated = 0;
  of.advance();
}

}  // namespace signalbox::engineio
