#include "users/ledger_state.hpp"

#include <utility>

namespace signalbox::users {

// What is not kept here is not left in the store either: nobody would ever ask for it again.
void LedgerState::forget(const std::vector<UserJobs::Gone>& gone) {
  std::vector<Row> rows;
  for (const UserJobs::Gone& one : gone) {
    if (one.row != 0) rows.push_back(one.row);
    if (one.unread) unread_expired.fetch_add(1, std::memory_order_relaxed);
  }
  if (!rows.empty()) store->forget(std::move(rows));
}

void LedgerState::date_from_store(LedgerMs& time, LedgerMs& received_at) const {
  time = clock.from_store(time);
  if (received_at != 0) received_at = clock.from_store(received_at);
}

}  // namespace signalbox::users
