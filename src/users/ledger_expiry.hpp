#pragma once
#include <cstddef>

#include "base/limit.hpp"
#include "users/ledger_state.hpp"

namespace signalbox::users {

/// What ends in the ledger: what is past its time, and what has no room. Where memory grows short the packets of
/// outcomes are left to the store first.
///
/// thread  look() and look_at_growth() any; the rest shard 0.
class LedgerExpiry {
 public:
  explicit LedgerExpiry(LedgerState& ledger) : ledger_(ledger) {}

  /// Much can come between two seconds: so a stripe is looked at as it grows.
  void look_at_growth(Stripe& stripe) SB_REQUIRES(stripe.mutex);
  /// Does memory grow short?
  void look();

  /// Some stripes are due each second.
  void begin_second();
  bool due() const { return left_ != 0; }
  /// A turn's part of them.
  void go_on();

 private:
  bool tight() const;
  std::size_t expire(Stripe& stripe, bool tight) SB_REQUIRES(stripe.mutex);

  LedgerState& ledger_;
  Limit memory_{"three quarters of LEDGER_TOTAL_BYTES are used: the data of outcomes is left to the store",
                ledger_.options.total_bytes / 4 * 3};
  std::size_t next_ = 0;           ///< the stripe that comes next
  std::size_t left_ = 0;           ///< stripes that are due still in this second
  std::size_t left_to_store_ = 0;  ///< stripes whose outcomes were, one after the other, since it is lean
};

}  // namespace signalbox::users
