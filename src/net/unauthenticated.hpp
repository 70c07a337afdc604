#pragma once
#include <cstddef>

#include "net/age_list.hpp"
#include "net/session_entry.hpp"
#include "net/shared.hpp"

namespace signalbox::net {

/// The unauthenticated sessions of a shard, by age. Chooses the one to close where they are too many.
///
/// thread  its shard's; the limits are of all shards.
class UnauthenticatedSessions {
 public:
  explicit UnauthenticatedSessions(Shared& shared) : shared_(shared) {}

  /// May this address have one more? add() counts it then.
  [[nodiscard]] bool admit(const PeerAddress& peer);
  /// A new session.
  void add(SessionEntry& entry, TimePoint now);
  /// Its user has left. It is the newest now: its client could have connected anew as well.
  void add_again(SessionEntry& entry, TimePoint now);
  /// False: it was not among them.
  bool remove(SessionEntry& entry);
  /// When the oldest is to be closed, if none logs in.
  TimePoint next_deadline() const;
  /// The one to close now; null: none. `all_read`: no client that might be logging in waits to be read.
  SessionEntry* one_too_many(TimePoint now, bool all_read);

 private:
  bool counts_addresses() const { return shared_.limits.unauthenticated_of_address.value() != 0; }

  Shared& shared_;
  AgeList<SessionEntry, &SessionEntry::unauthenticated> by_age_;
  std::size_t head_bytes_ = 0;
};

}  // namespace signalbox::net
