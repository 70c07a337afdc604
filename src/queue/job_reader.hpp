#pragma once
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "queue/job_batch.hpp"
#include "queue/job_lookup.hpp"
#include "queue/job_step.hpp"
#include "queue/known_jobs.hpp"
#include "queue/queue_keys.hpp"
#include "queue/sink.hpp"
#include "queue/unanswered.hpp"
#include "queue/untold.hpp"
#include "redis/client.hpp"

namespace signalbox::queue {

struct JobReaderOptions {
  std::string queue;   ///< as browsers get it
  std::string holder;  ///< of the lease: only that one stores a position
  QueueKeys keys;
  std::size_t json_depth = 64;
  std::size_t max_payload = 1'000'000;  ///< bytes of a result; a larger one is left out
  bool check_ends = false;              ///< an end is believed only if the job's hash, where it is, says the same
};

/// Tells the users of one queue what its jobs do, in the order in which it is given that: finds out whose a job is,
/// tells the sink, repeats what that does not take, and keeps in Redis how far it has come.
///
/// thread  the queues'. It outlives the client's and the sink's last answers.
class JobReader {
 public:
  static constexpr std::size_t kMostBatches = 2;                              ///< that wait
  static constexpr std::size_t kMostOutcomes = 4000, kMostBytes = 16u << 20;  ///< that are not answered
  static constexpr std::size_t kKnownJobs = 10'000;
  static constexpr StreamId kStays = JobBatch::kStays;  ///< for take(): the position stays where it is
  static constexpr Milliseconds kStoreEach{100}, kRepeatAfter{250};

  struct Counts {
    std::uint64_t events = 0, outcomes = 0, unattributed = 0, refused = 0;
  };

  JobReader(redis::Client& commands, Sink& sink, const JsonPaths& users, JobReaderOptions options);
  JobReader(const JobReader&) = delete;
  JobReader& operator=(const JobReader&) = delete;

  /// From there on. What is read up to `told_before` may have been told by another reader.
  void begin(StreamId position, StreamId told_before);
  /// Stores the position and forgets all: another one may go on.
  void leave();
  /// Forgets all.
  void end();
  /// Redis did not say whose jobs these are: it is to begin again, and takes nothing until then.
  bool broken() const { return broken_; }

  bool has_room() const;
  /// Does it take nothing, since the sink does not?
  bool stands() const {
    return unanswered_.has_postponed() || unanswered_.size() >= kMostOutcomes || unanswered_.bytes() >= kMostBytes;
  }
  /// Something was missed before what is taken next, and it may have been that jobs have gone and others have their
  /// ids.
  void forget_jobs() { forgets_ = true; }
  /// With that, all up to `last` was read; or kStays.
  void take(std::vector<JobStep> steps, StreamId last);
  /// How far all is told and answered.
  StreamId position() const { return unanswered_.position(); }

  const Counts& counts() const { return counts_; }
  /// Steps and outcomes that wait, and what they take.
  std::size_t waiting() const;
  std::size_t bytes() const;

  TimePoint next_deadline() const;
  void on_timer(TimePoint now);

 private:
  /// A job that need not be remembered, once the position is there: a step before may have to be told again.
  struct Forgotten {
    StreamId at;
    std::string job;
  };
  bool has_to_store() const { return began_ && unanswered_.position() != stored_; }
  void drop_long_ids(std::vector<JobStep>& steps);
  void work();
  void look_up(JobBatch& batch);
  void forget_known();
  void remember(const JobBatch::Remembered& jobs);
  bool tell(JobBatch& batch);
  /// `again`: the position does not pass it, so it may yet be read once more.
  void tell(JobStep& step, bool again);
  void tell_progress(JobStep& step);
  void tell_outcome(JobStep& step, bool again);
  std::string members_of(const JobStep& step);
  void tell_outcome(Unanswered::Number number);
  void on_answer(Unanswered::Number number, Taken taken);
  void store();
  void take_forgotten(std::vector<std::string>& out);

  redis::Client& commands_;
  Sink& sink_;
  const JsonPaths& users_;
  const JobReaderOptions options_;
  JobLookup lookup_;
  KnownJobs known_;
  Unanswered unanswered_;
  Counts counts_;
  std::list<JobBatch> batches_;
  StreamId told_before_{};            ///< steps up to there may have been told, here or by another reader
  std::optional<StreamId> stored_;    ///< the position that Redis was told last
  std::vector<Forgotten> forgotten_;  ///< in their order
  TimePoint repeat_at_ = kNever, store_at_ = kNever;
  bool began_ = false, broken_ = false, works_ = false;
  bool forgets_ = false;  ///< what is known, with the next batch
  Untold untold_;
  log::RareLine large_{log::Level::warn, 10}, unread_{log::Level::warn, 1};
};

}  // namespace signalbox::queue
