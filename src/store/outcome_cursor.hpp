#pragma once
#include <optional>
#include <string>
#include <vector>

#include "store/sqlite.hpp"
#include "users/outcome_store.hpp"

namespace signalbox::store {

/// Outcomes as a start finds them, with their texts in one memory.
class LoadedOutcomes {
 public:
  LoadedOutcomes() = default;
  LoadedOutcomes(LoadedOutcomes&&) = default;
  LoadedOutcomes& operator=(LoadedOutcomes&&) = default;

  /// False: it is full. One that is larger than a piece has one of its own.
  bool add(const users::StoredOutcome& outcome);
  std::vector<users::StoredOutcome>::const_iterator begin() const { return outcomes_.begin(); }
  std::vector<users::StoredOutcome>::const_iterator end() const { return outcomes_.end(); }

 private:
  std::string_view copy(std::string_view text);

  std::vector<users::StoredOutcome> outcomes_;
  std::vector<char> texts_;  ///< never grows, so that they stay where they are
};

/// All outcomes in the order of their rows. The tables have the same order, so that each is read once from its
/// beginning to its end.
class OutcomeCursor {
 public:
  explicit OutcomeCursor(sqlite3* file);
  /// The next piece. Is there more?
  bool next(LoadedOutcomes& piece, bool packets);

 private:
  bool step();

  Statement outcome_, packet_, received_;
  bool at_packet_, at_received_;  ///< are they at a row?
  std::optional<users::StoredOutcome> current_{};
};

}  // namespace signalbox::store
