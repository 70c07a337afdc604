#pragma once
#include <atomic>
#include <cstdint>
#include <vector>

#include "users/outcome_store.hpp"
#include "users/stripes.hpp"

namespace signalbox::users {

/// What all parts of the ledger stand on.
///
/// thread  any.
struct LedgerState {
  Stripes& users;
  const LedgerOptions& options;
  LedgerClock clock;
  OutcomeStore* store = nullptr;  ///< null: everything is in memory alone
  bool packets_stay = true;       ///< in memory: there is no store, or none that they can be read from
  std::atomic<std::uint64_t> unread_expired{0};
  std::atomic<bool> lean{false};           ///< memory grows short: the packets of outcomes are left to the store
  std::atomic<std::size_t> read_bytes{0};  ///< in memory only until they have been told

  void forget(const std::vector<UserJobs::Gone>& gone);
  void date_from_store(LedgerMs& time, LedgerMs& received_at) const;
};

}  // namespace signalbox::users
