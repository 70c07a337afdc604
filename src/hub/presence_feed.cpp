#include "hub/presence_feed.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "hub/hub.hpp"

namespace signalbox::hub {
namespace {

constexpr TimePoint kAtOnce = TimePoint::min();
constexpr Milliseconds kLookAgain{5};  ///< at those whose queues have not drained
constexpr std::chrono::seconds kSlowOnes{1};
constexpr std::size_t kSlowOnesBytes = 4096;

std::size_t cost(const FrameRef& frame) {
  return frame->memory() + sizeof frame;
}

}  // namespace

void PresenceFeed::listen(std::uint32_t slot, Link& link, const users::User& user, std::uint64_t heard) {
  if (slot >= places_.size()) places_.resize(slot + 1);
  SB_ASSERT(places_[slot] == 0);
  listeners_.emplace_back();
  put({.link = &link,
       .user = &user,
       .heard = std::max(heard, log_.newest()),
       .hash = Audience::hash_of(user.id),
       .slot = slot},
      listeners_.size() - 1);
}

void PresenceFeed::put(const Listener& listener, std::size_t place) {
  listeners_[place] = listener;
  places_[listener.slot] = static_cast<std::uint32_t>(place + 1);
}

void PresenceFeed::leave(std::uint32_t slot) {
  if (slot >= places_.size() || places_[slot] == 0) return;
  std::size_t gap = std::exchange(places_[slot], 0) - 1;
  const auto fill_from = [&](std::size_t place) {
    if (place != gap) put(listeners_[place], gap);
    gap = place;
  };
  if (gap < next_) fill_from(--next_);  // those that were looked at stay before the others
  fill_from(listeners_.size() - 1);
  listeners_.pop_back();
}

void PresenceFeed::set_link(std::uint32_t slot, Link& link) {
  if (slot < places_.size() && places_[slot] != 0) listeners_[places_[slot] - 1].link = &link;
}

void PresenceFeed::add(std::uint64_t sequence, FrameRef frame, Audience to, std::uint64_t number) {
  log_.add(sequence, std::move(frame), std::move(to), number);
  due_ = kAtOnce;
}

void PresenceFeed::on_timer(TimePoint now) {
  if (now < due_) return;
  look_at_notices(now);
  std::size_t sockets = 0, references = 0;
  bool more = false, full = false;
  for (std::size_t looked = 0; looked < listeners_.size(); ++looked) {
    if (sockets == limits_.sockets || references == limits_.references) return;  // the next turn goes on
    if (next_ == listeners_.size()) begin_round(now);
    Listener& listener = listeners_[next_++];
    if (listener.heard < log_.newest()) {
      const std::size_t told = tell(listener, room(listener.link->waiting()), limits_.references - references);
      references += told;
      if (told != 0) ++sockets;
      if (listener.heard < log_.newest()) (told != 0 ? more : full) = true;
    }
    heard_by_all_ = std::min(heard_by_all_, listener.heard);
  }
  due_ = more ? kAtOnce : full ? now + kLookAgain : kNever;
  if (due_ != kNever) return;
  log_.forget(log_.newest());
  notices_.clear();
}

void PresenceFeed::look_at_notices(TimePoint now) {
  const std::uint64_t newest = log_.newest_notice();
  if (newest > std::max(late_, notices_.empty() ? 0 : notices_.back().sequence) && !log_.empty())
    notices_.push_back({.sequence = newest, .came = now});
  for (; !notices_.empty() && notices_.front().came + limits_.notice_waits <= now; notices_.pop_front())
    late_ = notices_.front().sequence;
}

void PresenceFeed::begin_round(TimePoint now) {
  log_.forget(std::exchange(heard_by_all_, UINT64_MAX));
  next_ = 0;
  slow_ones_too_ = now >= slow_ones_at_;
  if (slow_ones_too_) slow_ones_at_ = now + kSlowOnes;
}

/// How many bytes a queue is given in which so many wait.
std::size_t PresenceFeed::room(std::size_t waiting) const {
  if (waiting < limits_.queue) return limits_.queue - waiting;
  return slow_ones_too_ && waiting < limits_.slow_queue ? kSlowOnesBytes : 0;
}

/// Tells it what it has not heard, as far as there is room, and says how many references that took.
std::size_t PresenceFeed::tell(Listener& to, std::size_t room, std::size_t most) {
  const std::uint64_t heard = to.heard;
  std::size_t told = 0;
  std::uint64_t number = 0;
  auto entry = log_.after(heard);
  for (; entry != log_.end(); ++entry) {
    if (!entry->replaced() && entry->audience.has(to.user->id, to.hash)) {
      const bool late = entry->sequence <= late_, notice = entry->is_notice();
      const auto fits = [&](const FrameRef& frame) { return late || (notice ? room != 0 : cost(frame) <= room); };
      if (told == most || !fits(entry->source())) break;
      const FrameRef& frame = told == 0 ? first_for(to, *entry) : shown(*entry);
      if (!fits(frame)) break;
      room -= std::min(room, cost(frame));
      ++told;
      number = entry->frame.number;
      to.link->send(frame);
    }
    to.heard = entry->sequence;
  }
  if (entry == log_.end()) to.heard = log_.newest();
  if (offsets_ && to.heard != heard) offsets_->told(to.slot, to.heard, number);
  return told;
}

/// The others that are told to a socket have later numbers than the first.
const FrameRef& PresenceFeed::first_for(const Listener& to, PresenceLog::Entry& entry) {
  if (offsets_ && entry.frame.number <= offsets_->sent_to(to.slot)) log_.renumber(*offsets_);
  return shown(entry);
}

const FrameRef& PresenceFeed::shown(PresenceLog::Entry& entry) {
  return offsets_ ? entry.frame.with_offset(*offsets_) : entry.source();
}

}  // namespace signalbox::hub
