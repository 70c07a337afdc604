#include "cluster/replica.hpp"

#include <unordered_set>
#include <utility>

namespace signalbox::cluster {

bool Replica::online(unsigned partition, std::string_view user) const {
  const Users& users = partitions_[partition].users;
  const auto at = users.find(user);
  return at != users.end() && at->second.online();
}

void Replica::on_subscribed(unsigned partition) {
  connected_ = true;
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
  for (const std::string& user : change.up) set_known(partition, user, true);
  for (const std::string& user : change.down) set_known(partition, user, false);
}

// Net changes alone are announced. What was put aside and is newer follows.
void Replica::on_snapshot(unsigned partition, const Snapshot& snapshot) {
  Partition& its = partitions_[partition];
  if (!connected_ || !std::exchange(its.awaits, false)) return;
  const std::unordered_set<std::string_view> now(snapshot.users.begin(), snapshot.users.end());
  std::vector<std::string> gone;
  for (const auto& [user, state] : its.users) {
    if (state.known && !now.contains(user)) gone.push_back(user);
  }
  for (const std::string& user : gone) set_known(its, user, false);
  for (const std::string& user : snapshot.users) set_known(its, user, true);
  its.version = snapshot.version;
  its.follows = true;
  for (const Change& change : std::exchange(its.aside, {})) on_change(partition, change);
}

void Replica::on_version(unsigned partition, const Version& version) {
  const Partition& its = partitions_[partition];
  if (its.follows && version != its.version) ask(partition);
}

void Replica::on_lost() {
  connected_ = false;
  for (Partition& each : partitions_) {
    each.follows = each.awaits = false;
    each.aside.clear();
  }
}

void Replica::came(unsigned partition, const std::string& user) {
  Partition& its = partitions_[partition];
  const auto at = its.users.try_emplace(user).first;
  at->second.here = true;
  settle(its, at);
}

// While Redis hears us it says when nobody has the user any more. Otherwise nobody would.
void Replica::went(unsigned partition, const std::string& user) {
  Partition& its = partitions_[partition];
  const auto at = its.users.find(user);
  if (at == its.users.end()) return;
  at->second.here = false;
  if (!connected_) at->second.known = at->second.held = false;
  settle(its, at);
}

void Replica::set_known(Partition& partition, const std::string& user, bool known) {
  if (!known && !partition.users.contains(user)) return;
  const auto at = partition.users.try_emplace(user).first;
  User& state = at->second;
  if (state.known && !known) state.held = held_until_ != kNever;
  if (known) state.held = false;
  state.known = known;
  settle(partition, at);
}

void Replica::settle(Partition& partition, Users::iterator at) {
  const bool online = at->second.online();
  if (std::exchange(at->second.told, online) != online) {
    online ? ++count_ : --count_;
    observer_.on_presence(at->first, online);
  }
  if (!online) partition.users.erase(at);
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
      settle(each, held);
    }
  }
}

}  // namespace signalbox::cluster
