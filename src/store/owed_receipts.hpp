#pragma once
#include <string_view>
#include <vector>

#include "store/sqlite.hpp"
#include "users/outcome_store.hpp"

namespace signalbox::store {

/// The receipts that this node owes to others, in a table of their own.
///
/// thread  its file's.
class OwedReceipts {
 public:
  explicit OwedReceipts(Sqlite& file);
  void add(const users::OwedReceipt& receipt);
  void remove(std::string_view home, users::Row row);
  std::vector<users::OwedReceipt> all();

 private:
  Statement add_, remove_, all_;
};

}  // namespace signalbox::store
