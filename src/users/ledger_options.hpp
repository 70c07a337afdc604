#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <signalbox/config.hpp>

#include "base/tally.hpp"
#include "users/ledger_clock.hpp"

namespace signalbox::users {

/// What the ledger must know of the configuration.
struct LedgerOptions {
  LedgerOptions(const Config& config = {})  // implicit: a Config will do
      : outcome_ttl(config.outcome_ttl.count()),
        progress_ttl(config.progress_ttl.count()),
        outcome_replay(config.outcome_replay.count()),
        jobs_per_user(config.jobs_per_user),
        unread_outcomes_per_user(config.unread_outcomes_per_user),
        total_bytes(config.ledger_total_bytes),
        unread_total_bytes(config.unread_total_bytes != 0 ? config.unread_total_bytes : config.ledger_total_bytes) {}

  LedgerMs outcome_ttl;
  LedgerMs progress_ttl;
  LedgerMs outcome_replay;  ///< outcomes received less than this long ago are told again at a login; 0: none
  std::size_t jobs_per_user;
  std::size_t unread_outcomes_per_user;
  std::size_t total_bytes;
  std::size_t unread_total_bytes;  ///< see UnreadMemory
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
  std::atomic<std::size_t> bytes{0};            ///< written under the lock
  UnreadMemory* unread = nullptr;               ///< of all users
  std::atomic<std::size_t> unread_outcomes{0};  ///< likewise
  Tally outcomes{};                             ///< kept since the start, those of other nodes left out; likewise

  // Under the lock of all who share it: no locked instruction is needed.
  void add_unread(std::size_t more) {
    unread_outcomes.store(unread_outcomes.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  void add(std::size_t more) { bytes.store(bytes.load(std::memory_order_relaxed) + more, std::memory_order_relaxed); }
};

/// Outcomes of a user by their numbers: those after `after`, up to `up_to`.
struct OutcomeRange {
  std::uint64_t after = 0;
  std::uint64_t up_to = 0;
  bool contains(std::uint64_t number) const { return number > after && number <= up_to; }
};

}  // namespace signalbox::users
