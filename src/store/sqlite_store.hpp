#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "hub/outcome_store.hpp"
#include "store/outcome_file.hpp"

namespace signalbox::store {

/// Outcomes and the names of those online in a file that one thread writes in group commits: all that waits goes in one
/// transaction. What cannot be written stays queued and is tried again each second; until then the store is not
/// healthy. What can never be written, because it is at fault itself, is refused alone. The outcomes of a user are read
/// by the same thread, a piece between two commits, so that no commit waits long for who reads much.
///
/// thread  any. The file belongs to the writing thread once load() and online() have returned.
class SqliteStore final : public hub::OutcomeStore {
 public:
  /// Opens or makes `directory` (0700) and the file in it. Throws StoreError with what is wrong: not writable, not a
  /// database, of a newer version, in use by another server.
  explicit SqliteStore(const std::string& directory);
  /// Writes what is queued.
  ~SqliteStore() override;

  bool healthy() const override { return healthy_.load(std::memory_order_relaxed); }
  void put(std::string_view user, std::string_view job_id, const hub::JobEntry& outcome,
           hub::CommitGroup group) override;
  void had(std::string_view user, hub::Outcomes outcomes, hub::WallMs at) override;
  void forget(std::string_view user, std::string_view job_id, std::uint64_t number) override;
  void presence(hub::PresenceChanges changes) override;
  void when_committed(hub::CommitGroup group, Committed callback) override;
  void read(std::string_view user, Found callback) override;
  void load(const Take& take) override;
  std::vector<std::string> online() override;
  void on_refused(Refused callback) override { refused_ = std::move(callback); }

 private:
  struct Question {
    std::string user;
    Found callback;
    std::vector<hub::StoredOutcome> found{};
    std::string read_to{};  ///< the last job of the pieces that were read
    bool begun = false;
  };

  void add(Step step);
  void run();
  bool wait();
  void write_all();
  bool try_to_write();
  void drop(const OutcomeFile::Refused& refused);
  std::optional<hub::JobEntry> written_before(const Step& step);
  void tell(bool written);
  hub::Commit fate_of(hub::CommitGroup group);
  void read_some();
  void add_unwritten(Question& question) const;

  OutcomeFile file_;
  Refused refused_;
  std::atomic<bool> healthy_{true};
  std::mutex mutex_;  // guards the queue and the flag: every thread queues, one writes
  std::condition_variable changed_;
  std::vector<Step> queue_;
  std::vector<Question> asked_;
  bool ending_ = false;
  // The writer's own.
  std::vector<Step> steps_;  ///< being written; more than that when they could not be
  std::deque<Question> questions_;
  std::unordered_map<hub::CommitGroup, hub::Commit> faulty_;  ///< of which an outcome was refused, until that is told
  TimePoint retry_at_{};
  std::thread writer_;
};

}  // namespace signalbox::store
