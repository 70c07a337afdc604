#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>

#include "engineio/sid.hpp"
#include "net/session_entry.hpp"
#include "net/shared.hpp"
#include "net/touched_list.hpp"
#include "net/unauthenticated.hpp"
#include "reactor/slot_map.hpp"
#include "reactor/timers.hpp"

namespace signalbox::net {

class Budgets;

/// The Engine.IO sessions of a shard, which it owns: by id and by slot, with their deadlines and their ages.
///
/// A call into a session may end it, but only erase() and erase_all() remove one: so an entry that was found stays
/// until the end of the turn.
///
/// thread  its shard's.
class SessionTable {
 public:
  SessionTable(Shared& shared, const reactor::Loop& loop, Budgets& budgets)
      : shared_(shared), loop_(loop), budgets_(budgets) {}

  /// The id of a new session, which add() takes then. Nothing: its address has too many without a login, or this shard
  /// as many as ids can name.
  std::optional<engineio::Sid> admit(const PeerAddress& peer);
  /// `head_bytes`: kept of the request that opened it.
  SessionEntry& add(std::unique_ptr<SessionEntry> made, const PeerAddress& peer, std::size_t head_bytes);
  SessionEntry* find(std::string_view sid) const;
  /// Null: it has gone; also for generation 0.
  SessionEntry* find(std::uint32_t slot, std::uint32_t generation) const { return sessions_.find(slot, generation); }
  void erase(SessionEntry& entry);

  /// Has the end of this turn look at it.
  void touch(SessionEntry& entry) { touched_.add(entry); }
  bool has_touched() const { return !touched_.empty(); }
  template <class Look>
  void look_at_touched(Look look) {
    touched_.look(look);
  }
  template <class Visit>
  void for_each(Visit visit) {
    sessions_.for_each(visit);
  }
  void set_authenticated(SessionEntry& entry, bool authenticated);
  /// The number of its half-finished bytes has changed.
  void count_partial(SessionEntry& entry);

  /// Its session's deadline may have changed.
  void arm(SessionEntry& entry);
  void run_timers();
  TimePoint next_deadline() const;
  std::size_t timers() const { return timers_.armed(); }

  /// From now on sessions end one after the other, one of all shards after each `pace`.
  void begin_drain(Clock::duration pace);
  /// Ends the sessions that are due: of a drain, and the oldest without a login where there are too many. `all_read`:
  /// no client that might be logging in waits to be read.
  void end_due(bool all_read);
  void close_all();
  /// The shard has ended.
  void erase_all();

 private:
  void end_unauthenticated(SessionEntry& entry);
  void end_leaving();
  void close(SessionEntry& entry, CloseReason reason);
  /// Null: the session has gone, or has another entry.
  SessionEntry* armed_by(const reactor::TimerEntry& entry) const;

  Shared& shared_;
  const reactor::Loop& loop_;
  Budgets& budgets_;
  reactor::SlotMap<SessionEntry> sessions_;
  UnauthenticatedSessions unauthenticated_{shared_};
  reactor::Timers timers_;
  TouchedList<SessionEntry> touched_;
  std::deque<reactor::TimerEntry> leaving_;  ///< those of a drain, by their time
};

}  // namespace signalbox::net
