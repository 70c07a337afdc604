#include "cluster/replica.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace signalbox::cluster {

bool Replica::online(unsigned partition, std::string_view user) const {
  const Users& users = partitions_[partition].users;
  const auto at = users.find(user);
  return at != users.end() && at->second.online();
}

NodeStates Replica::elsewhere(unsigned partition, std::string_view user) const {
  const Users& users = partitions_[partition].users;
  const auto at = users.find(user);
  return at == users.end() ? NodeStates{} : others_in(at->second.nodes);
}

NodeStates Replica::others_in(std::string_view nodes) const {
  NodeStates states = read_node_states(nodes);
  std::erase_if(states,
                [this](const NodeState& each) { return std::ranges::find(own_ids_, each.node) != own_ids_.end(); });
  return states;
}

bool Replica::held(unsigned partition, std::string_view user) const {
  const Users& users = partitions_[partition].users;
  const auto at = users.find(user);
  return at != users.end() && at->second.held;
}

std::set<std::string, std::less<>> Replica::nodes_in(unsigned partition) const {
  std::set<std::string, std::less<>> nodes;
  for (const auto& [user, state] : partitions_[partition].users) {
    for (const NodeState& each : read_node_states(state.nodes))
      if (!nodes.contains(each.node)) nodes.emplace(each.node);
  }
  return nodes;
}

void Replica::on_subscribed(unsigned partition) {
  connected_ = true;
  partitions_[partition].heard = true;
  ask(partition);
}

void Replica::ask(unsigned partition) {
  Partition& its = partitions_[partition];
  its.follows = false;
  if (!std::exchange(its.awaits, true)) observer_.wants_snapshot(partition);
}

void Replica::on_change(unsigned partition, const Change& change) {
  Partition& its = partitions_[partition];
  if (its.awaits) {
    if (its.aside.size() < kMostAside) its.aside.push_back(change);
    return;
  }
  if (!its.follows) return;
  const bool same = change.version.epoch == its.version.epoch;
  if (same && change.version.number <= its.version.number) return;
  if (!same || change.version.number != its.version.number + 1) {
    ask(partition);
    its.aside.push_back(change);
    return;
  }
  apply(its, change);
}

void Replica::apply(Partition& partition, const Change& change) {
  partition.version = change.version;
  for (const UserNodes& user : change.users) set_nodes(partition, user);
}

// Net changes alone are announced. What was put aside and is newer follows.
void Replica::on_snapshot(unsigned partition, const Snapshot& snapshot) {
  Partition& its = partitions_[partition];
  if (!connected_ || !std::exchange(its.awaits, false)) return;
  std::unordered_set<std::string_view> there;
  for (const UserNodes& each : snapshot.users) there.insert(each.user);
  std::vector<std::string> gone;
  for (const auto& [user, state] : its.users) {
    if (!state.nodes.empty() && !there.contains(user)) gone.push_back(user);
  }
  for (const std::string& user : gone) set_nodes(its, {.user = user, .nodes = {}});
  for (const UserNodes& user : snapshot.users) set_nodes(its, user);
  its.version = snapshot.version;
  its.follows = true;
  for (const Change& change : std::exchange(its.aside, {})) on_change(partition, change);
}

bool Replica::is_of_new_epoch(unsigned partition, const Snapshot& snapshot) const {
  const std::string& known = partitions_[partition].version.epoch;
  return !known.empty() && known != snapshot.version.epoch;
}

void Replica::on_no_snapshot(unsigned partition) {
  partitions_[partition].awaits = false;
  partitions_[partition].aside.clear();
}

void Replica::on_version(unsigned partition, const Version& version) {
  const Partition& its = partitions_[partition];
  if (its.heard && !(its.follows && version == its.version)) ask(partition);
}

void Replica::on_lost() {
  connected_ = false;
  for (Partition& each : partitions_) {
    each.heard = each.follows = each.awaits = false;
    each.aside.clear();
  }
}

// While Redis hears us it says when no node has the user any more. Otherwise nobody would say it of this node.
void Replica::set_here(unsigned partition, const std::string& user, bool online) {
  Partition& its = partitions_[partition];
  if (!online && !its.users.contains(user)) return;
  const auto at = its.users.try_emplace(user).first;
  User& state = at->second;
  state.here = online;
  if (!online && !connected_) {
    const NodeStates others = others_in(state.nodes);
    state.known = any_online(others);
    state.held = false;
    state.nodes = text_of(others);
  }
  settle(its, at);
}

void Replica::set_nodes(Partition& partition, const UserNodes& user) {
  if (user.nodes.empty() && !partition.users.contains(user.user)) return;
  const auto at = partition.users.try_emplace(user.user).first;
  User& state = at->second;
  if (state.nodes == user.nodes) return;
  const std::string before = std::exchange(state.nodes, user.nodes);
  const bool was_known = std::exchange(state.known, any_online(read_node_states(state.nodes)));
  const bool was_held = state.held;
  if (was_known && !state.known) state.held = held_until_ != kNever;
  if (state.known) state.held = false;
  const NodeStates others = others_in(state.nodes);
  if (state.held != was_held || !std::ranges::is_permutation(others, others_in(before)))
    observer_.on_elsewhere(at->first, others);
  settle(partition, at);
}

void Replica::settle(Partition& partition, Users::iterator at) {
  const bool online = at->second.online();
  if (std::exchange(at->second.told, online) != online) {
    online ? ++count_ : --count_;
    observer_.on_presence(at->first, online);
  }
  if (!online && at->second.nodes.empty()) partition.users.erase(at);
}

void Replica::hold_back(TimePoint until) {
  if (held_until_ == kNever || held_until_ < until) held_until_ = until;
}

void Replica::on_timer(TimePoint now) {
  if (now < held_until_) return;
  held_until_ = kNever;
  for (Partition& each : partitions_) {
    for (auto at = each.users.begin(); at != each.users.end();) {
      const auto held = at++;
      if (!std::exchange(held->second.held, false)) continue;
      observer_.on_elsewhere(held->first, others_in(held->second.nodes));
      settle(each, held);
    }
  }
}

}  // namespace signalbox::cluster
