#include "store/sqlite.hpp"

#include <sqlite3.h>

namespace signalbox::store {
namespace {

[[noreturn]] void fail(sqlite3* connection) {
  const char* file = sqlite3_db_filename(connection, "main");
  const int code = sqlite3_extended_errcode(connection);
  const bool busy = (code & 0xff) == SQLITE_BUSY;  // "database is locked" tells nobody by what
  throw SqliteError(
      std::string(file ? file : "") + ": " +
          (busy ? "in use by another program; end that one, or choose another DATA_DIR" : sqlite3_errmsg(connection)),
      code);
}

}  // namespace

bool SqliteError::of_one_row() const noexcept {
  const int kind = code & 0xff;
  return kind == SQLITE_TOOBIG || kind == SQLITE_CONSTRAINT || kind == SQLITE_MISMATCH;
}

bool SqliteError::too_large() const noexcept {
  return (code & 0xff) == SQLITE_TOOBIG;
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}

Statement::Statement(sqlite3* connection, const char* sql) {
  sqlite3_stmt* made = nullptr;
  if (sqlite3_prepare_v2(connection, sql, -1, &made, nullptr) != SQLITE_OK) fail(connection);
  statement_.reset(made);
}

Statement& Statement::bind(std::string_view text) {
  check(sqlite3_bind_text64(statement_.get(), ++bound_, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  check(sqlite3_bind_int64(statement_.get(), ++bound_, number));
  return *this;
}

void Statement::check(int bound) {
  if (bound == SQLITE_OK) return;
  bound_ = 0;
  fail(sqlite3_db_handle(statement_.get()));
}

bool Statement::step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  sqlite3* connection = sqlite3_db_handle(statement_.get());
  reset();
  if (result != SQLITE_DONE) fail(connection);
  return false;
}

void Statement::reset() {
  bound_ = 0;
  sqlite3_reset(statement_.get());
}

// As a blob, which SQLite does not copy to end it with a zero.
std::string_view Statement::view(int column) const {
  const auto* text = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  return {text, text ? static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)) : 0};
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

void Sqlite::Close::operator()(sqlite3* connection) const noexcept {
  sqlite3_close_v2(connection);
}

Sqlite::Sqlite(const std::string& file) {
  sqlite3* made = nullptr;
  const int result =
      sqlite3_open_v2(file.c_str(), &made, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  connection_.reset(made);
  if (result != SQLITE_OK) throw SqliteError(file + ": " + (made ? sqlite3_errmsg(made) : "no memory"), result);
  // SQLite falls back to reading alone, and would tell of it at the first write.
  if (sqlite3_db_readonly(made, "main") == 1)
    throw SqliteError(file + ": may be read, but not written", SQLITE_READONLY);
  sqlite3_extended_result_codes(made, 1);
}

std::size_t Sqlite::row_bytes() const noexcept {
  return static_cast<std::size_t>(sqlite3_limit(connection_.get(), SQLITE_LIMIT_LENGTH, -1));
}

void Sqlite::execute(const char* sql) {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(connection_.get());
}

void Sqlite::count_log_pages(int& pages) {
  sqlite3_wal_hook(
      connection_.get(),
      [](void* to, sqlite3*, const char*, int count) {
        *static_cast<int*>(to) = count;
        return SQLITE_OK;
      },
      &pages);
}

void Sqlite::checkpoint() {
  const int result = sqlite3_wal_checkpoint_v2(connection_.get(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (result != SQLITE_OK) fail(connection_.get());
}

bool Sqlite::has_moved() const noexcept {
  int moved = 0;
  return sqlite3_file_control(connection_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

void Sqlite::roll_back() noexcept {
  static_cast<void>(sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr));
}

}  // namespace signalbox::store
