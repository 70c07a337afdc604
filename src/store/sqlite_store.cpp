#include "store/sqlite_store.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "base/log.hpp"
#include "hub/emit.hpp"

namespace signalbox::store {
namespace {

constexpr std::chrono::seconds kRetry{1};

/// A file that may grow no more is an error like the others, and not the end of the program.
void ignore_size_signal() {
  struct sigaction action{};
  if (sigaction(SIGXFSZ, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) ::signal(SIGXFSZ, SIG_IGN);
}

std::string file_in(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    throw SqliteError("DATA_DIR " + directory + " cannot be made: " + std::strerror(errno));
  }
  // Its owner's alone, also in a folder that was there before. SQLite gives its other files the mode of this one.
  std::string file = directory + "/outcomes.db";
  if (const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); made >= 0) ::close(made);
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
      had(connection, "UPDATE outcome SET had_at = ? WHERE user = ? AND number <= ? AND had_at = 0"),
      forget(connection, "DELETE FROM outcome WHERE user = ? AND job = ? AND number = ?"),
      online(connection, "INSERT OR IGNORE INTO online(user) VALUES(?)"),
      offline(connection, "DELETE FROM online WHERE user = ?"),
      of_user(connection, "SELECT user, job, number, time, had_at, packet FROM outcome WHERE user = ?") {}

SqliteStore::SqliteStore(const std::string& directory) : file_(file_in(directory)) {
  // Exclusive: a second server on the same file would tell users what the first has told them already.
  file_.execute("PRAGMA locking_mode = EXCLUSIVE");
  file_.execute("PRAGMA journal_mode = WAL");
  file_.execute("PRAGMA synchronous = FULL");
  ignore_size_signal();
  migrate();
  statements_.emplace(file_.get());
  writer_ = std::thread([this] { write_all(); });
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
    throw SqliteError("the file in DATA_DIR is of a newer version (" + std::to_string(found) + ", this program knows " +
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

void SqliteStore::had(std::string_view user, std::uint64_t up_to, hub::WallMs at) {
  add({.kind = Step::Kind::had, .user = std::string(user), .number = up_to, .time = at});
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
    questions_.push_back({std::string(user), std::move(callback)});
  }
  changed_.notify_one();
}

void SqliteStore::write_all() {
  std::vector<Step> steps;
  for (;;) {
    std::vector<Question> questions;
    {
      std::unique_lock lock(mutex_);
      if (healthy()) {
        changed_.wait(lock, [this] { return ending_ || !queue_.empty() || !questions_.empty(); });
      } else {
        changed_.wait_for(lock, kRetry, [this] { return ending_ || !questions_.empty(); });
      }
      if (ending_ && queue_.empty() && steps.empty()) return;
      for (Step& step : queue_) steps.push_back(std::move(step));
      queue_.clear();
      questions_.swap(questions);
    }
    const bool written = steps.empty() || try_to_write(steps);
    tell(steps, written);
    if (written) steps.clear();
    for (Question& question : questions) answer(question, steps);
    const std::lock_guard lock(mutex_);
    if (ending_ && !written) return;
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
      return statements_->had.bind(step.time).bind(step.user).bind(number).run();
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

void SqliteStore::answer(Question& question, const std::vector<Step>& unwritten) {
  std::vector<hub::StoredOutcome> found;
  try {
    statements_->of_user.bind(question.user);
    while (statements_->of_user.step()) found.push_back(outcome_of(statements_->of_user));
  } catch (const SqliteError& error) {
    log::error("outcomes cannot be read and are not told until they can",
               {{"user", question.user}, {"what", error.what()}});
  }
  for (const Step& step : unwritten) {
    if (step.kind != Step::Kind::put || step.user != question.user) continue;
    found.push_back({.user = step.user,
                     .job_id = step.job_id,
                     .entry = {.frame = step.frame, .number = step.number, .time = step.time}});
  }
  question.callback(found);
}

// Who waits is told at once that it failed; the steps themselves stay until they are written.
void SqliteStore::tell(std::vector<Step>& steps, bool durable) {
  for (Step& step : steps) {
    if (step.callback) std::exchange(step.callback, {})(durable);
  }
}

}  // namespace signalbox::store
