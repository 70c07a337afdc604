#include "store/sqlite_store.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "base/log.hpp"
#include "hub/emit.hpp"

namespace signalbox::store {
namespace {

constexpr std::chrono::seconds kRetry{1};
constexpr std::size_t kPiece = 1 << 20;  ///< bytes that are read between two commits

/// A file that may grow no more is an error like the others, and not the end of the program.
void ignore_size_signal() {
  struct sigaction action{};
  if (sigaction(SIGXFSZ, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) ::signal(SIGXFSZ, SIG_IGN);
}

/// Made as its owner's alone, also in a folder that was there before; SQLite gives its other files the mode of this
/// one. A file that is there is not opened: to close it would take SQLite's locks from whoever else has it in this
/// process.
std::string file_in(const std::string& directory) {
  std::string file = directory + "/outcomes.db";
  if (const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600); made >= 0) ::close(made);
  return file;
}

/// A row of user, job, number, time, had_at, packet.
hub::StoredOutcome outcome_of(const Statement& row) {
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

SqliteStore::Statements::Statements(sqlite3* connection)
    : put(connection,
          "INSERT INTO outcome(user, job, number, time, had_at, packet) VALUES(?, ?, ?, ?, 0, ?) ON CONFLICT(user, "
          "job) DO UPDATE "
          "SET number = excluded.number, time = excluded.time, had_at = 0, packet = excluded.packet"),
      had(connection, "UPDATE outcome SET had_at = ? WHERE user = ? AND number > ? AND number <= ? AND had_at = 0"),
      forget(connection, "DELETE FROM outcome WHERE user = ? AND job = ? AND number = ?"),
      online(connection, "INSERT OR IGNORE INTO online(user) VALUES(?)"),
      offline(connection, "DELETE FROM online WHERE user = ?"),
      of_user(connection,
              "SELECT user, job, number, time, had_at, packet FROM outcome WHERE user = ? AND job > ? ORDER BY job") {}

SqliteStore::SqliteStore(const std::string& directory) : lock_(directory), file_(file_in(directory)) {
  // Exclusive: against programs that do not know our lock. It also spares SQLite the files of shared memory.
  file_.execute("PRAGMA locking_mode = EXCLUSIVE");
  file_.execute("PRAGMA journal_mode = WAL");
  file_.execute("PRAGMA synchronous = FULL");
  ignore_size_signal();
  migrate();
  statements_.emplace(file_.get());
  writer_ = std::thread([this] { run(); });
}

SqliteStore::~SqliteStore() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  writer_.join();
}

// Each version's step, from the file's own to ours. A file of a newer version is left as it is.
void SqliteStore::migrate() {
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

void SqliteStore::load(const std::function<void(hub::StoredOutcome)>& take) {
  const std::lock_guard lock(mutex_);  // the writer has nothing to do before something is queued
  Statement all(file_.get(), "SELECT user, job, number, time, had_at, packet FROM outcome");
  while (all.step()) take(outcome_of(all));
}

std::vector<std::string> SqliteStore::online() {
  std::vector<std::string> out;
  const std::lock_guard lock(mutex_);
  Statement all(file_.get(), "SELECT user FROM online");
  while (all.step()) out.push_back(all.text(0));
  return out;
}

void SqliteStore::add(Step step) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(step));
    if (queue_.size() > 1) return;  // the writer has been woken already
  }
  changed_.notify_one();
}

void SqliteStore::put(std::string_view user, std::string_view job_id, const hub::JobEntry& outcome) {
  add({.kind = Step::Kind::put,
       .user = std::string(user),
       .job_id = std::string(job_id),
       .number = outcome.number,
       .time = outcome.time,
       .frame = outcome.frame});
}

void SqliteStore::had(std::string_view user, hub::Outcomes outcomes, hub::WallMs at) {
  add({.kind = Step::Kind::had,
       .user = std::string(user),
       .after = outcomes.after,
       .number = outcomes.up_to,
       .time = at});
}

void SqliteStore::forget(std::string_view user, std::string_view job_id, std::uint64_t number) {
  add({.kind = Step::Kind::forget, .user = std::string(user), .job_id = std::string(job_id), .number = number});
}

