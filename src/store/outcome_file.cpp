#include "store/outcome_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "store/file_format.hpp"

namespace signalbox::store {
namespace {

constexpr std::size_t kReadPiece = 1 << 20;  ///< bytes that are read between two commits

/// Made as its owner's alone, also in a folder that was there before; SQLite gives its other files the mode of this
/// one. A file that is there is not opened: to close it would take SQLite's locks from whoever else has it in this
/// process.
std::string file_in(const std::string& directory) {
  std::string file = directory + "/outcomes.db";
  if (const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600); made >= 0) ::close(made);
  return file;
}

}  // namespace

OutcomeFile::Statements::Statements(sqlite3* connection)
    : put(connection, "INSERT INTO outcome(row, number, time, user, job) VALUES(?, ?, ?, ?, ?)"),
      put_packet(connection, "INSERT INTO packet(row, packet) VALUES(?, ?)"),
      receive(connection, "INSERT OR IGNORE INTO received(row, at) VALUES(?, ?)"),
      online(connection, "INSERT OR IGNORE INTO online(user) VALUES(?)"),
      offline(connection, "DELETE FROM online WHERE user = ?"),
      redate(connection, "UPDATE outcome SET time = time + ? WHERE row > ?"),
      date_at_most(connection, "UPDATE outcome SET time = ? WHERE time > ?"),
      packet_in(connection, "SELECT packet FROM packet WHERE row = ?"),
      outcome_in(
          connection,
          "SELECT number, time, ifnull(at, 0), job, packet FROM outcome JOIN packet USING(row) LEFT JOIN received "
          "USING(row) WHERE outcome.row = ?"),
      remove{{connection, "DELETE FROM outcome WHERE row = ?"},
             {connection, "DELETE FROM packet WHERE row = ?"},
             {connection, "DELETE FROM received WHERE row = ?"}},
      move{{connection, "UPDATE outcome SET row = ? WHERE row = ?"},
           {connection, "UPDATE packet SET row = ? WHERE row = ?"},
           {connection, "UPDATE received SET row = ? WHERE row = ?"}} {}

OutcomeFile::OutcomeFile(const std::string& directory, const std::function<bool()>& give_up)
    : lock_(directory), file_(file_in(directory)), log_(directory + "/outcomes.db-wal") {
  // Exclusive: against programs that do not know our lock. It also spares SQLite the files of shared memory.
  file_.execute("PRAGMA locking_mode = EXCLUSIVE");
  file_.execute("PRAGMA journal_mode = WAL");
  file_.execute("PRAGMA synchronous = FULL");
  file_.execute("PRAGMA journal_size_limit = 67108864");  // what a large outcome has made of the log is given back
  file_.execute("PRAGMA secure_delete = OFF");            // or what goes is written once more, as zeros
  file_.count_log_pages(log_pages_);
  bring_up_to_date(file_, give_up);
  rows_before_ = static_cast<Row>(store::last_row(file_));
  statements_.emplace(file_.get());
}

bool OutcomeFile::had_unique_rows() {
  Statement find(file_.get(), "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'start'");
  const bool had = find.step() && find.number(0) != 0;
  find.reset();
  return had;
}

// Each start has a second of its own, also where two come in one, or the clock was put back. A million rows a second is
// more than any disk takes, so that it begins behind all rows of those before; 52 bits last for a century.
Row OutcomeFile::new_start() {
  constexpr std::int64_t kBegin = 1'735'689'600'000;  // 2025, in ms
  constexpr unsigned kRowsASecond = 20;               // bits
  file_.execute("CREATE TABLE IF NOT EXISTS start(second INTEGER NOT NULL)");
  Statement last(file_.get(), "SELECT ifnull(max(second), -1) FROM start");
  last.step();
  const std::int64_t second = std::max((coarse_unix_ms() - kBegin) / 1000, last.number(0) + 1);
  last.reset();
  Statement(file_.get(), "INSERT INTO start(second) VALUES(?)").bind(second).run();
  Statement(file_.get(), "DELETE FROM start WHERE second < ?").bind(second).run();
  return static_cast<Row>(second) << kRowsASecond;
}

std::string OutcomeFile::name() {
  constexpr std::size_t kRandomBytes = 9;
  file_.execute("CREATE TABLE IF NOT EXISTS name(name TEXT NOT NULL)");
  Statement find(file_.get(), "SELECT name FROM name");
  if (find.step()) {
    std::string found(find.text(0));
    find.reset();
    return found;
  }
  find.reset();
  std::string made = random_id(kRandomBytes);
  Statement(file_.get(), "INSERT INTO name(name) VALUES(?)").bind(made).run();
  return made;
}

