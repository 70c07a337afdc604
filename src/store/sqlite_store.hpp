#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "hub/outcome_store.hpp"
#include "store/sqlite.hpp"

namespace signalbox::store {

/// Outcomes and the names of those online in an SQLite file of their own (WAL, synchronous=FULL), written by one thread
/// in group commits: all that waits goes in one transaction. What cannot be written stays queued and is tried again
/// each second; until then the store is not healthy. What users have not had is read by the same thread, behind what
/// was put before.
///
/// thread  any. The file belongs to the writing thread once load() and online() have returned.
class SqliteStore final : public hub::OutcomeStore {
 public:
  static constexpr int kFormat = 2;

  /// Opens or makes `directory` (0700) and the file in it. Throws SqliteError with what is wrong: not writable, not a
  /// database, of a newer version, in use by another server.
  explicit SqliteStore(const std::string& directory);
  /// Writes what is queued.
  ~SqliteStore() override;

  bool healthy() const override { return healthy_.load(std::memory_order_relaxed); }
  void put(std::string_view user, std::string_view job_id, const hub::JobEntry& outcome) override;
  void had(std::string_view user, std::uint64_t up_to, hub::WallMs at) override;
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
    std::uint64_t number = 0;
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
  };

  void migrate();
  void add(Step step);
  void write_all();
  void write(const std::vector<Step>& steps);
  void write(const Step& step);
  bool try_to_write(const std::vector<Step>& steps);
  static void tell(std::vector<Step>& steps, bool durable);
  void answer(Question& question, const std::vector<Step>& unwritten);

  Sqlite file_;
  std::optional<Statements> statements_;
  std::atomic<bool> healthy_{true};
  std::mutex mutex_;  // guards the queue and the flag: every thread queues, one writes
  std::condition_variable changed_;
  std::vector<Step> queue_;
  std::vector<Question> questions_;
  bool ending_ = false;
  std::thread writer_;
};

}  // namespace signalbox::store
