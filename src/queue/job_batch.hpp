#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "queue/job_step.hpp"
#include "queue/job_wanted.hpp"
#include "queue/known_jobs.hpp"
#include "queue/remembered_job.hpp"
#include "queue/stream_id.hpp"

namespace signalbox::queue {

/// Steps that are told together: what has to be found in Redis before, and what follows from it: whose the jobs are,
/// which outcome is which, and which steps are left out, since they are older than what was told already. Pure.
///
/// thread  its owner's.
class JobBatch {
 public:
  static constexpr StreamId kStays{};  ///< as the position: what was read says nothing of it

  struct Rules {
    StreamId told_before{};   ///< steps up to there may have been told already, with what came after them
    bool check_ends = false;  ///< nothing says which jobs are new, and an end counts only if the job's hash, where it
                              ///< is, says the same
  };
  /// What is to be remembered of jobs.
  using Remembered = std::vector<std::pair<std::string, RememberedJob>>;

  /// With these steps, all up to `last` was read; or kStays. `forgets`: something was missed before them, so that what
  /// is known of jobs may be of others.
  JobBatch(std::vector<JobStep> steps, StreamId last, bool forgets = false)
      : steps_(std::move(steps)), last_(last), forgets_(forgets), bytes_(bytes_of(steps_)) {}

  /// What is to be found before it is told; nothing: it may be told at once. All that came before has been told.
  std::vector<JobWanted> ask(KnownJobs& known, const Rules& rules);
  /// After ask(): the steps that cannot be told together with the first ones.
  std::optional<JobBatch> take_rest();
  /// What was found of all that ask() wanted.
  Remembered learn(std::vector<JobWanted> found, KnownJobs& known);
  /// May its steps be told?
  bool ready() const { return ready_; }

  /// The step that is told next. Null: all were.
  JobStep* next() { return next_ < steps_.size() ? &steps_[next_] : nullptr; }
  void pass() { ++next_; }
  std::size_t left() const { return steps_.size() - next_; }
  /// What its steps took when it was made.
  std::size_t bytes() const { return bytes_; }
  StreamId last() const { return last_; }
  bool forgets() const { return forgets_; }

 private:
  static constexpr auto kNone = static_cast<std::size_t>(-1);
  /// What its steps say of a job.
  struct Job {
    std::size_t row = kNone;           ///< among what is wanted
    std::size_t last_outcome = kNone;  ///< among the steps
    StreamId since{};                  ///< its first step
    bool added = false;                ///< with that
    bool begun = false;                ///< whose it is, is asked anew
    bool waits = false;                ///< for a worker, when the batch has ended
    bool used = false;                 ///< a step needs what is known of it, or ends that
  };

  bool is_cut(const JobStep& step) const;
  void cut(std::size_t at, std::vector<JobWanted>& wanted);
  void want(const JobStep& step, std::size_t index, KnownJobs& known, std::vector<JobWanted>& wanted);
  bool may_be_told(const JobStep& step) const { return !step.mended && step.at <= rules_.told_before; }
  static void begin_anew(const JobStep& step, Job& job, KnownJobs& known);
  static bool is_of(const RememberedJob& memory, const Job& job);
  void learn_user(JobWanted& found, const Job& job, KnownJob& known) const;
  void judge(std::size_t index, const JobWanted& found, const Job& job);
  void judge_outcome(JobStep& step, const JobWanted& found, bool last) const;
  RememberedJob record_of(const KnownJob& known, const Job& job) const;

  std::vector<JobStep> steps_, rest_;
  StreamId last_, rest_last_{};
  bool forgets_;
  std::size_t bytes_;
  Rules rules_{};
  std::unordered_map<std::string_view, Job> jobs_;  ///< views into the steps, until it is ready
  bool ready_ = false;
  std::size_t next_ = 0;
};

}  // namespace signalbox::queue
