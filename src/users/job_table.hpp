#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/frame.hpp"
#include "base/text.hpp"
#include "users/hash_index.hpp"
#include "users/job_name.hpp"
#include "users/ledger_clock.hpp"

namespace signalbox::users {

/// Names an outcome in the store. Rises over all users; 0: it is not there.
using Row = std::uint64_t;
/// Rows with this bit name outcomes of other nodes' stores. Such an outcome is kept in memory alone here, while its
/// user is: who holds it has it on a disk.
inline constexpr Row kOfAnother = Row{1} << 63;
constexpr bool of_another(Row row) {
  return (row & kOfAnother) != 0;
}

/// What is kept for one event. The encoded frame is the record: event and data are slices of it. Of an outcome whose
/// packet lies in the store alone, the frame has but its key.
struct JobEntry {
  FrameRef frame;            ///< none: nothing is kept
  std::uint64_t number = 0;  ///< of all that was kept for this user; rises
  LedgerMs time = 0;         ///< in the store, and in what a page shows: WallMs
  LedgerMs received_at = 0;  ///< outcomes: when the user received it; 0: unread
  Row row = 0;

  /// An outcome that nobody has received.
  bool unread() const { return frame && frame->kind() == FrameKind::outcome && received_at == 0; }
  /// Is its packet in memory?
  bool loaded() const { return !frame->packet().empty(); }
};

/// What the allocator takes for so many bytes.
constexpr std::size_t allocated(std::size_t bytes) {
  return std::max<std::size_t>(32, (bytes + 8 + 15) / 16 * 16);
}

/// What stays in memory of an outcome whose packet lies in the store.
inline FrameRef key_alone(const FrameRef& frame) {
  return text_frame({}, frame->kind(), frame->name());
}

/// What is kept of one job: its newest progress while it runs, its outcome, or both. A cache line.
struct alignas(64) KeptJob {
  /// In which order a bound pushes out: received outcomes first, then progress, unread outcomes never.
  enum class Rank : std::uint8_t { received, running, unread };
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  JobEntry newest{};                         ///< its progress while it runs, else its outcome
  std::unique_ptr<JobEntry> ended_before{};  ///< its outcome from before it began to run again
  std::uint32_t hash = 0;                    ///< of its id
  std::uint32_t older = kNone;               ///< place of its neighbour in the list of its rank; of the ends, anything
  std::uint32_t newer = kNone;
  Rank rank = Rank::unread;
  bool runs : 1 = false;
  bool silent : 1 = false;        ///< `newest` was not told, for somebody else tells of it
  bool of_queue : 1 = false;      ///< constant
  std::uint16_t told_second = 0;  ///< in which its progress was last told elsewhere, modulo its range

  const JobEntry* progress() const { return runs ? &newest : nullptr; }
  /// The newest that users were told; null: nothing.
  const JobEntry* told() const { return silent ? ended_before.get() : &newest; }
  const JobEntry* outcome() const { return runs ? ended_before.get() : &newest; }
  JobEntry* outcome() { return runs ? ended_before.get() : &newest; }
  bool unread() const { return outcome() && outcome()->received_at == 0; }
  /// Its name is in its frames.
  std::string_view id() const { return newest.frame->key(); }
};

static_assert(sizeof(KeptJob) == 64);

/// The jobs of one user by their names. They lie side by side and are named by places, and a look-up that finds nothing
/// reads no ids: a user has hundreds of jobs and a server hundreds of thousands of users, so that each memory that is
/// touched is a cold one.
class JobTable {
 public:
  KeptJob* find(const HashedText& id) { return const_cast<KeptJob*>(std::as_const(*this).find(id)); }
  const KeptJob* find(const HashedText& id) const {
    const auto place = index_.find(short_hash(id), [&](std::uint32_t at) { return jobs_[at].id() == id.text; });
    return place == KeptJob::kNone ? nullptr : &jobs_[place];
  }
  /// Visits all jobs of that id, whoever tells of them.
  template <class Visit>
  void each_of_id(std::string_view id, Visit visit) const {
    index_.find(static_cast<std::uint32_t>(HashedText(id).hash), [&](std::uint32_t at) {
      if (job_name(jobs_[at].id()).id == id) visit(jobs_[at]);
      return false;
    });
  }
  /// How many of the jobs are queues'.
  std::size_t of_queues() const { return of_queues_; }
  /// Adds a job whose name is not there. The others may move in memory, their places stay.
  KeptJob& add(KeptJob job) {
    const std::uint32_t place = take_place();
    index_.add(job.hash, place);
    of_queues_ += job.of_queue;
    return jobs_[place] = std::move(job);
  }
  void remove(KeptJob& job) {
    index_.remove(job.hash, place_of(job));
    of_queues_ -= job.of_queue;
    job = {.newer = std::exchange(first_free_, place_of(job))};
  }
  /// It will be looked for soon.
  void prefetch(const HashedText& id) const { index_.prefetch(short_hash(id)); }
  void prefetch(const KeptJob& job) const { index_.prefetch(job.hash); }
  KeptJob& operator[](std::uint32_t place) { return jobs_[place]; }
  const KeptJob& operator[](std::uint32_t place) const { return jobs_[place]; }
  std::uint32_t place_of(const KeptJob& job) const { return static_cast<std::uint32_t>(&job - jobs_.data()); }
  std::size_t size() const { return index_.size(); }
  /// Would it take much less memory if it were made anew?
  bool mostly_free() const { return jobs_.size() > 64 && size() < jobs_.size() / 4; }

  static std::uint32_t short_hash(const HashedText& id) { return static_cast<std::uint32_t>(id.hash); }

 private:
  std::uint32_t take_place() {
    if (first_free_ == KeptJob::kNone) {
      jobs_.emplace_back();
      return static_cast<std::uint32_t>(jobs_.size() - 1);
    }
    return std::exchange(first_free_, jobs_[first_free_].newer);
  }

  HashIndex<std::uint32_t, KeptJob::kNone> index_;  ///< their places
  std::vector<KeptJob> jobs_;
  std::uint32_t first_free_ = KeptJob::kNone;  ///< of those in jobs_ that are none, linked by `newer`
  std::uint32_t of_queues_ = 0;
};

}  // namespace signalbox::users
