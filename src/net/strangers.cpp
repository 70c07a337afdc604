#include "net/strangers.hpp"

#include <algorithm>
#include <string>

namespace signalbox::net {
namespace {

constexpr Milliseconds kLoginTime{1000};  ///< from handshake to login, of which a slow line needs a part

}  // namespace

bool Strangers::admit(const PeerAddress& peer) {
  Limit& limit = shared_.limits.strangers_of_address;
  if (limit.value() == 0 || shared_.stranger_addresses.add_within(limit.value(), peer)) return true;
  limit.reached({{"address", reactor::to_text(peer)}});
  return false;
}

void Strangers::add(SessionEntry& entry, TimePoint now) {
  by_age_.add(entry, now);
  shared_.strangers.fetch_add(1, std::memory_order_relaxed);
  head_bytes_ += entry.head_bytes;
}

void Strangers::add_again(SessionEntry& entry, TimePoint now) {
  if (entry.peer) shared_.stranger_addresses.add(*entry.peer);
  add(entry, now);
}

bool Strangers::remove(SessionEntry& entry) {
  if (!by_age_.remove(entry)) return false;
  shared_.strangers.fetch_sub(1, std::memory_order_relaxed);
  head_bytes_ -= entry.head_bytes;
  if (entry.peer) shared_.stranger_addresses.remove(*entry.peer);
  return true;
}

TimePoint Strangers::next_deadline() const {
  const bool full = shared_.strangers.load(std::memory_order_relaxed) > shared_.limits.strangers.value();
  return full && by_age_.has_several() ? by_age_.oldest_since() + kLoginTime : kNever;
}

// Newcomers past the limit push out those who have been here longest without a login, but not before these could log
// in: many who come at once would else push each other out. Past as many as there may be connections nobody is spared.
SessionEntry* Strangers::one_too_many(TimePoint now, bool all_read) {
  // Each shard has its part, so that nobody has to go for heads that are kept elsewhere.
  Limits& limits = shared_.limits;
  const std::size_t most_heads = limits.strangers_heads.value() / shared_.loops.size();
  if (head_bytes_ > most_heads && by_age_.has_several()) {
    limits.strangers_heads.reached();
    return by_age_.oldest();
  }
  const TimePoint deadline = next_deadline();
  if (deadline == kNever) return nullptr;
  const std::size_t most = std::max(limits.connections.value(), limits.strangers.value());
  const bool spared = !all_read || now < deadline;
  if (spared && shared_.strangers.load(std::memory_order_relaxed) <= most) return nullptr;
  limits.strangers.reached();
  return by_age_.oldest();
}

}  // namespace signalbox::net
