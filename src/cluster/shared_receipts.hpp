#pragma once
#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "cluster/node_channels.hpp"
#include "cluster/owed_receipts.hpp"

namespace signalbox::cluster {

/// Receipts on all nodes: one goes to the index and to the node that holds its outcome, again and again until both have
/// it. Whoever has been told of one says so when it is on the disk.
///
/// thread  the cluster's.
class SharedReceipts {
 public:
  using Post = std::function<void(std::move_only_function<void()>)>;
  /// `home`: this node's store, which is `disk`. `post` runs a task on the cluster's thread.
  SharedReceipts(std::string home, users::OutcomeStore& disk, NodeChannels& nodes, OutcomeIndex& index, Post post)
      : home_(std::move(home)),
        disk_(disk),
        nodes_(nodes),
        index_(index),
        post_(std::move(post)),
        owed_(disk, home_, index.kept().outcome_ttl) {}

  /// A user has received these here.
  void add(const std::string& user, const std::vector<OutcomeName>& names, users::WallMs at);
  /// When it was received here; nothing: it was not, or all who have to know know that.
  std::optional<users::WallMs> received_at(const OutcomeName& name) const { return owed_.received_at(name); }
  /// Its emitter has emitted it again.
  void forget(const OutcomeName& name) { owed_.drop(name); }
  /// The disk was asked to mark that outcome of this node, as another node said.
  void marked(std::string_view by, users::Row row, TimePoint now);
  void on_thanks(const RelayedThanks& thanks) { owed_.home_has({.home = std::string(thanks.home), .row = thanks.row}); }

  void on_connected() { tell_again(true); }
  void on_index_lost();
  /// What Redis has not taken is told it again.
  void look() { tell_again(false); }
  TimePoint next_deadline() const { return std::min(thanks_at_, again_at_); }
  void on_timer(TimePoint now);

 private:
  struct Thanks {
    std::string to;
    users::Row row;
  };
  void tell(const std::string& user, const std::vector<OutcomeName>& names, users::WallMs at,
            std::move_only_function<void(bool)> then);
  void tell_again(bool all);
  void go_on();
  void thank();

  static constexpr Milliseconds kAgainEach{60'000}, kThanksAfter{1000};
  static constexpr std::size_t kAtOnce = 200;

  const std::string home_;
  users::OutcomeStore& disk_;
  NodeChannels& nodes_;
  OutcomeIndex& index_;
  const Post post_;
  OwedReceipts owed_;
  std::size_t on_their_way_ = 0;  ///< of those that are told again
  std::vector<Thanks> thanks_;
  TimePoint thanks_at_ = kNever, again_at_ = kNever;
};

}  // namespace signalbox::cluster
