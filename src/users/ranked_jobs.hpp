#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "users/job_table.hpp"

namespace signalbox::users {

/// The jobs of one user by their names, and those of one rank in a list, the one that has been in it longest first: so
/// that pushing one out costs the same however many there are.
///
/// thread  none of its own.
class RankedJobs {
 public:
  using Rank = KeptJob::Rank;

  KeptJob* find(const HashedText& id) { return jobs_.find(id); }
  const KeptJob* find(const HashedText& id) const { return jobs_.find(id); }
  /// Its outcome, if it is unread.
  const JobEntry* find_unread(std::string_view id) const {
    const KeptJob* job = find(hashed_job(id));
    return job && job->unread() ? job->outcome() : nullptr;
  }
  /// In no list.
  KeptJob& find_or_add(const HashedText& id) {
    KeptJob* job = find(id);
    if (!job) return jobs_.add({.hash = JobTable::short_hash(id), .of_queue = id.text.starts_with(kOfQueue)});
    unlink(*job);
    return *job;
  }
  template <class Visit>
  void each_of_id(std::string_view id, Visit visit) const {
    jobs_.each_of_id(id, visit);
  }
  std::size_t of_queues() const { return jobs_.of_queues(); }
  /// It will be looked for soon.
  void prefetch(const HashedText& id) const { jobs_.prefetch(id); }
  std::size_t size() const { return jobs_.size(); }

  /// Puts a job that is in no list to the end of the one of its rank.
  void link(KeptJob& job) {
    job.rank = job.unread() ? Rank::unread : job.runs ? Rank::running : Rank::received;
    List& to = list(job.rank);
    const std::uint32_t place = jobs_.place_of(job);
    job.older = to.newest;
    (to.oldest == KeptJob::kNone ? to.oldest : jobs_[to.newest].newer) = place;
    to.newest = place;
  }
  /// Takes it from the list that it is in, before anything in it changes. The neighbours' memory is cold: what an end
  /// of the list says of what lies beyond it is never read, hence not written.
  void unlink(const KeptJob& job) {
    List& from = list(job.rank);
    const std::uint32_t place = jobs_.place_of(job);
    if (from.oldest == from.newest) {
      from = {};
    } else if (from.oldest == place) {
      from.oldest = job.newer;
    } else if (from.newest == place) {
      from.newest = job.older;
    } else {
      jobs_[job.older].newer = job.newer;
      jobs_[job.newer].older = job.older;
    }
  }
  void remove(KeptJob& job) {
    unlink(job);
    jobs_.remove(job);
  }

  /// Of which rank is the job that goes first? Of none that is unread.
  Rank first_rank() const { return list(Rank::received).oldest != KeptJob::kNone ? Rank::received : Rank::running; }
  KeptJob& oldest(Rank rank) { return jobs_[list(rank).oldest]; }
  /// A user at the limit loses the oldest job for each new one, and all of it is memory that was not touched for as
  /// long as this user has jobs: the next one's is fetched now. The job itself was fetched when it was the one after
  /// the next.
  void look_ahead(Rank rank) const {
    const List& of = list(rank);
    if (of.oldest == KeptJob::kNone || of.oldest == of.newest) return;
    const KeptJob& next = jobs_[of.oldest];
    __builtin_prefetch(&*next.newest.frame, 1);
    jobs_.prefetch(next);
    __builtin_prefetch(&jobs_[next.newer], 1);
  }

  /// Calls `visit(job)` for each that is here now, by rank; it may take it out or put it elsewhere.
  template <class Visit>
  void each(Visit visit) {
    for (const List& one : std::array(lists_)) each(jobs_, one, visit);
  }
  template <class Visit>
  void each(Visit visit) const {
    for (const List& one : lists_) each(jobs_, one, visit);
  }
  template <class Visit>
  void each_of(Rank rank, Visit visit) {
    each(jobs_, List(list(rank)), visit);
  }
  /// Gives memory back when little of it is used.
  void compact() {
    if (!jobs_.mostly_free()) return;
    JobTable before = std::exchange(jobs_, {});
    const auto take_over = [this](KeptJob& job) { link(jobs_.add(std::move(job))); };
    for (const List& one : std::exchange(lists_, {})) each(before, one, take_over);
  }

 private:
  /// Places.
  struct List {
    std::uint32_t oldest = KeptJob::kNone;
    std::uint32_t newest = KeptJob::kNone;
  };
  List& list(Rank of) { return lists_[static_cast<std::size_t>(of)]; }
  const List& list(Rank of) const { return lists_[static_cast<std::size_t>(of)]; }
  template <class Jobs, class Visit>
  static void each(Jobs& jobs, const List& list, Visit& visit) {
    for (std::uint32_t place = list.oldest; place != KeptJob::kNone;) {
      auto& job = jobs[place];
      place = place == list.newest ? KeptJob::kNone : job.newer;
      visit(job);
    }
  }

  JobTable jobs_;
  std::array<List, 3> lists_{};  ///< by rank
};

}  // namespace signalbox::users
