#pragma once
#include <cstdint>
#include <string>

#include "base/close_reason.hpp"
#include "recovery/claims.hpp"

namespace signalbox::recovery {

/// Connection state recovery on one shard: what its sockets may have missed, those of them that are gone and may come
/// back, and how one moves to the shard on which its client lands.
///
/// thread  its shard.
class NumberedOutboxes {
 public:
  explicit NumberedOutboxes(Surroundings around);

  /// A socket is accepted as a new one; `user` as in the directory, which did not tell it the outcomes up to
  /// `withheld`. Returns the pid for its answer.
  std::string open(SocketFacts socket, const users::User* user, std::uint64_t withheld);
  /// Its client has gone: it is out of the directory for good, or until the client comes back. The slot is released
  /// then, through Connections.
  void close(const SocketRef& socket, CloseReason reason, TimePoint now);
  void on_letter(Letter letter);

  TimePoint next_deadline() const;
  void on_timer(TimePoint now);

  const SocketFacts* away(std::uint32_t slot) const { return table_.away(slot); }
  std::size_t bytes() const { return history_.bytes(); }

 private:
  const Surroundings around_;
  Numbers numbers_;
  History history_;
  OutboxTable table_;  ///< stands behind the history, of which each outbox has one

 public:
  Sender sender;
  Claims claims;
};

}  // namespace signalbox::recovery
