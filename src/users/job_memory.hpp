#pragma once
#include <algorithm>
#include <cstddef>
#include <utility>

#include "users/job_table.hpp"
#include "users/ledger_options.hpp"

namespace signalbox::users {

/// sizeof(UserJobs), which has one of these.
inline constexpr std::size_t kUserJobsBytes = 136;

/// Counts what the jobs of one user take of memory: all of it, and what is unread.
///
/// thread  none of its own.
class JobMemory {
 public:
  /// `of_all` counts it with others'; `owner_bytes` is what its user takes, who is known because of the jobs.
  JobMemory(LedgerMemory& of_all, std::size_t owner_bytes) : of_all_(of_all), owner_bytes_(owner_bytes) {
    of_all_.add(jobs_bytes() + owner_bytes_);
  }
  ~JobMemory() { of_all_.add(-(jobs_bytes() + owner_bytes_)); }
  JobMemory(const JobMemory&) = delete;
  JobMemory& operator=(const JobMemory&) = delete;

  void count(const JobEntry& entry) {
    of_all_.add(cost(entry));
    if (entry.unread()) count_unread(entry);
    if (!entry.loaded()) ++unloaded_;
  }
  void uncount(const JobEntry& entry) {
    of_all_.add(-cost(entry));
    if (entry.unread()) uncount_unread(entry);
    if (!entry.loaded()) --unloaded_;
  }
  void uncount(const KeptJob& job) {
    if (job.newest.frame) uncount(job.newest);
    if (job.ended_before) uncount(*job.ended_before);
  }
  /// That outcome is not unread any more.
  void receive(JobEntry& outcome, LedgerMs now) {
    uncount_unread(outcome);
    outcome.received_at = now;
  }
  void change_frame(JobEntry& outcome, FrameRef frame) {
    uncount(outcome);
    outcome.frame = std::move(frame);
    count(outcome);
  }

  std::size_t unread() const { return unread_; }      ///< outcomes, and so jobs
  std::size_t unloaded() const { return unloaded_; }  ///< outcomes whose packets lie in the store alone
  std::size_t bytes_of_all() const { return of_all_.bytes.load(std::memory_order_relaxed); }

  /// What an outcome would add to UnreadMemory in the place of `before`, an unread one of the same job, or of none.
  std::size_t unread_growth(const Frame& outcome, const JobEntry* before) const {
    const std::size_t own = unread_cost(outcome, data_stays());
    if (before) return own - std::min(own, unread_cost(*before->frame, data_stays()));
    return unread_ != 0 ? own : own + jobs_bytes() + owner_bytes_;
  }
  /// The same for a user of whom no unread outcome is known; never less.
  static std::size_t first_unread_cost(const Frame& outcome, std::size_t owner_bytes, bool data_stays) {
    return unread_cost(outcome, data_stays) + jobs_bytes() + owner_bytes;
  }
  /// About what this many outcomes take, with this many bytes together.
  static std::size_t cost_of(std::size_t outcomes, std::size_t bytes) { return outcomes * kEntryBytes + bytes; }

 private:
  /// What a job takes beside its frame: a place, some of which are free, and its part of the index.
  static constexpr std::size_t kEntryBytes = 112;
  /// What a user's jobs take beside that: UserJobs and the first pieces of its tables.
  static constexpr std::size_t jobs_bytes() { return allocated(kUserJobsBytes) + 64; }

  static std::size_t cost(const JobEntry& entry) { return kEntryBytes + allocated(entry.frame->memory()); }
  static std::size_t unread_cost(const Frame& outcome, bool data_stays) {
    const std::size_t key_alone = outcome.memory() - outcome.packet().size() + outcome.name().size();
    return kEntryBytes + allocated(data_stays ? outcome.memory() : key_alone);
  }
  bool data_stays() const { return of_all_.unread->data_stays; }
  void count_unread(const JobEntry& outcome) {
    const bool first = unread_++ == 0;
    of_all_.add_unread(1);
    of_all_.unread->bytes.fetch_add(unread_cost(*outcome.frame, data_stays()) + share(first),
                                    std::memory_order_relaxed);
  }
  void uncount_unread(const JobEntry& outcome) {
    const bool last = --unread_ == 0;
    of_all_.add_unread(std::size_t{0} - 1);
    of_all_.unread->bytes.fetch_sub(unread_cost(*outcome.frame, data_stays()) + share(last), std::memory_order_relaxed);
  }
  /// What the first unread outcome takes beside its own, and the last gives back.
  std::size_t share(bool alone) const { return alone ? jobs_bytes() + owner_bytes_ : 0; }

  LedgerMemory& of_all_;
  const std::size_t owner_bytes_;
  std::size_t unread_ = 0;
  std::size_t unloaded_ = 0;
};

}  // namespace signalbox::users
