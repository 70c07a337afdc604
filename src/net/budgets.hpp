#pragma once
#include <cstddef>

#include "net/byte_budget.hpp"
#include "net/relief.hpp"
#include "net/shared.hpp"

namespace signalbox::net {

struct Connection;
struct SessionEntry;

/// Counts the bytes of a shard's clients towards TOTAL_PARTIAL_BYTES (begun and not finished) and TOTAL_QUEUE_BYTES
/// (waiting for them). Asks for relief where that is too much.
///
/// thread  its shard's; the sums are of all shards.
class Budgets {
 public:
  explicit Budgets(Shared& shared) : shared_(shared) {}

  void set_partial(Connection& connection, std::size_t bytes);
  void set_partial(SessionEntry& entry, std::size_t bytes);
  /// Counts an answer that the client has not read yet: no queue holds it any more.
  void set_queued(Connection& connection, std::size_t bytes);
  /// Counts anew what its session holds.
  void count_queue(SessionEntry& entry);

  /// The account to which its bytes count from now on.
  void set_standing(Connection& connection, Standing standing);
  void set_standing(const SessionEntry& entry, Standing before, Standing standing);
  /// Counts the bytes of its request to this account, unless the connection has a better standing.
  void set_account(Connection& connection, const Account& account);

  const ByteBudget& partial() const { return partial_; }
  const ByteBudget& queued() const { return queued_; }

 private:
  void relieve_if(bool too_much);
  void count_behind(std::size_t before, std::size_t now);

  Shared& shared_;
  const std::size_t behind_ = shared_.options.session.send_queue_bytes / 4;
  ByteBudget partial_{shared_.partial, shared_.options.total_partial_bytes};
  ByteBudget queued_{shared_.queued, shared_.options.session.total_queue_bytes};
};

}  // namespace signalbox::net
