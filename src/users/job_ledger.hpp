#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/frame.hpp"
#include "users/job_memory.hpp"
#include "users/job_page.hpp"
#include "users/ranked_jobs.hpp"
#include "users/told_once.hpp"

namespace signalbox::users {

/// The jobs of one user: for each its newest progress while it runs, and its outcome until its time has come. Pure.
///
/// thread  none of its own: the directory's entry that holds it is locked.
class UserJobs {
 public:
  /// `memory` counts what this takes; `owner_bytes` is what its user takes, who is known because of them.
  UserJobs(const LedgerOptions& options, LedgerMemory& memory, std::size_t owner_bytes)
      : options_(options), memory_(memory, owner_bytes) {}
  ~UserJobs();
  UserJobs(const UserJobs&) = delete;
  UserJobs& operator=(const UserJobs&) = delete;

  /// An outcome that is no longer kept.
  struct Gone {
    Row row;
    bool unread;
  };

  /// Is there room for one more unread outcome, behind this many others? A job with an unread outcome always has room
  /// for the next.
  bool has_room(std::string_view job_id, std::size_t before) const;
  /// What this outcome would add to UnreadMemory. It takes the place of an unread outcome of the same job.
  std::size_t unread_growth(const Frame& outcome) const {
    return memory_.unread_growth(outcome, jobs_.find_unread(outcome.key()));
  }
  struct Kept {
    JobEntry& entry;  ///< until anything else is kept
    Row replaced;     ///< of the outcome whose place it took; 0: of none
  };
  /// Keeps a job event (its frame's kind says which). The outcomes that it pushed out are added to `gone`.
  Kept keep(const HashedText& job_id, FrameRef frame, LedgerMs now, std::vector<Gone>& gone) {
    return keep(job_id, std::move(frame), now, gone, false);
  }
  /// May this event be one that another way has told of already? Only then it is to be judged.
  bool may_be_known(const Frame& event) const { return jobs_.of_queues() != 0 || !event.tail().empty(); }
  /// Is it to be told? `at`: when it happened.
  ToldOnce::Verdict judge(const Frame& event, LedgerMs at) const {
    return ToldOnce(jobs_).judge(event.key(), event, at);
  }
  /// Keeps what a queue says silently (a Verdict's), as progress that is shown to nobody.
  void keep_silent(std::string_view name, LedgerMs now, std::vector<Gone>& gone);
  /// The user was told of this outcome, which another node holds, by that of another job, or by the same that lies
  /// elsewhere: it is received with that one, and shown to nobody. False: that one has been received.
  bool keep_with(const KeptJob& told_as, FrameRef outcome, Row row, std::vector<Gone>& gone);
  /// Is that outcome of a queue kept, or known?
  bool knows(const Frame& outcome, LedgerMs now) const;
  /// Does that job run?
  bool runs(std::string_view job_id) const;
  /// Of a job that runs: is it the first time in that second that this is asked?
  bool begins_second(const HashedText& job_id, LedgerMs now);
  /// What keep() will give.
  std::uint64_t next_number() const { return last_number_ + 1; }
  /// keep() or status() of this job comes soon.
  void prefetch(const HashedText& job_id) const { jobs_.prefetch(job_id); }
  /// This outcome is not kept after all, if it is still the job's; `before` is what stands in its place.
  void take_back(std::string_view job_id, std::uint64_t number, std::optional<JobEntry> before);
  /// Is that outcome kept of that job?
  bool has(std::string_view job_id, Row row) const;
  /// That outcome, which another node holds and which was heard of as an event, happened then, if that is earlier.
  void date(std::string_view job_id, Row row, LedgerMs happened);
  /// Takes an outcome that another node holds, unless that one or a newer one is kept of its job.
  /// Returns its number; 0: it was not taken.
  std::uint64_t take_found(JobEntry outcome, std::vector<Gone>& gone);
  /// The user has received these, wherever. Returns those that were unread.
  struct Received {
    std::vector<Row> own{};   ///< that lie in this node's store
    std::vector<Row> with{};  ///< that were told by them, wherever they lie
  };
  Received receive(std::span<const Row> rows, LedgerMs at, std::vector<Gone>& gone);
  /// That outcome is not to be told any more.
  void forget(Row row);
  /// Progress of that time ends, but for that of these jobs.
  void end_progress_but(const std::unordered_set<std::string_view>& jobs, LedgerMs since, LedgerMs until);
  /// Lets go of the outcomes that other nodes hold; progress stays.
  void drop_found();
  /// Takes back an outcome that was kept before a restart, or before the user rested. The oldest come first.
  void restore(JobEntry outcome);
  /// What a socket is told at its login, in the order in which it happened: unread outcomes, those received lately, and
  /// progress of running jobs.
  struct Replay {
    /// A receipt up to the number of one covers what stands before it, and nothing behind it.
    std::vector<JobEntry> entries{};
    std::uint64_t withheld =
        0;  ///< the newest unread outcome that the store could not read, and that is left out; 0: none
  };
  Replay replay(const Ages& ages) const;
  /// The user has received these. Returns the rows of those that were unread and lie in the store. The bound counts
  /// them from now on: outcomes that it pushes out are added to `gone`.
  std::vector<Row> confirm(OutcomeRange range, LedgerMs now, std::vector<Gone>& gone);
  std::optional<JobStatus> status(std::string_view job_id) const;
  /// The newest that was told of the job of that name.
  const JobEntry* newest(std::string_view job_id) const;
  /// Those that are asked for, `query.limit` at least 1.
  JobPage page(const JobQuery& query) const;

  /// Drops what is past its time; with `tight`, also all that may be pushed out. Returns the outcomes that went.
  std::vector<Gone> expire(const Ages& ages, bool tight);
  bool empty() const { return jobs_.size() == 0; }
  std::size_t size() const { return jobs_.size(); }
  /// Is there nothing but outcomes of this node's store?
  bool can_be_left() const;
  std::vector<JobEntry> outcomes() const;  ///< in the order of their numbers

  /// Are the packets of all outcomes in memory? To be asked before replay(), status() and page(), which leave out the
  /// others, or show them as unreadable.
  bool loaded() const { return memory_.unloaded() == 0; }
  /// Leaves the packets of outcomes to the store.
  void unload();
  /// What the store is to be asked for, in the order of its rows.
  std::vector<StoredFrame> left_to_store() const;
  /// Takes what the store has found of these, and returns how many bytes. Outcomes that it has not found stay, and are
  /// not told.
  std::size_t load(const std::vector<StoredFrame>& found);

 private:
  Kept keep(const HashedText& job_id, FrameRef frame, LedgerMs now, std::vector<Gone>& gone, bool silent);
  const JobEntry* newest_of_id(std::string_view id) const;
  void take_out(KeptJob& job);
  // The job stays if it has the other.
  void drop_outcome(KeptJob& job);
  void drop_progress(KeptJob& job);
  void note_received(KeptJob& job, LedgerMs at);
  /// Pushes out jobs until the bound, which does not count those with unread outcomes, counts no more than are allowed.
  void push_out(std::vector<Gone>& gone);

  const LedgerOptions& options_;
  RankedJobs jobs_;
  JobMemory memory_;
  std::uint64_t last_number_ = 0;
};

static_assert(sizeof(UserJobs) == kUserJobsBytes);

}  // namespace signalbox::users
