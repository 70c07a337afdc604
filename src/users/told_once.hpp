#pragma once
#include <string_view>

#include "users/ranked_jobs.hpp"

namespace signalbox::users {

/// A worker that emits, and the queue of its jobs, tell of the same jobs: of a user's job each thing is told once, by
/// the first. In doubt, which is where two jobs of one id run or have just ended, it is told twice.
///
/// The worker's events name no queue. They are of the one job of a queue that runs or has ended less than a minute
/// before; or comes within ten minutes, if that is the only one then. A job of which its worker tells is silent: what
/// its queue says of its progress is not told, nor an outcome that the worker has told.
///
/// thread  none of its own.
class ToldOnce {
 public:
  static constexpr LedgerMs kJustEnded = 60'000, kRemembered = 10 * kJustEnded;

  explicit ToldOnce(const RankedJobs& jobs) : jobs_(jobs) {}

  struct Verdict {
    bool told = true;
    std::string_view silent{};         ///< Frame::name() of what a queue says silently from now on
    const KeptJob* instead = nullptr;  ///< whose outcome a queue has told in the place of this one of its worker
  };
  /// Of what happened at that time to the job of that name.
  Verdict judge(std::string_view name, const Frame& event, LedgerMs at) const;
  /// Is that what a queue has said of that job before?
  static bool is_known(const KeptJob& job, const QueueWord& word, LedgerMs at);
  /// Of a queue's job that may be silent.
  static bool has_ended(const KeptJob& job);

 private:
  Verdict judge_queue(std::string_view name, const Frame& event, const QueueWord& word, LedgerMs at) const;
  Verdict judge_worker(std::string_view id, const Frame& event, LedgerMs at) const;
  bool is_of(const JobEntry& worker, const KeptJob* job, std::string_view id, LedgerMs at) const;

  const RankedJobs& jobs_;
};

}  // namespace signalbox::users
