#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "cluster/inbox.hpp"
#include "cluster/presence_link.hpp"

namespace signalbox::cluster {

/// To which nodes an event goes. Of a user of whom the replica knows no connected client the index is asked: its newest
/// entries may still be on their way here, and a client that was let in on another node misses nothing. For an outcome
/// it is always asked, behind the offer of that outcome: who is not in it then reads the offer at the login. What is
/// for everybody waits until all who were asked for before are answered, and what comes behind it waits with it: so all
/// events of this node go in the order in which they came, as far as one user hears them.
///
/// thread  the cluster's; waiting() any.
class Whereabouts {
 public:
  using Send = std::function<void(const Emitted& emitted, const NodeStates& nodes)>;
  Whereabouts(PresenceLink& presence, Send send) : presence_(presence), send_(std::move(send)) {}

  void route(const Emitted& emitted) {
    if (held_.empty() && !must_wait(emitted)) return find(emitted);
    count_.add(emitted);
    held_.push_back(emitted);
  }
  /// Bytes of events that wait.
  std::size_t waiting() const { return count_.bytes(); }

 private:
  bool must_wait(const Emitted& emitted) const { return emitted.user.empty() && !asked_.empty(); }

  void find(const Emitted& emitted) {
    if (emitted.user.empty()) return send_(emitted, {});
    const auto asked = asked_.find(emitted.user);
    if (asked != asked_.end()) {
      count_.add(emitted);
      return asked->second.push_back(emitted);
    }
    const NodeStates known = presence_.elsewhere(emitted.user);
    const auto connected = [](const NodeState& each) { return each.state.sockets != 0; };
    if (emitted.row == 0 && std::ranges::any_of(known, connected)) return send_(emitted, known);
    count_.add(emitted);
    asked_[emitted.user].push_back(emitted);
    presence_.index.nodes_of(
        presence_.node.partition_of(emitted.user), emitted.user,
        [this, user = emitted.user](const std::optional<std::string>& nodes) { on_answer(user, nodes); });
  }

  // In the order in which they were emitted; also to where the replica has come meanwhile, which may know what an index
  // without its memory does not.
  void on_answer(const std::string& user, const std::optional<std::string>& nodes) {
    const auto waiting = asked_.extract(user);
    NodeStates there = presence_.elsewhere(user);
    for (const NodeState& each : nodes ? presence_.others_in(*nodes) : NodeStates())
      if (std::ranges::find(there, each.node, &NodeState::node) == there.end()) there.push_back(each);
    for (const Emitted& each : waiting.mapped()) {
      count_.remove(each);
      if (!there.empty()) send_(each, there);
    }
    go_on();
  }

  // An answer may come while one is asked for.
  void go_on() {
    if (std::exchange(going_on_, true)) return;
    while (!held_.empty() && !must_wait(held_.front())) {
      const Emitted next = std::move(held_.front());
      held_.pop_front();
      count_.remove(next);
      find(next);
    }
    going_on_ = false;
  }

  PresenceLink& presence_;
  const Send send_;
  std::unordered_map<std::string, std::vector<Emitted>, TextHash, std::equal_to<>> asked_;
  std::deque<Emitted> held_;  ///< behind something that is for everybody
  bool going_on_ = false;
  ByteCount count_;
};

}  // namespace signalbox::cluster
