#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/outcome_store.hpp"
#include "store/directory_lock.hpp"
#include "store/sqlite.hpp"

namespace signalbox::store {

/// One thing that the store was asked to write.
struct Step {
  enum class Kind : std::uint8_t { put, had, forget, presence } kind;
  std::string user{}, job_id{};
  std::uint64_t after = 0, number = 0;
  hub::WallMs time = 0;
  FrameRef frame{};
  hub::CommitGroup group = 0;
  hub::PresenceChanges presence{};
};
using Batch = std::vector<const Step*>;

/// Some of a user's outcomes that are to be read, in this order.
struct JobsToRead {
  std::vector<std::string> jobs;
  std::size_t bytes_left;  ///< to be read: then it ends, perhaps a little later
  std::size_t next = 0;
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
  std::vector<Refused> write(const Batch& batch);
  /// Brings what was written from the log of writes into the file, if that log has grown long. Nothing depends on it
  /// but the log's length: when it fails, that is logged and tried again later.
  void tidy();

  /// The next piece of all outcomes, with their data or without. Is there more?
  bool load_more(std::vector<hub::StoredOutcome>& piece, bool whole);
  std::vector<std::string> online();
  /// The outcome of a job, if there is one.
  std::optional<hub::JobEntry> outcome_of(std::string_view user, std::string_view job_id);
  /// Adds a piece of a user's outcomes to `found`: those behind the job `read_to`, which it moves on. Is there more?
  bool read_more(std::string_view user, std::string& read_to, std::vector<hub::StoredOutcome>& found);
  /// The same of some jobs.
  bool read_more(std::string_view user, JobsToRead& jobs, std::vector<hub::StoredOutcome>& found);

 private:
  static constexpr int kTidyPages = 1000;
  struct Statements {
    explicit Statements(sqlite3* connection);
    Statement put, had, forget, online, offline, of_job, of_user;
  };

  void migrate();
  void see_that_it_is_in_place() const;
  void write(const Step& step);

  const DirectoryLock lock_;  // taken before anything else is touched, given back when all is closed
  Sqlite file_;
  const std::string log_;  ///< the name of SQLite's log of writes
  std::optional<Statements> statements_;
  std::optional<Statement> all_;  ///< of the load, as far as these
  bool all_whole_ = true;
  std::string loaded_user_{}, loaded_job_{};
  int log_pages_ = 0;         ///< as of the last commit
  int tidy_at_ = kTidyPages;  ///< so many pages of the log
};

}  // namespace signalbox::store
