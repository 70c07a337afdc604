#pragma once
#include <vector>

#include "net/budgets.hpp"
#include "net/connections.hpp"
#include "net/session_table.hpp"

namespace signalbox::net {

/// Closes clients of a shard where too many bytes are held over all shards (Relief).
///
/// thread  its shard's; look() is called by the one before it.
class Reliever {
 public:
  Reliever(Shared& shared, const reactor::Loop& loop, Budgets& budgets, Connections& connections,
           SessionTable& sessions);

  /// This shard's look in a round, and then the next shard's: at the same time, each of them would close as much as is
  /// too much.
  void look();

 private:
  /// A connection or a session that is to be closed.
  struct Holder {
    Urgency urgency;
    Account account;
    std::size_t bytes;
    Connection* connection;
    SessionEntry* session;
  };

  template <class Count>
  std::vector<Holder> first_to_go(const ByteBudget& budget, ReliefRound& round, Count count);
  template <class Count, class Close>
  void let_go(const ByteBudget& budget, ReliefRound& round, HolderLimits& full, CloseReason reason, Count count,
              Close close);
  void relieve_partials(ReliefRound& round);
  void relieve_queues(ReliefRound& round);
  SessionEntry* session_of(const Connection& connection) const;
  Account account_of(const Connection& connection) const;
  static Account account_of(const SessionEntry& entry) { return entry.account(); }
  TimePoint begun_at(const Connection& connection) const;
  static TimePoint begun_at(const SessionEntry& entry) { return entry.begun_at(); }

  Shared& shared_;
  const reactor::Loop& loop_;
  Budgets& budgets_;
  Connections& connections_;
  SessionTable& sessions_;
};

}  // namespace signalbox::net
