#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/frame.hpp"
#include "base/text.hpp"

namespace signalbox::hub {

/// Unix time in milliseconds: what is kept outlives a process, and so does its clock.
using WallMs = std::int64_t;

/// What is kept for one event. The encoded frame is the record: event and data are slices of it.
struct JobEntry {
  FrameRef frame;            ///< none: nothing is kept
  std::uint64_t number = 0;  ///< of all that was kept for this user; rises
  WallMs time = 0;
  WallMs had_at = 0;  ///< outcomes: when the user had it; 0: not yet
};

/// What is kept of one job: its newest progress while it runs, its outcome, or both.
struct KeptJob {
  /// What a bound may push out: outcomes had first, then progress; what the user has not had never.
  enum class Rank : std::uint8_t { had, running, unread };

  JobEntry progress{}, outcome{};
  KeptJob* older = nullptr;  ///< in the list of its rank
  KeptJob* newer = nullptr;
  std::unique_ptr<KeptJob> next{};  ///< in its bucket
  std::size_t hash = 0;             ///< of its id
  Rank rank = Rank::unread;

  bool unread() const { return outcome.frame && outcome.had_at == 0; }
  /// Its id is in its frames. Only while there is one.
  std::string_view id() const { return (progress.frame ? progress : outcome).frame->key(); }
  /// The newer of the two.
  const JobEntry& newest() const {
    if (!outcome.frame) return progress;
    return progress.frame && progress.number > outcome.number ? progress : outcome;
  }
};

/// The jobs of one user by their ids. A job stays where it is, and a look-up that finds nothing reads no ids: a user
/// has hundreds of jobs and a server hundreds of thousands of users, so that each memory that is touched is a cold one.
class JobTable {
 public:
  KeptJob* find(const HashedText& id) const {
    if (buckets_.empty()) return nullptr;
    for (KeptJob* job = bucket(id.hash).get(); job; job = job->next.get()) {
      if (job->hash == id.hash && job->id() == id.text) return job;
    }
    return nullptr;
  }
  /// With its hash set; there is none of its id.
  KeptJob& add(std::unique_ptr<KeptJob> job) {
    if (size_ == buckets_.size()) grow();
    ++size_;
    return insert(std::move(job));
  }
  std::unique_ptr<KeptJob> remove(KeptJob& job) {
    auto* place = &bucket(job.hash);
    while (place->get() != &job) place = &(*place)->next;
    std::unique_ptr<KeptJob> removed = std::move(*place);
    *place = std::move(removed->next);
    --size_;
    return removed;
  }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t kFirstBuckets = 4;

  std::unique_ptr<KeptJob>& bucket(std::size_t hash) { return buckets_[hash & (buckets_.size() - 1)]; }
  const std::unique_ptr<KeptJob>& bucket(std::size_t hash) const { return buckets_[hash & (buckets_.size() - 1)]; }
  KeptJob& insert(std::unique_ptr<KeptJob> job) {
    auto& place = bucket(job->hash);
    job->next = std::move(place);
    place = std::move(job);
    return *place;
  }
  void grow() {
    std::vector<std::unique_ptr<KeptJob>> before(buckets_.empty() ? kFirstBuckets : 2 * buckets_.size());
    before.swap(buckets_);
    for (auto& chain : before) {
      while (chain) {
        std::unique_ptr<KeptJob> rest = std::move(chain->next);
        insert(std::move(chain));
        chain = std::move(rest);
      }
    }
  }

  std::vector<std::unique_ptr<KeptJob>> buckets_;  ///< a power of two
  std::size_t size_ = 0;
};

}  // namespace signalbox::hub
