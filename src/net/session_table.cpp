#include "net/session_table.hpp"

#include <algorithm>
#include <vector>

#include "base/log.hpp"
#include "net/budgets.hpp"

namespace signalbox::net {
namespace {

constexpr Milliseconds kLoginTime{1000};  ///< from handshake to login, of which a slow line needs a part
log::RareWarning address_full, strangers_full, heads_full;

}  // namespace

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
  const std::size_t most = shared_.options.max_strangers_per_address;
  if (most != 0 && !shared_.stranger_addresses.add_within(most, peer)) {
    address_full.write("MAX_UNAUTHENTICATED_PER_ADDRESS is reached: further sessions get 503",
                       {{"address", to_text(peer)}});
    return std::nullopt;
  }
  return engineio::Sid(loop_.index(), slot);
}

SessionEntry& SessionTable::add(std::unique_ptr<SessionEntry> made, const PeerAddress& peer, std::size_t head_bytes) {
  SessionEntry& entry = sessions_.insert(std::move(made));
  entry.head_bytes = static_cast<std::uint32_t>(head_bytes);
  if (shared_.options.max_strangers_per_address != 0) entry.peer = std::make_unique<PeerAddress>(peer);
  add_stranger(entry);
  shared_.sessions.fetch_add(1, std::memory_order_relaxed);
  return entry;
}

SessionEntry* SessionTable::find(std::string_view sid) const {
  const auto place = engineio::place_of(sid, static_cast<unsigned>(shared_.loops.size()));
  if (!place || place->shard != loop_.index()) return nullptr;
  SessionEntry* entry = sessions_.at(place->slot);
  return entry && entry->session.sid() == sid ? entry : nullptr;
}

void SessionTable::erase(SessionEntry& entry) {
  no_stranger(entry);
  budgets_.set_partial(entry, 0);
  entry.session.drop_held();
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

// Who has left again waits for nothing that newcomers could not bring as well: it is the newest of them.
void SessionTable::set_authenticated(SessionEntry& entry, bool authenticated) {
  if (authenticated) return no_stranger(entry);
  if (entry.stranger || entry.dropped) return;
  if (entry.peer) shared_.stranger_addresses.add(*entry.peer);
  add_stranger(entry);
}

void SessionTable::add_stranger(SessionEntry& entry) {
  strangers_.add(entry, loop_.now());
  shared_.strangers.fetch_add(1, std::memory_order_relaxed);
  strangers_heads_ += entry.head_bytes;
  budgets_.set_standing(entry, Standing::login, Standing::unauthenticated);
}

void SessionTable::no_stranger(SessionEntry& entry) {
  if (!strangers_.remove(entry)) return;
  shared_.strangers.fetch_sub(1, std::memory_order_relaxed);
  strangers_heads_ -= entry.head_bytes;
  budgets_.set_standing(entry, Standing::unauthenticated, Standing::login);
  if (entry.peer) shared_.stranger_addresses.remove(*entry.peer);
}

void SessionTable::arm(SessionEntry& entry) {
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
    touch(*entry);  // which arms it again
  }
  if (timers_.mostly_stale()) timers_.drop_stale([this](const auto& entry) { return armed_by(entry) != nullptr; });
}

TimePoint SessionTable::next_deadline() const {
  return std::min({timers_.next(), stranger_deadline(), leaving_.empty() ? kNever : leaving_.front().deadline});
}

TimePoint SessionTable::stranger_deadline() const {
  const bool full = shared_.strangers.load(std::memory_order_relaxed) > shared_.max_strangers;
  return full && strangers_.has_several() ? strangers_.oldest_since() + kLoginTime : kNever;
}

void SessionTable::begin_drain(Clock::duration pace) {
  sessions_.for_each([this, pace](const SessionEntry& entry) {
    const auto place = static_cast<std::int64_t>(shared_.leaving.fetch_add(1));
    leaving_.push_back({loop_.now() + place * pace, entry.slot, entry.generation});
  });
}

void SessionTable::end_due(bool all_read) {
  end_leaving();
  drop_oldest_strangers(all_read);
}

void SessionTable::end_leaving() {
  while (!leaving_.empty() && leaving_.front().deadline <= loop_.now()) {
    SessionEntry* entry = sessions_.find(leaving_.front().slot, leaving_.front().generation);
    leaving_.pop_front();
    if (entry) close(*entry, CloseReason::server_shutting_down);
  }
}

// Newcomers past the limit push out those who have been here longest without a login, but not before these could log
// in: many who come at once would else push each other out. Past as many as there may be connections nobody is spared.
void SessionTable::drop_oldest_strangers(bool all_read) {
  // Each shard has its part, so that nobody has to go for heads that are kept elsewhere.
  const std::size_t most_heads = shared_.options.preauth_heads_bytes / shared_.loops.size();
  while (strangers_heads_ > most_heads && strangers_.has_several()) {
    heads_full.write("PREAUTH_HEADS_BYTES is reached: the oldest session without a login is closed");
    drop_oldest_stranger();
  }
  const std::size_t most = std::max(shared_.max_connections, shared_.max_strangers);
  while (stranger_deadline() != kNever) {
    const bool spared = !all_read || loop_.now() < stranger_deadline();
    if (spared && shared_.strangers.load(std::memory_order_relaxed) <= most) return;
    strangers_full.write("MAX_UNAUTHENTICATED is reached: the oldest session without a login is closed");
    drop_oldest_stranger();
  }
}

void SessionTable::drop_oldest_stranger() {
  SessionEntry& oldest = *strangers_.oldest();
  no_stranger(oldest);
  oldest.dropped = true;
  close(oldest, CloseReason::forced_close);
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
