#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "users/hash_index.hpp"
#include "users/job_ledger.hpp"

namespace signalbox::users {

/// Users who are away and of whom nothing is known but outcomes that lie in the store. Each is one piece of memory,
/// about a quarter of what a User and its UserJobs take.
///
/// thread  none of its own: the stripe that holds it is locked.
class RestingUsers {
 public:
  /// `memory` counts what this takes.
  explicit RestingUsers(LedgerMemory& memory) : memory_(memory) {}
  ~RestingUsers();
  RestingUsers(const RestingUsers&) = delete;
  RestingUsers& operator=(const RestingUsers&) = delete;

  /// What stays of an outcome.
  struct Outcome {
    std::uint64_t number;
    LedgerMs time;
    LedgerMs received_at;
    Row row;
    std::string_view job_id;

    JobEntry entry() const {
      return {.frame = text_frame({}, FrameKind::outcome, job_id),
              .number = number,
              .time = time,
              .received_at = received_at,
              .row = row};
    }
  };
  /// There is none of its id. The oldest come first.
  void add(std::string_view id, const std::vector<Outcome>& outcomes);
  /// The user rests no longer. Nothing: it did not rest.
  std::vector<JobEntry> wake(const HashedText& id);
  /// Those of whom an outcome has reached its age; with `tight` also those who have received one.
  std::vector<std::string> due(const Ages& ages, LedgerMs ttl, bool tight);
  /// Visits each outcome, its packet left to the store.
  void each(const std::function<void(std::string_view user, const JobEntry& outcome)>& visit) const;
  std::size_t size() const { return index_.size(); }

 private:
  struct Record;
  const Record* find(const HashedText& id) const;
  void count(const Record& record, bool added);
  static void release(const Record* record) noexcept;
  static constexpr LedgerMs kNone = std::numeric_limits<LedgerMs>::max();

  LedgerMemory& memory_;
  HashIndex<const Record*, nullptr> index_;
  LedgerMs oldest_ = kNone;        ///< no outcome is older
  std::size_t with_received_ = 0;  ///< records that have such outcomes
};

}  // namespace signalbox::users
