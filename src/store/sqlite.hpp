#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "store/store_error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace signalbox::store {

/// What SQLite says went wrong, with the file.
struct SqliteError : StoreError {
  SqliteError(const std::string& what, int result) : StoreError(what), code(result) {}
  /// One row is at fault, and would be again, whatever becomes of the disk.
  bool of_one_row() const noexcept;
  /// That row is larger than SQLite takes.
  bool too_large() const noexcept;

  int code;  ///< SQLite's result code, extended
};

/// A prepared statement. Values are bound in order; step() gives rows until it is false, then it may be used again.
///
/// thread  one at a time, with its connection.
class Statement {
 public:
  Statement(sqlite3* connection, const char* sql);
  /// Throws SqliteError where the value cannot be taken; the statement may then be used again from its first value on.
  /// A text is not copied: it has to stay until no more rows are wanted.
  Statement& bind(std::string_view text);
  Statement& bind(std::int64_t number);
  Statement& bind(std::uint64_t number) { return bind(static_cast<std::int64_t>(number)); }
  bool step();
  void run() {
    while (step()) {
    }
  }
  /// No more rows are wanted: it may be used again.
  void reset();
  std::string text(int column) const { return std::string(view(column)); }
  std::string_view view(int column) const;  ///< until the next step
  std::int64_t number(int column) const;

 private:
  void check(int bound);
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

/// An open database file. Throws SqliteError.
class Sqlite {
 public:
  explicit Sqlite(const std::string& file);
  sqlite3* get() const { return connection_.get(); }
  /// The most bytes that a row may have.
  std::size_t row_bytes() const noexcept;
  void execute(const char* sql);
  /// From now on `pages` is how long the log of writes is, as of the last commit, and only checkpoint() makes it
  /// shorter.
  void count_log_pages(int& pages);
  /// Brings the log of writes into the file.
  void checkpoint();
  /// Is the file no longer found under its name?
  bool has_moved() const noexcept;
  /// Whatever failed before: SQLite may have rolled back by itself.
  void roll_back() noexcept;

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept;
  };
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace signalbox::store
