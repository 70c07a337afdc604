#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "store/directory_lock.hpp"
#include "store/outcome_cursor.hpp"
#include "store/owed_receipts.hpp"
#include "store/sqlite.hpp"
#include "store/store_step.hpp"
#include "users/outcome_store.hpp"

namespace signalbox::store {

/// Outcomes and the names of those online in an SQLite file (WAL, synchronous=FULL): a log, to whose end each outcome
/// is appended. Throws StoreError.
///
/// thread  one at a time.
class OutcomeFile {
 public:
  /// Opens or makes `directory` (0700) and the file in it, and brings the file up to date, which `give_up` may end.
  explicit OutcomeFile(const std::string& directory, const std::function<bool()>& give_up = {});

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

  /// The newest row that the file had at the start. Later ones are free.
  Row rows_before() const { return rows_before_; }
  /// Rows behind this one are of no start before. Once a start.
  Row new_start();
  /// Was it called in an earlier start?
  bool had_unique_rows();
  /// A name that this file has and no other; made when it is first asked for.
  std::string name();
  users::StoredExtent extent();
  /// The next piece of all outcomes, with their packets or without. Is there more?
  bool load_more(LoadedOutcomes& piece, bool packets);
  std::vector<std::string> online();
  /// Made when it is first asked for: without other nodes there is none.
  OwedReceipts& owed();
  /// The outcome of that row, if there is one.
  std::optional<users::JobEntry> outcome_in(Row row);
  /// Reads a piece of these. Is there more?
  bool read_more(Reading& reading);

 private:
  static constexpr int kTidyPages = 1000;
  struct Statements {
    explicit Statements(sqlite3* connection);
    /// A statement for each of the tables that have rows.
    struct OfRow {
      Statement outcome, packet, received;
    };
    Statement put, put_packet, receive, online, offline, redate, date_at_most, packet_in, outcome_in;
    OfRow remove, move;
  };

  void see_that_it_is_in_place() const;
  void write(const Step& step);
  void put(Row row, const Put& put);
  void remove(Row row);
  void move(Row from, Row to);

  const DirectoryLock lock_;  // taken before anything else is touched, given back when all is closed
  Sqlite file_;
  const std::string log_;  ///< the name of SQLite's log of writes
  std::optional<Statements> statements_;
  std::optional<OwedReceipts> owed_;
  std::optional<OutcomeCursor> all_;  ///< of the load, as far as these
  Row rows_before_ = 0;
  int log_pages_ = 0;         ///< as of the last commit
  int tidy_at_ = kTidyPages;  ///< so many pages of the log
  log::RareWarning log_grows_;
};

}  // namespace signalbox::store
