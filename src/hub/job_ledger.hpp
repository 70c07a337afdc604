#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/frame.hpp"
#include "hub/job_table.hpp"

namespace signalbox::hub {

struct LedgerOptions {
  WallMs outcome_ttl = 24 * 3600 * 1000;
  WallMs progress_ttl = 3600 * 1000;
  WallMs outcome_replay = 600 * 1000;  ///< outcomes had less than this long ago are told again at a login; 0: none
  std::size_t jobs_per_user = 200;
  std::size_t unread_outcomes_per_user = 10'000;
  std::size_t total_bytes = 256u << 20;
};

/// The newest that is known of a job, whatever becomes of the job meanwhile.
struct JobStatus {
  FrameRef frame;  ///< which the texts are slices of
  std::string_view job_id;
  std::string_view event;
  std::string_view data;  ///< JSON text, as it was emitted
  WallMs time = 0;
  bool had = false;
};

/// {"jobId","event","data","time","had"}
std::string to_json(const JobStatus& status);
/// The same for a job of which nothing is known: `event` is null.
std::string unknown_job_json(std::string_view job_id);

/// The jobs of one user: for each its newest progress while it runs, and its outcome until its time has come. Pure.
///
/// thread  none of its own: the directory's entry that holds it is locked.
class UserJobs {
 public:
  /// `bytes`: what all users' jobs take, to which this adds its own.
  UserJobs(const LedgerOptions& options, std::atomic<std::size_t>& bytes) : options_(options), bytes_(bytes) {}
  ~UserJobs();
  UserJobs(const UserJobs&) = delete;
  UserJobs& operator=(const UserJobs&) = delete;

  /// An outcome that is no longer kept.
  struct Gone {
    std::string job_id;
    std::uint64_t number;
    bool unread;
  };

  /// Is there room for one more outcome that the user has not had? Of a job whose outcome waits already there always
  /// is.
  bool has_room(std::string_view job_id) const;
  /// Keeps a job event (its frame's kind says which). The outcomes that it pushed out are added to `gone`.
  const JobEntry& keep(std::string_view job_id, const FrameRef& frame, WallMs now, std::vector<Gone>& gone);
  /// Takes back what was kept before a restart.
  void restore(std::string_view job_id, JobEntry outcome);
  /// What a socket is told at its login, in the order in which it happened: outcomes not had, those had lately,
  /// progress of what runs.
  std::vector<JobEntry> replay(WallMs now) const;
  /// The user has had all outcomes up to this number. How many were news.
  std::size_t confirm(std::uint64_t up_to, WallMs now);
  std::optional<JobStatus> status(std::string_view job_id) const;
  /// All of them, in the order of their newest events.
  std::vector<JobStatus> list() const;

  /// Drops what is past its time; with `tight`, also all that may be pushed out. Returns the outcomes that went.
  std::vector<Gone> expire(WallMs now, bool tight);
  bool empty() const { return jobs_.size() == 0; }

 private:
  /// Jobs of one rank, from the one that has been in it longest, so that pushing out costs the same however many there
  /// are.
  struct List {
    KeptJob* oldest = nullptr;
    KeptJob* newest = nullptr;
  };

  void put(JobEntry& place, JobEntry entry);
  void drop(JobEntry& place);
  void rank(KeptJob& job);
  void unlink(KeptJob& job);
  /// Null: there is none that may go.
  std::unique_ptr<KeptJob> push_one_out(std::vector<Gone>& gone);
  std::unique_ptr<KeptJob> take_out(KeptJob& job);
  /// Pushes others out where there would else be more than `most`.
  KeptJob& find_or_add(std::string_view job_id, std::size_t most, std::vector<Gone>& gone);
  List& ranked(KeptJob::Rank of) { return lists_[static_cast<std::size_t>(of)]; }
  /// Calls `visit(job)` for each, which may take it out or change its rank: then it may be visited again.
  template <class Visit>
  void each(Visit visit) const;

  const LedgerOptions& options_;
  std::atomic<std::size_t>& bytes_;
  JobTable jobs_;
  std::array<List, 3> lists_{};  ///< by rank
  std::uint64_t last_number_ = 0;
  std::size_t unread_ = 0;
};

}  // namespace signalbox::hub
