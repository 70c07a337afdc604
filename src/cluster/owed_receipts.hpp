#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text.hpp"
#include "cluster/outcome_index.hpp"
#include "users/outcome_store.hpp"

namespace signalbox::cluster {

/// Receipts of this node's users of which somebody has still to hear: the node that holds the outcome, until it has the
/// receipt on its disk, and the index. So long they are on this node's disk, and are told again; for as long as an
/// outcome is kept.
///
/// thread  the cluster's.
class OwedReceipts {
 public:
  /// Past it a receipt is told once: where that is lost, the outcome is told again.
  static constexpr std::size_t kMost = 100'000;

  /// Reads what an earlier process owed. `home`: of this node's own outcomes, which are marked already.
  OwedReceipts(users::OutcomeStore& disk, std::string home, std::int64_t ttl);

  struct Receipt {
    OutcomeName name;
    std::string user;
    users::WallMs at = 0;
  };
  void add(const Receipt& receipt);
  void home_has(const OutcomeName& name) { heard(name, &Owed::home_has); }
  void index_has(const OutcomeName& name) { heard(name, &Owed::index_has); }
  /// The index has not taken it: one of this node's own is put on the disk as well.
  void index_failed(const OutcomeName& name);
  /// The index has lost its memory.
  void index_lost();
  /// It is not owed any more, whoever has heard of it.
  void drop(const OutcomeName& name);
  /// When it was received; nothing: it is not owed.
  std::optional<users::WallMs> received_at(const OutcomeName& name) const;
  std::size_t size() const { return owed_.size(); }

  /// All that are to be told again, in pages of next(): all that are owed, or what the index lacks. Those past their
  /// time are let go.
  void begin_round(bool all, users::WallMs now);
  std::vector<Receipt> next(std::size_t most);
  void end_round() { round_.clear(); }

 private:
  struct Owed {
    Receipt receipt;
    bool home_has = false, index_has = false, on_disk = false;
  };
  void heard(const OutcomeName& name, bool Owed::* by);
  void put_on_disk(Owed& owed);
  /// Nobody has to hear of it but the index: no process that comes will offer it again without asking there.
  bool concerns_index_alone(const OutcomeName& name) const {
    return name.home == home_ || name.home == OutcomeName::kEmitter || name.home.ends_with(OutcomeName::kInMemory);
  }

  users::OutcomeStore& disk_;
  const std::string home_;
  const std::int64_t ttl_;
  std::unordered_map<std::string, Owed, TextHash, std::equal_to<>> owed_;  ///< by the names' texts
  std::deque<std::string> round_;                                          ///< names that are to be told again
};

}  // namespace signalbox::cluster