users::StoredExtent OutcomeFile::extent() {
  Statement all(file_.get(),
                "SELECT (SELECT count(*) FROM outcome), (page_count - freelist_count) * page_size FROM "
                "pragma_page_count, pragma_freelist_count, pragma_page_size");
  users::StoredExtent out;
  if (all.step()) out = {static_cast<std::size_t>(all.number(0)), static_cast<std::size_t>(all.number(1))};
  all.reset();
  return out;
}

bool OutcomeFile::load_more(LoadedOutcomes& piece, bool packets) {
  if (!all_) all_.emplace(file_.get());
  const bool more = all_->next(piece, packets);
  if (!more) all_.reset();
  return more;
}

std::vector<std::string> OutcomeFile::online() {
  std::vector<std::string> out;
  Statement all(file_.get(), "SELECT user FROM online");
  while (all.step()) out.push_back(all.text(0));
  return out;
}

OwedReceipts& OutcomeFile::owed() {
  if (!owed_) owed_.emplace(file_);
  return *owed_;
}

std::optional<users::JobEntry> OutcomeFile::outcome_in(Row row) {
  Statement& found = statements_->outcome_in;
  if (!found.bind(row).step()) return std::nullopt;
  users::JobEntry entry{.frame = text_frame(found.view(4), FrameKind::outcome, found.view(3)),
                        .number = static_cast<std::uint64_t>(found.number(0)),
                        .time = found.number(1),
                        .received_at = found.number(2),
                        .row = row};
  found.reset();
  return entry;
}

bool OutcomeFile::read_more(Reading& reading) {
  Statement& packet = statements_->packet_in;
  for (std::size_t bytes = 0; reading.next < reading.wanted.size() && reading.bytes_left != 0; ++reading.next) {
    if (bytes >= kReadPiece) return true;
    auto& [row, frame] = reading.wanted[reading.next];
    if (frame->packet().empty() && packet.bind(row).step()) {
      frame = text_frame(packet.view(0), FrameKind::outcome, frame->name());
      packet.reset();
      bytes += frame->memory();
    }
    if (!frame->packet().empty()) reading.bytes_left -= std::min(reading.bytes_left, frame->memory());
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
    log_grows_.write("outcomes are written, but SQLite's log of them cannot be brought into its file and grows",
                     {{"what", error.what()}});
  }
}

void OutcomeFile::write(const Step& step) {
  struct Writer {
    OutcomeFile& file;
    Row row;
    void operator()(const Put& put) const { file.put(row, put); }
    void operator()(const Received& received) const {
      for (const Row one : received.rows) file.statements_->receive.bind(one).bind(received.at).run();
    }
    void operator()(const Forget& forget) const {
      for (const Row one : forget.rows) file.remove(one);
    }
    void operator()(const Owe& receipt) const { file.owed().add(receipt); }
    void operator()(const Paid& receipt) const { file.owed().remove(receipt.home, receipt.row); }
    void operator()(const users::PresenceChanges& changes) const {
      for (const auto& [user, online] : changes)
        (online ? file.statements_->online : file.statements_->offline).bind(user).run();
    }
    void operator()(const Redate& redate) const {
      file.statements_->redate.bind(redate.by).bind(file.rows_before_).run();
    }
    void operator()(const DateAtMost& most) const {
      file.statements_->date_at_most.bind(most.time).bind(most.time).run();
    }
  };
  std::visit(Writer{*this, step.row}, step.what);
}

// The outcome that a refused one was to replace gets its row, since later steps name that row already.
void OutcomeFile::put(Row row, const Put& put) {
  const users::JobEntry& outcome = put.outcome;
  try {
    statements_->put_packet.bind(row).bind(outcome.frame->packet()).run();
    statements_->put.bind(row).bind(outcome.number).bind(outcome.time).bind(put.user).bind(outcome.frame->name()).run();
  } catch (const SqliteError& error) {
    if (!error.of_one_row()) throw;
    remove(row);
    if (put.replaces != 0) move(put.replaces, row);
    throw;
  }
  if (put.replaces != 0) remove(put.replaces);
}

void OutcomeFile::remove(Row row) {
  auto& [outcome, packet, received] = statements_->remove;
  for (Statement* table : {&outcome, &packet, &received}) table->bind(row).run();
}

void OutcomeFile::move(Row from, Row to) {
  auto& [outcome, packet, received] = statements_->move;
  for (Statement* table : {&outcome, &packet, &received}) table->bind(to).bind(from).run();
}

}  // namespace signalbox::store
