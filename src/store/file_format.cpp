#include "store/file_format.hpp"

#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace signalbox::store {
namespace {

constexpr std::chrono::seconds kTellEach{5};

// Packets by themselves: a start reads the rest alone, and nothing rewrites them. A receipt is a row of its own for the
// same reason.
constexpr const char* kTables =
    "CREATE TABLE outcome(row INTEGER PRIMARY KEY, number INTEGER NOT NULL, time INTEGER NOT NULL, user TEXT NOT NULL, "
    "job TEXT NOT NULL);"
    "CREATE TABLE packet(row INTEGER PRIMARY KEY, packet TEXT NOT NULL);"
    "CREATE TABLE received(row INTEGER PRIMARY KEY, at INTEGER NOT NULL);";
constexpr const char* kOnline = "CREATE TABLE online(user TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;";

std::int64_t number_in(Sqlite& file, const char* sql) {
  Statement statement(file.get(), sql);
  const std::int64_t out = statement.step() ? statement.number(0) : 0;
  statement.reset();
  return out;
}

void commit(Sqlite& file, const std::string& sql, int format) {
  file.execute(("BEGIN IMMEDIATE;" + sql + "PRAGMA user_version = " + std::to_string(format) + "; COMMIT").c_str());
}

/// Moves outcomes out of the table of format 2, which had them by (user, job), each user's in the order of their
/// numbers. What has been moved is gone there.
class FromFormat2 {
 public:
  explicit FromFormat2(Sqlite& file)
      : file_(file),
        row_(last_row(file)),
        first_user_(file.get(), "SELECT user FROM outcome_2 ORDER BY user LIMIT 1"),
        jobs_of_(file.get(), "SELECT job FROM outcome_2 WHERE user = ? ORDER BY number DESC"),
        read_(file.get(), "SELECT number, time, had_at, packet FROM outcome_2 WHERE user = ? AND job = ?"),
        remove_(file.get(), "DELETE FROM outcome_2 WHERE user = ? AND job = ?"),
        outcome_(file.get(), "INSERT INTO outcome(row, number, time, user, job) VALUES(?, ?, ?, ?, ?)"),
        packet_(file.get(), "INSERT INTO packet(row, packet) VALUES(?, ?)"),
        received_(file.get(), "INSERT INTO received(row, at) VALUES(?, ?)") {}

  /// Is there more?
  bool move_a_piece() {
    constexpr std::size_t kPiece = 8u << 20;
    file_.execute("BEGIN IMMEDIATE");
    try {
      bool more = true;
      for (std::size_t bytes = 0; more && bytes < kPiece;) {
        more = !jobs_.empty() || next_user();
        if (more) bytes += move_one();
      }
      file_.execute("COMMIT");
      file_.checkpoint();
      return more;
    } catch (const SqliteError&) {
      file_.roll_back();
      throw;
    }
  }
  std::size_t moved() const { return moved_; }

 private:
  bool next_user() {
    if (!first_user_.step()) return false;
    user_ = first_user_.text(0);
    first_user_.reset();
    jobs_of_.bind(user_);
    while (jobs_of_.step()) jobs_.push_back(jobs_of_.text(0));
    return true;
  }
  /// The oldest of the user's. Returns its bytes.
  std::size_t move_one() {
    const std::string job = std::move(jobs_.back());
    jobs_.pop_back();
    read_.bind(user_).bind(job).step();
    const std::string_view packet = read_.view(3);
    const std::size_t bytes = packet.size() + user_.size() + job.size();
    ++row_;
    packet_.bind(row_).bind(packet).run();
    outcome_.bind(row_).bind(read_.number(0)).bind(read_.number(1)).bind(user_).bind(job).run();
    if (const std::int64_t at = read_.number(2); at != 0) received_.bind(row_).bind(at).run();
    read_.reset();
    remove_.bind(user_).bind(job).run();
    ++moved_;
    return bytes;
  }

  Sqlite& file_;
  std::int64_t row_;
  Statement first_user_, jobs_of_, read_, remove_, outcome_, packet_, received_;
  std::string user_{};
  std::vector<std::string> jobs_{};  ///< of that user, the oldest at the end
  std::size_t moved_ = 0;
};

void move_outcomes(Sqlite& file, const std::function<bool()>& give_up) {
  FromFormat2 step(file);
  TimePoint told = Clock::now();
  while (step.move_a_piece()) {
    if (give_up && give_up()) throw StoreError("the start was given up; the next one goes on with the new format");
    if (Clock::now() - told < kTellEach) continue;
    told = Clock::now();
    log::info("the store is brought to its new format", {{"outcomes", std::to_string(step.moved())}});
  }
}

}  // namespace

std::int64_t last_row(Sqlite& file) {
  return number_in(file,
                   "SELECT max((SELECT ifnull(max(row), 0) FROM outcome), (SELECT ifnull(max(row), 0) FROM packet), "
                   "(SELECT ifnull(max(row), 0) FROM received))");
}

void bring_up_to_date(Sqlite& file, const std::function<bool()>& give_up) {
  const std::int64_t found = number_in(file, "PRAGMA user_version");
  if (found < 0 || found > kFormat) {
    throw StoreError("the file in DATA_DIR is of a newer version (" + std::to_string(found) + ", this program knows " +
                     std::to_string(kFormat) + "): use the newer program, or another DATA_DIR");
  }
  if (found == 0) commit(file, std::string(kTables) + kOnline, 3);
  if (found == 1) commit(file, kOnline, 2);
  if (found == 1 || found == 2)
    log::info("outcomes.db is brought to format 3: an older version will not open it any more");
  if (found == 1 || found == 2) commit(file, std::string("ALTER TABLE outcome RENAME TO outcome_2;") + kTables, 3);
  // The format says 3 from the first piece on, so that an older program leaves the file alone in the middle of it too.
  if (number_in(file, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'outcome_2'") == 0) return;
  move_outcomes(file, give_up);
  file.execute("DROP TABLE outcome_2");
}

}  // namespace signalbox::store
