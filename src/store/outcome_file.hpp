#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "hub/outcome_store.hpp"
#include "store/directory_lock.hpp"
#include "store/sqlite.hpp"

namespace signalbox::store {

/// One thing that the store was asked to write.
struct Step {
  enum class Kind : std::uint8_t { put, had, forget, presence, tell } kind;
  std::string user{}, job_id{};
  std::uint64_t after = 0, number = 0;
  hub::WallMs time = 0;
  FrameRef frame{};
  hub::CommitGroup group = 0;
  hub::PresenceChanges presence{};
  hub::OutcomeStore::Committed callback{};
};

/// Outcomes and the names of those online in an SQLite file (WAL, synchronous=FULL). Throws StoreError.
///
/// thread  one at a time.
class OutcomeFile {
 public:
  static constexpr int kFormat = 2;

  /// Opens or makes `directory` (0700) and the file in it, and brings the file up to date.
  explicit OutcomeFile(const std::string& directory);

  /// A step that can never be written, and why not.
  struct Refused {
    const Step* step;
    SqliteError error;
  };
  /// Writes all of these in one transaction, but those that can never be written. When it throws, none is written.
  std::vector<Refused> write(const std::vector<Step>& steps);

  /// All outcomes, one after the other. Data that is not wanted is not read.
  void load(const hub::OutcomeStore::Take& take);
  std::vector<std::string> online();
  /// The outcome of a job, if there is one.
  std::optional<hub::JobEntry> outcome_of(std::string_view user, std::string_view job_id);
  /// Adds a piece of a user's outcomes to `found`: those behind the job `read_to`, which it moves on. Is there more?
  bool read_more(std::string_view user, std::string& read_to, std::vector<hub::StoredOutcome>& found);

 private:
  struct Statements {
    explicit Statements(sqlite3* connection);
    Statement put, had, forget, online, offline, of_job, of_user;
  };

  void migrate();
  void write(const Step& step);

  const DirectoryLock lock_;  // taken before anything else is touched, given back when all is closed
  Sqlite file_;
  std::optional<Statements> statements_;
};

}  // namespace signalbox::store
