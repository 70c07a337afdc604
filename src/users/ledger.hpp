#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/limit.hpp"
#include "users/encode.hpp"
#include "users/ledger_expiry.hpp"
#include "users/refusal.hpp"

namespace signalbox::users {

/// What is kept of jobs: the newest progress while one runs, and its outcome until it has been received and its time
/// has come; in memory, and in a store.
///
/// thread  any, but for look_at_clock().
class Ledger {
 public:
  Ledger(LedgerState& ledger, LedgerExpiry& expiry) : ledger_(ledger), expiry_(expiry) {}

  /// From now on outcomes go to this store as well, and those in it are told at logins. Before any other call.
  void open(OutcomeStore& store);

  /// What of the same batch comes before an outcome.
  struct Before {
    std::size_t of_user = 0;  ///< outcomes
    std::size_t bytes = 0;    ///< of memory, of all users
  };
  // What is emitted to a user. Under the lock of the user's stripe.
  std::optional<Refusal> refusal(std::string_view id, const User* user, const EncodedEvent& event,
                                 const Before& before);
  /// What an outcome of somebody who has no other adds to what is bounded.
  std::size_t unread_cost(std::string_view id, const EncodedEvent& outcome) const;
  /// This event of that job will be kept soon: its number, if it is an outcome; else 0.
  std::uint64_t expect(Stripe& stripe, User& user, const HashedText& job, const EncodedEvent& event) const
      SB_REQUIRES(stripe.mutex) {
    UserJobs& jobs = stripe.jobs_of(user);
    jobs.prefetch(job);
    return event.kept_outcome() ? jobs.next_number() : 0;
  }
  /// Is it to be told, or has another way told of it already? To be asked first.
  ToldOnce::Verdict judge(const User* user, const EncodedEvent& event) const {
    const bool may_be_known = user && user->jobs && !event.job_id().empty() && user->jobs->may_be_known(*event.frame);
    return may_be_known ? user->jobs->judge(*event.frame, happened_at(*event.frame)) : ToldOnce::Verdict{};
  }
  /// It is not told, as judge() says. `row` as below.
  void leave_out(const User& user, const EncodedEvent& event, const ToldOnce::Verdict& verdict, Row row);
  /// The event that judge() spoke of is about to be kept.
  void keep_silent(const User& user, const ToldOnce::Verdict& verdict);
  /// Keeps it. Who waits until the store has it says by which group. `row`: of an outcome that another node holds; it
  /// is not put into this node's store. Returns the row of an outcome.
  Row keep(Stripe& stripe, User& user, const HashedText& job, EncodedEvent&& event, CommitGroup group, Row row)
      SB_REQUIRES(stripe.mutex);
  /// Is this very outcome kept?
  static bool has(const User& user, std::string_view job, Row row);
  /// An outcome that is held elsewhere, or here and was received elsewhere; or progress of a job that runs. Times are
  /// the wall clock's.
  struct Found {
    FrameRef frame;
    WallMs time = 0, received_at = 0;
    Row row = 0;
  };
  /// Of the times in between what was found has all progress: other jobs have ended elsewhere.
  struct AllProgress {
    WallMs since, until;
  };
  struct Taken {
    std::vector<JobEntry> news{};  ///< outcomes that are new here and unread
    bool whole = true;             ///< else something had no room
  };
  /// Takes what was found of the user's outcomes, the oldest first: to be told at logins from now on.
  Taken take_found(Stripe& stripe, User& user, std::vector<Found> found, std::optional<AllProgress> all = {})
      SB_REQUIRES(stripe.mutex);
  /// The user has received these, as another node says.
  void received(std::string_view user, std::span<const Row> rows, WallMs at);
  /// This outcome is not to be told any more: a newer one of its job, which another node holds, has taken its place.
  void forget(std::string_view user, Row row);
  /// An outcome in this node's store that nobody has received.
  struct Unread {
    std::string user;
    FrameRef frame;  ///< with its key alone if its packet lies in the store
    WallMs time;
    Row row;
  };
  /// Those of the users of one of Stripes::kCount stripes.
  std::vector<Unread> unread_of_this_node(std::size_t stripe) const;
  /// The user has no socket here any more: what other nodes hold is theirs.
  void drop_found(std::string_view user);
  /// What the user is told at a login.
  UserJobs::Replay replay(const User& user) const;

  /// Counts an event that looks like a job's and names none.
  void note(const EncodedEvent& event);
  /// A socket of the user has received these.
  void confirm(std::string_view user, OutcomeRange range);
  // What of it is in memory. Times are the wall clock's.
  JobPage jobs(std::string_view user, const JobQuery& query = {}) const;
  std::optional<JobStatus> job(std::string_view user, std::string_view job_id) const;
  /// Is that outcome of a queue kept, or known?
  bool knows(std::string_view user, const Frame& outcome) const;
  /// Is it known of that job that it runs?
  bool runs(std::string_view user, std::string_view job_id) const;

  OutcomeStore* store() const { return ledger_.store; }  ///< null: everything is in memory alone
  /// What the jobs of all users take of memory.
  std::size_t bytes() const { return ledger_.users.jobs_bytes(); }
  /// What the index of unread outcomes takes, ids included; with no store their data as well.
  std::size_t unread_bytes() const { return ledger_.users.unread.bytes.load(std::memory_order_relaxed); }
  /// Outcomes that nobody has received.
  std::size_t unread_outcomes() const { return ledger_.users.unread_outcomes(); }
  /// Outcomes that were kept since the start, those of other nodes left out.
  std::uint64_t outcomes() const { return ledger_.users.outcomes(); }
  /// Outcomes whose time ended unread.
  std::uint64_t unread_expired() const { return ledger_.unread_expired.load(std::memory_order_relaxed); }
  /// Job events whose `jobId` is none: told to who was there, and not kept.
  std::uint64_t job_events_without_id() const { return without_id_.load(std::memory_order_relaxed); }
  /// Once a second, on one thread: was the wall clock set?
  void look_at_clock();

 private:
  void take_back(RefusedOutcome refused);
  LedgerMs happened_at(const Frame& event) const;
  void leave_out(const User& user, const FrameRef& event, const ToldOnce::Verdict& verdict, Row row,
                 std::vector<UserJobs::Gone>& gone);
  void note_received(std::string_view id, UserJobs& jobs, std::span<const Row> rows, LedgerMs at,
                     std::vector<UserJobs::Gone>& gone);

  LedgerState& ledger_;
  LedgerExpiry& expiry_;
  Limit unread_of_user_{"UNREAD_OUTCOMES_PER_USER is reached: outcomes for a user are refused",
                        ledger_.options.unread_outcomes_per_user};
  Limit unread_of_all_{"UNREAD_TOTAL_BYTES is reached: outcomes are refused", ledger_.options.unread_total_bytes};
  std::atomic<std::uint64_t> without_id_{0};
  bool shares_progress_ = false;  ///< the store wants to know of it
  bool from_the_future_ = false;  ///< the store had outcomes from the future at the start
};

JobPage jobs_in_memory(const LedgerState& ledger, std::string_view user, const JobQuery& query);

}  // namespace signalbox::users
