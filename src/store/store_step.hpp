#pragma once
#include <string>
#include <variant>
#include <vector>

#include "users/outcome_store.hpp"

namespace signalbox::store {

using users::Row;

struct Put {
  std::string user;
  users::JobEntry outcome;
  Row replaces = 0;
  users::CommitGroup group = 0;
};
struct Received {
  std::vector<Row> rows;
  users::WallMs at;
};
struct Forget {
  std::vector<Row> rows;
};
using Owe = users::OwedReceipt;
/// That receipt is owed no more.
struct Paid {
  std::string home;
  Row row;
};
/// All that has been put since the start is so much later.
struct Redate {
  std::int64_t by;
};
/// Nothing is dated later than that.
struct DateAtMost {
  users::WallMs time;
};

/// One thing that the store was asked to write.
struct Step {
  Row row = 0;  ///< of what is put, or of what was put last before it
  std::variant<Put, Received, Forget, Owe, Paid, users::PresenceChanges, Redate, DateAtMost> what;
};
using Batch = std::vector<const Step*>;

/// Outcomes that are to be read, in this order. Those that have their packets already count as read.
struct Reading {
  std::vector<users::StoredFrame> wanted;
  std::size_t bytes_left;  ///< to be read: then it ends, perhaps a little later
  std::size_t next = 0;    ///< of `wanted`: those before it have been looked for
};

}  // namespace signalbox::store
