#pragma once
#include <string>
#include <string_view>

#include "users/ranked_jobs.hpp"

namespace signalbox::users {

/// A worker that emits, and the queue of its jobs, tell of the same jobs: of a user's job each thing is told once, by
/// the first. In doubt, which is where two jobs of one id run or have just ended, it is told twice.
///
/// The worker's events name no queue. They are of the one job of a queue that runs or has ended less than a minute
/// before; or comes within ten minutes, if that is the only one then (of one whose first word is its end, within a
/// minute). A job of which its worker tells is silent: what its queue says of its progress is not told, nor an outcome
/// that the worker has told.
///
/// A queue or a stream that is read again says what it has said: an end of the same time as one that is known of its
/// job, or certainly older than it, an entry that does not stand behind the newest one of its job.
///
/// thread  none of its own.
class ToldOnce {
 public:
  static constexpr LedgerMs kJustEnded = 60'000, kRemembered = 10 * kJustEnded;
  static constexpr LedgerMs kClocksDiffer = 10'000;  ///< those of a queue's workers at most

  explicit ToldOnce(const RankedJobs& jobs) : jobs_(jobs) {}

  /// Nothing has changed yet.
  struct Verdict {
    bool told = true;
    std::string silent{};              ///< Frame::name() of what a queue says silently from now on, if it is kept
    const KeptJob* told_as = nullptr;  ///< of an outcome that is not told: whose outcome told of it, if that is kept
  };
  /// Of what happened at that time to the job of that name.
  Verdict judge(std::string_view name, const Frame& event, LedgerMs at) const;
  /// Is that an end which a queue has told of that job before?
  static bool is_known(const KeptJob& job, const QueueWord& word, LedgerMs at);
  /// Of a queue's job that may be silent.
  static bool has_ended(const KeptJob& job);

 private:
  Verdict judge_queue(std::string_view name, const Frame& event, const QueueWord& word, LedgerMs at) const;
  Verdict judge_worker(std::string_view id, const Frame& event, LedgerMs at) const;
  const KeptJob* told_by_worker(std::string_view id) const;
  bool is_of(const JobEntry& worker, const KeptJob* job, std::string_view id, LedgerMs at) const;

  const RankedJobs& jobs_;
};

}  // namespace signalbox::users
