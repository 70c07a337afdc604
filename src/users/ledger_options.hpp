#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "users/ledger_clock.hpp"

namespace signalbox::users {

struct LedgerOptions {
  LedgerMs outcome_ttl = 24 * 3600 * 1000;
  LedgerMs progress_ttl = 3600 * 1000;
  LedgerMs outcome_replay =
      600 * 1000;  ///< outcomes received less than this long ago are told again at a login; 0: none
  std::size_t jobs_per_user = 200;
  std::size_t unread_outcomes_per_user = 10'000;
  std::size_t total_bytes = 256u << 20;
  std::size_t unread_total_bytes = 256u << 20;  ///< see UnreadMemory
};

/// What the unread outcomes of all users take of memory, as no bound may push them out: their index, and their data
/// where that cannot be left to a store.
///
/// thread  any.
struct UnreadMemory {
  std::atomic<std::size_t> bytes{0};
  bool data_stays = true;  ///< there is no store; before the first outcome
};

/// What the jobs of all users under one lock take of memory.
struct LedgerMemory {
  std::atomic<std::size_t> bytes{0};  ///< written under the lock
  UnreadMemory* unread = nullptr;     ///< of all users

  // Under the lock of all who share it: no locked instruction is needed.
  void add(std::size_t more) { bytes.store(bytes.load(std::memory_order_relaxed) + more, std::memory_order_relaxed); }
};

/// Outcomes of a user by their numbers: those after `after`, up to `up_to`.
struct OutcomeRange {
  std::uint64_t after = 0;
  std::uint64_t up_to = 0;
  bool contains(std::uint64_t number) const { return number > after && number <= up_to; }
};

}  // namespace signalbox::users
