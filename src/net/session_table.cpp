#include "net/session_table.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "net/budgets.hpp"

namespace signalbox::net {

void SessionEntry::touched() {
  table.touch(*this);
}

void SessionEntry::set_authenticated(bool authenticated) {
  table.set_authenticated(*this, authenticated);
}

void SessionEntry::set_partial(std::size_t bytes) {
  partial_above = static_cast<std::uint32_t>(bytes);
  table.count_partial(*this);
}

std::optional<engineio::Sid> SessionTable::admit(const PeerAddress& peer) {
  const std::uint32_t slot = sessions_.reserve().first;
  if (slot >= engineio::Sid::kSlots) return std::nullopt;
  if (!unauthenticated_.admit(peer)) return std::nullopt;
  return engineio::Sid(loop_.index(), slot, shared_.options.node_tag);
}

SessionEntry& SessionTable::add(std::unique_ptr<SessionEntry> made, const PeerAddress& peer, std::size_t head_bytes) {
  SessionEntry& entry = sessions_.insert(std::move(made));
  entry.head_bytes = static_cast<std::uint32_t>(head_bytes);
  entry.peer = peer;
  unauthenticated_.add(entry, loop_.now());
  shared_.sessions.fetch_add(1, std::memory_order_relaxed);
  return entry;
}

SessionEntry* SessionTable::find(std::string_view sid) const {
  const auto place = engineio::place_of(sid);
  if (!place || place->shard != loop_.index()) return nullptr;
  SessionEntry* entry = sessions_.at(place->slot);
  return entry && entry->session.sid() == sid ? entry : nullptr;
}

void SessionTable::erase(SessionEntry& entry) {
  end_unauthenticated(entry);
  budgets_.set_partial(entry, 0);
  entry.session.let_go();
  budgets_.count_queue(entry);
  shared_.sessions.fetch_sub(1, std::memory_order_relaxed);
  entry.handler.reset();
  timers_.disarm(entry.armed);
  sessions_.erase(entry);
}

void SessionTable::count_partial(SessionEntry& entry) {
  const std::size_t post = entry.post ? entry.post->content_type.size() + entry.post->body.size() : 0;
  budgets_.set_partial(entry, entry.partial_above + post);
}

void SessionTable::set_authenticated(SessionEntry& entry, bool authenticated) {
  if (authenticated) return end_unauthenticated(entry);
  if (entry.unauthenticated || entry.dropped) return;
  unauthenticated_.add_again(entry, loop_.now());
  budgets_.set_standing(entry, Standing::login, Standing::unauthenticated);
}

void SessionTable::end_unauthenticated(SessionEntry& entry) {
  if (unauthenticated_.remove(entry)) budgets_.set_standing(entry, Standing::unauthenticated, Standing::login);
}

void SessionTable::arm(SessionEntry& entry) {
  if (!std::exchange(entry.to_arm, false)) return;
  const TimePoint deadline = entry.session.next_deadline();
  if (deadline != kNever) timers_.arm({deadline, entry.slot, entry.generation}, entry.armed);
}

SessionEntry* SessionTable::armed_by(const reactor::TimerEntry& entry) const {
  SessionEntry* found = sessions_.find(entry.slot, entry.generation);
  return found && found->armed == entry.deadline ? found : nullptr;
}

void SessionTable::run_timers() {
  const TimePoint now = loop_.now();
  while (timers_.due(now)) {
    SessionEntry* entry = armed_by(timers_.pop());
    if (!entry) continue;
    timers_.disarm(entry->armed);
    if (entry->session.next_deadline() <= now) entry->session.on_timer(now);
    entry->deadline_changed();  // which arms it again
  }
  if (timers_.mostly_stale()) timers_.drop_stale([this](const auto& entry) { return armed_by(entry) != nullptr; });
}

TimePoint SessionTable::next_deadline() const {
  return std::min(
      {timers_.next(), unauthenticated_.next_deadline(), leaving_.empty() ? kNever : leaving_.front().deadline});
}

void SessionTable::begin_drain(Clock::duration pace) {
  sessions_.for_each([this, pace](const SessionEntry& entry) {
    const auto place = static_cast<std::int64_t>(shared_.leaving.fetch_add(1));
    leaving_.push_back({loop_.now() + place * pace, entry.slot, entry.generation});
  });
}

void SessionTable::end_due(bool all_read) {
  end_leaving();
  while (SessionEntry* oldest = unauthenticated_.one_too_many(loop_.now(), all_read)) {
    end_unauthenticated(*oldest);
    oldest->dropped = true;
    close(*oldest, CloseReason::forced_close);
  }
}

void SessionTable::end_leaving() {
  while (!leaving_.empty() && leaving_.front().deadline <= loop_.now()) {
    SessionEntry* entry = sessions_.find(leaving_.front().slot, leaving_.front().generation);
    leaving_.pop_front();
    if (entry) close(*entry, CloseReason::server_shutting_down);
  }
}

void SessionTable::close(SessionEntry& entry, CloseReason reason) {
  if (entry.session.open()) entry.session.close(reason, loop_.now());
  touch(entry);
}

void SessionTable::close_all() {
  sessions_.for_each([this](SessionEntry& entry) { close(entry, CloseReason::server_shutting_down); });
}

// One may be touched and finish while others are ended: all are ended before the first is taken away.
void SessionTable::erase_all() {
  close_all();
  std::vector<SessionEntry*> all;
  sessions_.for_each([&all](SessionEntry& entry) { all.push_back(&entry); });
  for (SessionEntry* entry : all) erase(*entry);
  touched_.forget();
}

}  // namespace signalbox::net
