#include "store/outcome_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace signalbox::store {
namespace {

constexpr std::size_t kPiece = 1 << 20;  ///< bytes that are read between two commits

log::RareWarning log_grows;

/// Made as its owner's alone, also in a folder that was there before; SQLite gives its other files the mode of this
/// one. A file that is there is not opened: to close it would take SQLite's locks from whoever else has it in this
/// process.
std::string file_in(const std::string& directory) {
  std::string file = directory + "/outcomes.db";
  if (const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600); made >= 0) ::close(made);
  return file;
}

/// A row of user, job, number, time, had_at, packet.
hub::StoredOutcome outcome_in(const Statement& row) {
  std::string job = row.text(1);
  const FrameRef frame = text_frame(row.text(5), FrameKind::outcome, job);
  return {.user = row.text(0),
          .job_id = std::move(job),
          .entry = {.frame = frame,
                    .number = static_cast<std::uint64_t>(row.number(2)),
                    .time = row.number(3),
                    .had_at = row.number(4)}};
}

}  // namespace

OutcomeFile::Statements::Statements(sqlite3* connection)
    : put(connection,
          "INSERT INTO outcome(user, job, number, time, had_at, packet) VALUES(?, ?, ?, ?, 0, ?) ON CONFLICT(user, "
          "job) DO UPDATE "
          "SET number = excluded.number, time = excluded.time, had_at = 0, packet = excluded.packet"),
      had(connection, "UPDATE outcome SET had_at = ? WHERE user = ? AND number > ? AND number <= ? AND had_at = 0"),
      forget(connection, "DELETE FROM outcome WHERE user = ? AND job = ? AND number = ?"),
      online(connection, "INSERT OR IGNORE INTO online(user) VALUES(?)"),
      offline(connection, "DELETE FROM online WHERE user = ?"),
      of_job(connection, "SELECT user, job, number, time, had_at, packet FROM outcome WHERE user = ? AND job = ?"),
      of_user(connection,
              "SELECT user, job, number, time, had_at, packet FROM outcome WHERE user = ? AND job > ? ORDER BY job") {}

OutcomeFile::OutcomeFile(const std::string& directory)
    : lock_(directory), file_(file_in(directory)), log_(directory + "/outcomes.db-wal") {
  // Exclusive: against programs that do not know our lock. It also spares SQLite the files of shared memory.
  file_.execute("PRAGMA locking_mode = EXCLUSIVE");
  file_.execute("PRAGMA journal_mode = WAL");
  file_.execute("PRAGMA synchronous = FULL");
  file_.execute("PRAGMA journal_size_limit = 67108864");  // what a large outcome has made of the log is given back
  file_.count_log_pages(log_pages_);
  migrate();
  statements_.emplace(file_.get());
}

// Each version's step, from the file's own to ours. A file of a newer version is left as it is.
void OutcomeFile::migrate() {
  Statement version(file_.get(), "PRAGMA user_version");
  version.step();
  const std::int64_t found = version.number(0);
  version.run();
  if (found < 0 || found > kFormat) {
    throw StoreError("the file in DATA_DIR is of a newer version (" + std::to_string(found) + ", this program knows " +
                     std::to_string(kFormat) + "): use the newer program, or another DATA_DIR");
  }
  constexpr const char* kSteps[kFormat] = {
      "CREATE TABLE outcome(user TEXT NOT NULL, job TEXT NOT NULL, number INTEGER NOT NULL, time INTEGER NOT NULL, "
      "had_at INTEGER NOT NULL, packet TEXT NOT NULL, PRIMARY KEY(user, job)) WITHOUT ROWID;",
      "CREATE TABLE online(user TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;"};
  for (auto format = found; format < kFormat; ++format) {
    file_.execute(("BEGIN IMMEDIATE;" + std::string(kSteps[format]) +
                   "PRAGMA user_version = " + std::to_string(format + 1) + "; COMMIT")
                      .c_str());
  }
}

bool OutcomeFile::load_more(std::vector<hub::StoredOutcome>& piece, bool whole) {
  if (!all_ || std::exchange(all_whole_, whole) != whole) {
    const std::string packet = whole ? "packet" : "''";
    all_.emplace(file_.get(), ("SELECT user, job, number, time, had_at, " + packet +
                               " FROM outcome WHERE (user, job) > (?, ?) ORDER BY user, job")
                                  .c_str());
    all_->bind(loaded_user_).bind(loaded_job_);
  }
  for (std::size_t bytes = 0; all_->step();) {
    const hub::StoredOutcome& one = piece.emplace_back(outcome_in(*all_));
    bytes += one.entry.frame->memory();
    if (bytes < kPiece) continue;
    loaded_user_ = one.user;
    loaded_job_ = one.job_id;
    return true;
  }
  all_.reset();
  return false;
}

