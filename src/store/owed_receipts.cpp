#include "store/owed_receipts.hpp"

namespace signalbox::store {
namespace {

sqlite3* with_table(Sqlite& file) {
  file.execute(
      "CREATE TABLE IF NOT EXISTS owed(home TEXT NOT NULL, row INTEGER NOT NULL, user TEXT NOT NULL, at INTEGER NOT "
      "NULL, PRIMARY KEY(home, row)) WITHOUT ROWID");
  return file.get();
}

}  // namespace

OwedReceipts::OwedReceipts(Sqlite& file)
    : add_(with_table(file), "INSERT OR IGNORE INTO owed(home, row, user, at) VALUES(?, ?, ?, ?)"),
      remove_(file.get(), "DELETE FROM owed WHERE home = ? AND row = ?"),
      all_(file.get(), "SELECT home, row, user, at FROM owed ORDER BY at") {}

void OwedReceipts::add(const users::OwedReceipt& receipt) {
  add_.bind(receipt.home).bind(receipt.row).bind(receipt.user).bind(receipt.at).run();
}

void OwedReceipts::remove(std::string_view home, users::Row row) {
  remove_.bind(home).bind(row).run();
}

std::vector<users::OwedReceipt> OwedReceipts::all() {
  std::vector<users::OwedReceipt> out;
  while (all_.step()) {
    out.push_back({.home = all_.text(0),
                   .row = static_cast<users::Row>(all_.number(1)),
                   .user = all_.text(2),
                   .at = all_.number(3)});
  }
  return out;
}

}  // namespace signalbox::store
