#include "store/sqlite_store.hpp"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <unordered_set>
#include <utility>

#include "base/log.hpp"

namespace signalbox::store {
namespace {

constexpr std::chrono::seconds kRetry{1};
log::RareWarning step_refused, cannot_read;

/// A file that may grow no more is an error like the others, and not the end of the program.
void ignore_size_signal() {
  struct sigaction action{};
  if (sigaction(SIGXFSZ, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) ::signal(SIGXFSZ, SIG_IGN);
}

}  // namespace

SqliteStore::SqliteStore(const std::string& directory) : file_(directory) {
  ignore_size_signal();
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

void SqliteStore::load(const Take& take) {
  const std::lock_guard lock(mutex_);  // the writer has nothing to do before something is queued
  file_.load(take);
}

std::vector<std::string> SqliteStore::online() {
  const std::lock_guard lock(mutex_);
  return file_.online();
}

void SqliteStore::add(Step step) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(step));
    if (queue_.size() > 1) return;  // the writer has been woken already
  }
  changed_.notify_one();
}

void SqliteStore::put(std::string_view user, std::string_view job_id, const hub::JobEntry& outcome,
                      hub::CommitGroup group) {
  add({.kind = Step::Kind::put,
       .user = std::string(user),
       .job_id = std::string(job_id),
       .number = outcome.number,
       .time = outcome.time,
       .frame = outcome.frame,
       .group = group});
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

void SqliteStore::when_committed(hub::CommitGroup group, Committed callback) {
  add({.kind = Step::Kind::tell, .group = group, .callback = std::move(callback)});
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
  const bool written = try_to_write();
  tell(written);
  if (written) {
    steps_.clear();
  } else {
    retry_at_ = Clock::now() + kRetry;
  }
}

bool SqliteStore::try_to_write() {
  try {
    for (const auto& refused : file_.write(steps_)) drop(refused);
    if (!healthy_.exchange(true)) log::info("outcomes are written again");
    return true;
  } catch (const StoreError& error) {
    if (healthy_.exchange(false)) {
      log::error("outcomes cannot be written and are refused until they can; progress goes on",
                 {{"what", error.what()}});
    }
    return false;
  }
}

// All but an outcome is dropped for good: a receipt that is missing has the outcome told once more.
void SqliteStore::drop(const OutcomeFile::Refused& refused) {
  const auto& [step, error] = refused;
  step_refused.write("the store can never take this and has refused it",
                     {{"user", step->user}, {"job", step->job_id}, {"what", error.what()}});
  if (step->kind != Step::Kind::put) return;
  if (step->group != 0) faulty_[step->group] = error.too_large() ? hub::Commit::too_large : hub::Commit::refused;
  if (refused_) {
    refused_({.user = step->user, .job_id = step->job_id, .number = step->number, .before = written_before(*step)});
  }
}

std::optional<hub::JobEntry> SqliteStore::written_before(const Step& step) {
  try {
    return file_.outcome_of(step.user, step.job_id);
  } catch (const StoreError& error) {
    cannot_read.write("an outcome cannot be read", {{"user", step.user}, {"job", step.job_id}, {"what", error.what()}});
    return std::nullopt;
  }
}

// Who waits is told at once that it failed; the steps themselves stay until they are written, and nobody waits for
// them.
void SqliteStore::tell(bool written) {
  std::unordered_set<hub::CommitGroup> told;
  for (Step& step : steps_) {
    if (!step.callback) continue;
    std::exchange(step.callback, {})(written ? fate_of(step.group) : hub::Commit::failed);
    if (!written) told.insert(step.group);
  }
  if (told.empty()) return;
  for (Step& step : steps_) {
    if (told.contains(step.group)) step.group = 0;
  }
}

hub::Commit SqliteStore::fate_of(hub::CommitGroup group) {
  const auto faulty = faulty_.extract(group);
  return faulty ? faulty.mapped() : hub::Commit::durable;
}

void SqliteStore::read_some() {
  if (questions_.empty()) return;
  Question& question = questions_.front();
  if (!std::exchange(question.begun, true)) add_unwritten(question);
  try {
    if (file_.read_more(question.user, question.read_to, question.found)) return;
  } catch (const StoreError& error) {
    cannot_read.write("outcomes cannot be read and are not told until they can",
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

}  // namespace signalbox::store