std::vector<std::string> OutcomeFile::online() {
  std::vector<std::string> out;
  Statement all(file_.get(), "SELECT user FROM online");
  while (all.step()) out.push_back(all.text(0));
  return out;
}

std::optional<hub::JobEntry> OutcomeFile::outcome_of(std::string_view user, std::string_view job_id) {
  Statement& row = statements_->of_job;
  if (!row.bind(user).bind(job_id).step()) return std::nullopt;
  hub::JobEntry entry = outcome_in(row).entry;
  row.reset();
  return entry;
}

bool OutcomeFile::read_more(std::string_view user, std::string& read_to, std::vector<hub::StoredOutcome>& found) {
  Statement& rows = statements_->of_user;
  rows.bind(user).bind(read_to);
  for (std::size_t bytes = 0; rows.step();) {
    const hub::StoredOutcome& one = found.emplace_back(outcome_in(rows));
    bytes += one.entry.frame->memory();
    if (bytes < kPiece) continue;
    read_to = one.job_id;
    rows.reset();
    return true;
  }
  return false;
}

bool OutcomeFile::read_more(std::string_view user, JobsToRead& jobs, std::vector<hub::StoredOutcome>& found) {
  for (std::size_t bytes = 0; jobs.next < jobs.jobs.size() && jobs.bytes_left != 0;) {
    const std::string& job = jobs.jobs[jobs.next++];
    auto entry = outcome_of(user, job);
    if (!entry) continue;
    const std::size_t size = entry->frame->memory();
    jobs.bytes_left -= std::min(jobs.bytes_left, size);
    found.push_back({.user = std::string(user), .job_id = job, .entry = std::move(*entry)});
    if ((bytes += size) >= kPiece) return true;
  }
  return false;
}

// What is wrong with one row undoes that row alone: the transaction goes on without it.
std::vector<OutcomeFile::Refused> OutcomeFile::write(const Batch& batch) {
  see_that_it_is_in_place();
  std::vector<Refused> refused;
  file_.execute("BEGIN IMMEDIATE");
  try {
    for (const Step* step : batch) {
      try {
        write(*step);
      } catch (const SqliteError& error) {
        if (!error.of_one_row()) throw;
        refused.push_back({step, error});
      }
    }
    file_.execute("COMMIT");
  } catch (const SqliteError&) {
    file_.roll_back();
    throw;
  }
  return refused;
}

// A file without a name can be written like any other, and nobody would find it at the next start.
void OutcomeFile::see_that_it_is_in_place() const {
  if (!file_.has_moved() && ::access(log_.c_str(), F_OK) == 0) return;
  throw StoreError("outcomes.db or outcomes.db-wal was moved or removed from " + lock_.directory() +
                   " while in use; put it back, or restart the server");
}

void OutcomeFile::tidy() {
  if (log_pages_ < tidy_at_) return;
  tidy_at_ = kTidyPages;
  try {
    file_.checkpoint();
  } catch (const SqliteError& error) {
    tidy_at_ += log_pages_;
    log_grows.write("outcomes are written, but SQLite's log of them cannot be brought into its file and grows",
                    {{"what", error.what()}});
  }
}

void OutcomeFile::write(const Step& step) {
  const auto number = static_cast<std::int64_t>(step.number);
  switch (step.kind) {
    case Step::Kind::put:
      return statements_->put.bind(step.user)
          .bind(step.job_id)
          .bind(number)
          .bind(step.time)
          .bind(step.frame->packet())
          .run();
    case Step::Kind::had:
      return statements_->had.bind(step.time)
          .bind(step.user)
          .bind(static_cast<std::int64_t>(step.after))
          .bind(number)
          .run();
    case Step::Kind::forget:
      return statements_->forget.bind(step.user).bind(step.job_id).bind(number).run();
    case Step::Kind::presence:
      for (const auto& [user, online] : step.presence)
        (online ? statements_->online : statements_->offline).bind(user).run();
      return;
  }
}

}  // namespace signalbox::store
