#pragma once
#include <cstddef>

#include "users/ledger_expiry.hpp"

namespace signalbox::users {

struct Restored {
  std::size_t outcomes = 0;
  bool from_the_future = false;  ///< the store had such
};
/// Takes all that the store has into memory: with its data where that has room. Before anything else is done.
Restored restore(LedgerState& ledger, LedgerExpiry& expiry);

}  // namespace signalbox::users
