#include "net/unauthenticated.hpp"

#include <algorithm>
#include <string>

namespace signalbox::net {
namespace {

constexpr Milliseconds kLoginTime{1000};  ///< from handshake to login, of which a slow line needs a part

}  // namespace

bool UnauthenticatedSessions::admit(const PeerAddress& peer) {
  Limit& limit = shared_.limits.unauthenticated_of_address;
  if (!counts_addresses() || shared_.unauthenticated_addresses.add_within(limit.value(), peer)) return true;
  limit.reached({{"address", reactor::to_text(peer)}});
  return false;
}

void UnauthenticatedSessions::add(SessionEntry& entry, TimePoint now) {
  by_age_.add(entry, now);
  shared_.unauthenticated.fetch_add(1, std::memory_order_relaxed);
  head_bytes_ += entry.head_bytes;
}

void UnauthenticatedSessions::add_again(SessionEntry& entry, TimePoint now) {
  if (counts_addresses()) shared_.unauthenticated_addresses.add(entry.peer);
  add(entry, now);
}

bool UnauthenticatedSessions::remove(SessionEntry& entry) {
  if (!by_age_.remove(entry)) return false;
  shared_.unauthenticated.fetch_sub(1, std::memory_order_relaxed);
  head_bytes_ -= entry.head_bytes;
  if (counts_addresses()) shared_.unauthenticated_addresses.remove(entry.peer);
  return true;
}

TimePoint UnauthenticatedSessions::next_deadline() const {
  const bool full = shared_.unauthenticated.load(std::memory_order_relaxed) > shared_.limits.unauthenticated.value();
  return full && by_age_.has_several() ? by_age_.oldest_since() + kLoginTime : kNever;
}

// New sessions past the limit push out the oldest without a login, but not before these could log in: many that come at
// once would otherwise push each other out. Past as many as there may be connections, none is spared.
SessionEntry* UnauthenticatedSessions::one_too_many(TimePoint now, bool all_read) {
  // Each shard has its part, so that no session is closed for heads that another shard keeps.
  Limits& limits = shared_.limits;
  const std::size_t most_heads = limits.unauthenticated_heads.value() / shared_.loops.size();
  if (head_bytes_ > most_heads && by_age_.has_several()) {
    limits.unauthenticated_heads.reached();
    return by_age_.oldest();
  }
  const TimePoint deadline = next_deadline();
  if (deadline == kNever) return nullptr;
  const std::size_t most = std::max(limits.connections.value(), limits.unauthenticated.value());
  const bool spared = !all_read || now < deadline;
  if (spared && shared_.unauthenticated.load(std::memory_order_relaxed) <= most) return nullptr;
  limits.unauthenticated.reached();
  return by_age_.oldest();
}

}  // namespace signalbox::net