void SqliteStore::presence(hub::PresenceChanges changes) {
  add({.kind = Step::Kind::presence, .presence = std::move(changes)});
}

void SqliteStore::when_committed(Committed callback) {
  add({.kind = Step::Kind::tell, .callback = std::move(callback)});
}

void SqliteStore::read(std::string_view user, Found callback) {
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back({.user = std::string(user), .callback = std::move(callback)});
  }
  changed_.notify_one();
}

// One piece of what is read after each commit: outcomes are not held up by a user who has many.
void SqliteStore::run() {
  for (;;) {
    const bool ending = wait();
    if (!steps_.empty() && (ending || healthy() || Clock::now() >= retry_at_)) write_all();
    if (ending) return;
    read_some();
  }
}

// Takes over what was asked since. Is it the end?
bool SqliteStore::wait() {
  std::unique_lock lock(mutex_);
  const auto wanted = [this] {
    return ending_ || !asked_.empty() || !questions_.empty() || (healthy() && !queue_.empty());
  };
  healthy() ? changed_.wait(lock, wanted) : static_cast<void>(changed_.wait_until(lock, retry_at_, wanted));
  std::ranges::move(std::exchange(queue_, {}), std::back_inserter(steps_));
  std::ranges::move(std::exchange(asked_, {}), std::back_inserter(questions_));
  return ending_;
}

void SqliteStore::write_all() {
  const bool written = try_to_write(steps_);
  tell(steps_, written);
  if (written) {
    steps_.clear();
  } else {
    retry_at_ = Clock::now() + kRetry;
  }
}

bool SqliteStore::try_to_write(const std::vector<Step>& steps) {
  try {
    write(steps);
    if (!healthy_.exchange(true)) log::info("outcomes are written again");
    return true;
  } catch (const SqliteError& error) {
    if (healthy_.exchange(false)) {
      log::error("outcomes cannot be written and are refused until they can; progress goes on",
                 {{"what", error.what()}});
    }
    return false;
  }
}

void SqliteStore::write(const std::vector<Step>& steps) {
  file_.execute("BEGIN IMMEDIATE");
  try {
    for (const Step& step : steps) write(step);
    file_.execute("COMMIT");
  } catch (const SqliteError&) {
    file_.roll_back();
    throw;
  }
}

void SqliteStore::write(const Step& step) {
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
    case Step::Kind::tell:
      return;
  }
}

void SqliteStore::read_some() {
  if (questions_.empty()) return;
  Question& question = questions_.front();
  if (!std::exchange(question.begun, true)) add_unwritten(question);
  try {
    if (read_more(question)) return;
  } catch (const SqliteError& error) {
    log::error("outcomes cannot be read and are not told until they can",
               {{"user", question.user}, {"what", error.what()}});
  }
  question.callback(question.found);
  questions_.pop_front();
}

// At the start: what is written meanwhile may lie before the place that has been reached in the file.
void SqliteStore::add_unwritten(Question& question) const {
  for (const Step& step : steps_) {
    if (step.kind != Step::Kind::put || step.user != question.user) continue;
    question.found.push_back({.user = step.user,
                              .job_id = step.job_id,
                              .entry = {.frame = step.frame, .number = step.number, .time = step.time}});
  }
}

// Is there more?
bool SqliteStore::read_more(Question& question) {
  Statement& rows = statements_->of_user;
  rows.bind(question.user).bind(question.read_to);
  for (std::size_t bytes = 0; rows.step();) {
    hub::StoredOutcome& found = question.found.emplace_back(outcome_of(rows));
    bytes += found.entry.frame->memory();
    if (bytes < kPiece) continue;
    question.read_to = found.job_id;
    rows.reset();
    return true;
  }
  return false;
}

// Who waits is told at once that it failed; the steps themselves stay until they are written.
void SqliteStore::tell(std::vector<Step>& steps, bool durable) {
  for (Step& step : steps) {
    if (step.callback) std::exchange(step.callback, {})(durable);
  }
}

}  // namespace signalbox::store
