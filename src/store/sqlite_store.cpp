#include "store/sqlite_store.hpp"

#include <type_traits>

#include "base/log.hpp"
#include "base/service_thread.hpp"

namespace signalbox::store {
namespace {

constexpr Milliseconds kAskAgain{50};  ///< between two looks at whether the start is to be given up

}  // namespace

SqliteStore::SqliteStore(const std::string& directory, Options options)
    : directory_(directory),
      options_(std::move(options)),
      writer_(std::make_shared<StoreWriter>(directory, options_.queue)) {
  // A file that may grow no more is an error to it like the others: SIGXFSZ, as any signal, is blocked there.
  thread_ = service_thread([writer = writer_] { writer->run(); });
  try {
    wait_for(writer_->opened.get_future());
  } catch (...) {
    close(kAskAgain);
    throw;
  }
}

template <class Answer>
Answer SqliteStore::wait_for(std::future<Answer> answer) const {
  const TimePoint silent_at = Clock::now() + options_.queue.timeout;
  for (bool said = false; answer.wait_for(kAskAgain) != std::future_status::ready;) {
    if (options_.give_up && options_.give_up())
      throw StoreError("the disk of " + directory_ + " did not answer before the start was given up");
    if (std::exchange(said, said || Clock::now() >= silent_at) || !said) continue;
    log::warn("the disk does not answer: the start waits for it", {{"directory", directory_}});
  }
  return answer.get();
}

/// What `call` returns on the thread of the file.
template <class Call>
auto SqliteStore::ask(Call call) {
  std::packaged_task<std::invoke_result_t<Call, OutcomeFile&>(OutcomeFile&)> task(std::move(call));
  auto answer = task.get_future();
  writer_->queue.run(std::move(task));
  return answer;
}

void SqliteStore::close(Milliseconds patience) {
  if (!thread_.joinable()) return;
  const bool ended = writer_->queue.end(patience);
  ended ? thread_.join() : thread_.detach();
  const std::size_t outcomes = writer_->queue.abandon();
  if (outcomes == 0 && ended) return;
  log::error(ended ? "the last outcomes could not be written" : "the disk does not answer and is left as it is",
             {{"outcomes_not_written", std::to_string(outcomes)}});
}

// The next piece is read while the one before is taken.
void SqliteStore::load(const Take& take) {
  struct Piece {
    std::vector<hub::StoredOutcome> rows{};
    bool more = false;
  };
  bool whole = true;
  const auto ask_for_one = [&] {
    return ask([whole](OutcomeFile& file) {
      Piece piece;
      piece.more = file.load_more(piece.rows, whole);
      return piece;
    });
  };
  for (auto next = ask_for_one(); next.valid();) {
    Piece piece = wait_for(std::move(next));
    if (piece.more) next = ask_for_one();
    for (hub::StoredOutcome& row : piece.rows) whole = take(std::move(row)) && whole;
  }
}

std::vector<std::string> SqliteStore::online() {
  return wait_for(ask([](OutcomeFile& file) { return file.online(); }));
}

void SqliteStore::on_refused(Refused callback) {
  writer_->refused = std::move(callback);
}

void SqliteStore::put(std::string_view user, std::string_view job_id, const hub::JobEntry& outcome,
                      hub::CommitGroup group) {
  writer_->queue.add({.kind = Step::Kind::put,
                      .user = std::string(user),
                      .job_id = std::string(job_id),
                      .number = outcome.number,
                      .time = outcome.time,
                      .frame = outcome.frame,
                      .group = group});
}

void SqliteStore::had(std::string_view user, hub::Outcomes outcomes, hub::WallMs at) {
  writer_->queue.add({.kind = Step::Kind::had,
                      .user = std::string(user),
                      .after = outcomes.after,
                      .number = outcomes.up_to,
                      .time = at});
}

void SqliteStore::forget(std::string_view user, std::string_view job_id, std::uint64_t number) {
  writer_->queue.add(
      {.kind = Step::Kind::forget, .user = std::string(user), .job_id = std::string(job_id), .number = number});
}

void SqliteStore::presence(hub::PresenceChanges changes) {
  writer_->queue.add({.kind = Step::Kind::presence, .presence = std::move(changes)});
}

void SqliteStore::when_committed(hub::CommitGroup group, Committed callback) {
  writer_->queue.when_committed(group, std::move(callback));
}

void SqliteStore::read(std::string_view user, Found callback) {
  writer_->queue.read(user, std::nullopt, std::move(callback));
}

void SqliteStore::read_jobs(std::string_view user, std::vector<std::string> jobs, std::size_t bytes, Found callback) {
  writer_->queue.read(user, JobsToRead{.jobs = std::move(jobs), .bytes_left = bytes}, std::move(callback));
}

}  // namespace signalbox::store
