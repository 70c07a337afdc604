#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "hub/outcome_store.hpp"
#include "store/directory_lock.hpp"
#include "store/sqlite.hpp"

namespace signalbox::store {

/// Outcomes and the names of those online in an SQLite file of their own (WAL, synchronous=FULL), written by one thread
/// in group commits: all that waits goes in one transaction. What cannot be written stays queued and is tried again
/// each second; until then the store is not healthy. The outcomes of a user are read by the same thread, a piece
/// between two commits, so that no commit waits long for who reads much.
///
/// thread  any. The file belongs to the writing thread once load() and online() have returned.
class SqliteStore final : public hub::OutcomeStore {
 public:
  static constexpr int kFormat = 2;

  /// Opens or makes `directory` (0700) and the file in it. Throws StoreError with what is wrong: not writable, not a
  /// database, of a newer version, in use by another server.
  explicit SqliteStore(const std::string& directory);
  /// Writes what is queued.
  ~SqliteStore() override;

  bool healthy() const override { return healthy_.load(std::memory_order_relaxed); }
  void put(std::string_view user, std::string_view job_id, const hub::JobEntry& outcome) override;
  void had(std::string_view user, hub::Outcomes outcomes, hub::WallMs at) override;
  void forget(std::string_view user, std::string_view job_id, std::uint64_t number) override;
  void presence(hub::PresenceChanges changes) override;
  void when_committed(Committed callback) override;
  void read(std::string_view user, Found callback) override;
  void load(const std::function<void(hub::StoredOutcome)>& take) override;
  std::vector<std::string> online() override;

 private:
  struct Step {
    enum class Kind : std::uint8_t { put, had, forget, presence, tell } kind;
    std::string user{}, job_id{};
    std::uint64_t after = 0, number = 0;
    hub::WallMs time = 0;
    FrameRef frame{};
    hub::PresenceChanges presence{};
    Committed callback{};
  };
  struct Statements {
    explicit Statements(sqlite3* connection);
    Statement put, had, forget, online, offline, of_user;
  };
  struct Question {
    std::string user;
    Found callback;
    std::vector<hub::StoredOutcome> found{};
    std::string read_to{};  ///< the last job of the pieces that were read
    bool begun = false;
  };

  void migrate();
  void add(Step step);
  void run();
  bool wait();
  void write_all();
  void write(const std::vector<Step>& steps);
  void write(const Step& step);
  bool try_to_write(const std::vector<Step>& steps);
  static void tell(std::vector<Step>& steps, bool durable);
  void read_some();
  void add_unwritten(Question& question) const;
  bool read_more(Question& question);

  const DirectoryLock lock_;
  Sqlite file_;
  std::optional<Statements> statements_;
  std::atomic<bool> healthy_{true};
  std::mutex mutex_;  // guards the queue and the flag: every thread queues, one writes
  std::condition_variable changed_;
  std::vector<Step> queue_;
  std::vector<Question> asked_;
  bool ending_ = false;
  // The writer's own.
  std::vector<Step> steps_;  ///< being written; more than that when they could not be
  std::deque<Question> questions_;
  TimePoint retry_at_{};
  std::thread writer_;
};

}  // namespace signalbox::store
