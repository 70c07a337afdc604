#pragma once
#include <cstddef>

#include "net/byte_budget.hpp"
#include "net/relief.hpp"
#include "net/shared.hpp"

namespace signalbox::net {

struct Connection;
struct SessionEntry;

/// TOTAL_PARTIAL_BYTES and TOTAL_QUEUE_BYTES, as one shard adds to them: what each of its clients has begun and not
/// finished, and what waits for it. Asks for relief where that is too much.
///
/// thread  its shard's; what it adds up is of all shards.
class Budgets {
 public:
  explicit Budgets(Shared& shared) : shared_(shared) {}

  void set_partial(Connection& connection, std::size_t bytes);
  void set_partial(SessionEntry& entry, std::size_t bytes);
  /// The answer that a client has not read yet: no queue has it any more.
  void set_queued(Connection& connection, std::size_t bytes);
  /// What its session holds for it now.
  void count_queue(SessionEntry& entry);

  /// As whose its bytes count from now on.
  void set_standing(Connection& connection, Standing standing);
  void set_standing(const SessionEntry& entry, Standing before, Standing standing);
  /// What the connection holds for this request counts so, unless it has shown more before.
  void set_account(Connection& connection, const Account& account);

  const ByteBudget& partial() const { return partial_; }
  const ByteBudget& queued() const { return queued_; }

 private:
  void relieve_if(bool too_much);

  Shared& shared_;
  ByteBudget partial_{shared_.partial, shared_.options.total_partial_bytes};
  ByteBudget queued_{shared_.queued, shared_.options.session.total_queue_bytes};
};

}  // namespace signalbox::net
