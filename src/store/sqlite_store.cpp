#include "store/sqlite_store.hpp"

#include <algorithm>
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
      writer_(std::make_shared<StoreWriter>(directory, options_.queue, options_.unique_rows)) {
  // A file that may grow no more is an error to it like the others: SIGXFSZ, as any signal, is blocked there.
  thread_ = service_thread([writer = writer_] { writer->run(); });
  try {
    wait_for(writer_->opened.get_future());
  } catch (...) {
    leave(kAskAgain);
    throw;
  }
}

template <class Answer>
Answer SqliteStore::wait_for(std::future<Answer> answer) const {
  const TimePoint asked = Clock::now();
  for (bool said = false; answer.wait_for(kAskAgain) != std::future_status::ready;) {
    if (options_.give_up && options_.give_up()) {
      throw StoreError(said ? "the disk of " + directory_ + " did not answer before the start was given up"
                            : "the start was given up before the store in " + directory_ + " was open");
    }
    const TimePoint silent_at = std::max(asked, writer_->last_sign.load()) + options_.queue.timeout;
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

bool SqliteStore::leave(Milliseconds patience) {
  const bool ended = writer_->queue.end(patience);
  ended ? thread_.join() : thread_.detach();
  return ended;
}

void SqliteStore::close(Milliseconds patience) {
  if (!thread_.joinable()) return;
  const bool ended = leave(patience);
  const std::size_t outcomes = writer_->queue.abandon();
  if (outcomes == 0 && ended) return;
  log::error(ended ? "the last outcomes could not be written" : "the disk does not answer and is left as it is",
             {{"outcomes_not_written", std::to_string(outcomes)}});
}

std::string SqliteStore::name() {
  return wait_for(ask([](OutcomeFile& file) { return file.name(); }));
}

users::StoredExtent SqliteStore::extent() {
  return wait_for(ask([](OutcomeFile& file) { return file.extent(); }));
}

// The next piece is read while the one before is taken.
void SqliteStore::load(bool packets, const Take& take) {
  struct Piece {
    LoadedOutcomes outcomes{};
    bool more = false;
  };
  const auto ask_for_one = [&] {
    return ask([packets](OutcomeFile& file) {
      Piece piece;
      piece.more = file.load_more(piece.outcomes, packets);
      return piece;
    });
  };
  // NOLINTNEXTLINE(bugprone-use-after-move): what was waited for is not valid any more
  for (auto next = ask_for_one(); next.valid();) {
    const Piece piece = wait_for(std::move(next));
    if (piece.more) next = ask_for_one();
    for (const users::StoredOutcome& one : piece.outcomes) packets = take(one) && packets;
  }
}

std::vector<std::string> SqliteStore::online() {
  return wait_for(ask([](OutcomeFile& file) { return file.online(); }));
}

void SqliteStore::on_refused(Refused callback) {
  writer_->refused = std::move(callback);
}

Row SqliteStore::put(std::string_view user, const users::JobEntry& outcome, Row replaces, users::CommitGroup group) {
  return writer_->queue.put({.user = std::string(user), .outcome = outcome, .replaces = replaces, .group = group});
}

void SqliteStore::received(std::string_view, std::vector<Row> rows, users::WallMs at) {
  writer_->queue.add(Received{.rows = std::move(rows), .at = at});
}

void SqliteStore::forget(std::vector<Row> rows) {
  writer_->queue.add(Forget{.rows = std::move(rows)});
}

void SqliteStore::owe(users::OwedReceipt receipt) {
  writer_->queue.add(std::move(receipt));
}

void SqliteStore::paid(std::string_view home, Row row) {
  writer_->queue.add(Paid{.home = std::string(home), .row = row});
}

std::vector<users::OwedReceipt> SqliteStore::owed() {
  return wait_for(ask([](OutcomeFile& file) { return file.owed().all(); }));
}

void SqliteStore::presence(users::PresenceChanges changes) {
  writer_->queue.add(std::move(changes));
}

void SqliteStore::redate(std::int64_t by) {
  writer_->queue.add(Redate{.by = by});
}

void SqliteStore::date_at_most(users::WallMs time) {
  writer_->queue.add(DateAtMost{.time = time});
}

void SqliteStore::when_committed(users::CommitGroup group, Committed callback) {
  writer_->queue.when_committed(group, std::move(callback));
}

void SqliteStore::read(std::vector<users::StoredFrame> wanted, std::size_t bytes, Found callback) {
  writer_->queue.read({.wanted = std::move(wanted), .bytes_left = bytes}, std::move(callback));
}

}  // namespace signalbox::store
