#include "cluster/presence_node.hpp"

#include <algorithm>
#include <utility>

namespace signalbox::cluster {

PresenceNode::PresenceNode(unsigned partitions, PresenceScripts& scripts, Replica& replica, MakeId make_id,
                           const NodeTimes& times)
    : partitions_(partitions),
      scripts_(scripts),
      replica_(replica),
      make_id_(std::move(make_id)),
      times_(times),
      id_(make_id_()) {}

// FNV-1a: the same on every machine.
unsigned PresenceNode::partition_of(std::string_view user) const {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : user) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  return static_cast<unsigned>(hash % partitions_);
}

void PresenceNode::came(const std::string& user, TimePoint now) {
  users_.insert(user);
  replica_.came(note(user, came_, went_, now), user);
}

void PresenceNode::went(const std::string& user, TimePoint now) {
  users_.erase(user);
  replica_.went(note(user, went_, came_, now), user);
}

unsigned PresenceNode::note(const std::string& user, ByPartition& changed, ByPartition& opposite, TimePoint now) {
  const unsigned partition = partition_of(user);
  opposite[partition].erase(user);
  changed[partition].insert(user);
  tell_at_ = std::min(tell_at_, now + times_.gather);
  return partition;
}

void PresenceNode::on_connected(TimePoint now) {
  now_ = now;
  connected_ = true;
  told_all_ = false;
  beat(now);
}

void PresenceNode::on_lost() {
  connected_ = false;
  beat_at_ = kNever;
  reaping_.clear();
}

void PresenceNode::stop() {
  if (connected_) scripts_.end_lease(id_);
  on_lost();
}

// Whoever was away itself knows of nobody whether they are.
void PresenceNode::be_quiet(TimePoint now) {
  quiet_until_ = now + times_.lease + times_.grace;
  replica_.hold_back(quiet_until_);
}

void PresenceNode::beat(TimePoint now) {
  beat_at_ = now + times_.beat;
  scripts_.beat(id_, !entered_, [this, id = id_](std::optional<bool> alive) {
    if (alive && id == id_ && connected_) on_beat(*alive, now_);
  });
}

void PresenceNode::on_beat(bool alive, TimePoint now) {
  if (!alive) return take_new_id(now);
  if (now - std::exchange(beaten_, now) > times_.lease) be_quiet(now);
  entered_ = true;
  if (!std::exchange(told_all_, true)) enter_all();
  if (now >= quiet_until_) sweep();
}

// What was entered under the old one is found by whoever reaps it.
void PresenceNode::take_new_id(TimePoint now) {
  scripts_.bury(id_);
  id_ = make_id_();
  entered_ = told_all_ = false;
  be_quiet(now);
  beat(now);
}

void PresenceNode::enter_all() {
  came_.clear();
  for (const std::string& user : users_) came_[partition_of(user)].insert(user);
  tell_changes();
}

// What Redis does not confirm is told again by enter_all(), when the next connection is there.
void PresenceNode::tell_changes() {
  tell_at_ = kNever;
  if (!connected_ || !entered_) return;
  for (auto& [partition, users] : std::exchange(went_, {})) {
    if (!users.empty()) scripts_.leave(partition, id_, {users.begin(), users.end()}, [](bool) {});
  }
  for (auto& [partition, users] : std::exchange(came_, {})) {
    if (!users.empty()) scripts_.join(partition, id_, {users.begin(), users.end()}, [](bool) {});
  }
}

void PresenceNode::sweep() {
  scripts_.sweep([this](const std::vector<std::string>& dead) {
    for (const std::string& node : dead) {
      if (!connected_ || reaping_.contains(node)) continue;
      reaping_[node] = partitions_;
      for (unsigned partition = 0; partition < partitions_; ++partition) reap(partition, node);
    }
  });
}

void PresenceNode::reap(unsigned partition, const std::string& node) {
  scripts_.reap(partition, node, [this, partition, node](bool more) {
    const auto at = reaping_.find(node);
    if (at == reaping_.end()) return;
    if (more) return reap(partition, node);
    if (--at->second != 0) return;
    reaping_.erase(at);
    scripts_.forget(node);
  });
}

TimePoint PresenceNode::next_deadline() const {
  return std::min({connected_ ? tell_at_ : kNever, beat_at_, replica_.next_deadline()});
}

void PresenceNode::on_timer(TimePoint now) {
  now_ = now;
  replica_.on_timer(now);
  if (now >= tell_at_) tell_changes();
  if (now >= beat_at_) beat(now);
}

}  // namespace signalbox::cluster
