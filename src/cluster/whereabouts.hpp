#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "cluster/inbox.hpp"
#include "cluster/presence_link.hpp"

namespace signalbox::cluster {

/// To which nodes an event goes. Of a user whom the replica does not know the index is asked: its newest entries may
/// still be on their way here, and a client that was let in on another node misses nothing.
///
/// thread  the cluster's.
class Whereabouts {
 public:
  using Send = std::function<void(const Emitted& emitted, const NodeStates& nodes)>;
  Whereabouts(PresenceLink& presence, Send send) : presence_(presence), send_(std::move(send)) {}

  void route(const Emitted& emitted) {
    const auto asked = asked_.find(emitted.user);
    if (asked != asked_.end()) return asked->second.push_back(emitted);
    const NodeStates known = presence_.elsewhere(emitted.user);
    if (!known.empty()) return send_(emitted, known);
    asked_[emitted.user].push_back(emitted);
    presence_.index.nodes_of(
        presence_.node.partition_of(emitted.user), emitted.user,
        [this, user = emitted.user](const std::optional<std::string>& nodes) { on_answer(user, nodes); });
  }

 private:
  // In the order in which they were emitted. Without an answer, to where the replica has come meanwhile.
  void on_answer(const std::string& user, const std::optional<std::string>& nodes) {
    const auto waiting = asked_.extract(user);
    const NodeStates there = nodes ? presence_.others_in(*nodes) : presence_.elsewhere(user);
    if (there.empty()) return;
    for (const Emitted& each : waiting.mapped()) send_(each, there);
  }

  PresenceLink& presence_;
  const Send send_;
  std::unordered_map<std::string, std::vector<Emitted>, TextHash, std::equal_to<>> asked_;
};

}  // namespace signalbox::cluster
