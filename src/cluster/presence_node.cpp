#include "cluster/presence_node.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace signalbox::cluster {

PresenceNode::PresenceNode(unsigned partitions, PresenceScripts& scripts, Replica& replica, Identity identity,
                           const NodeTimes& times)
    : partitions_(partitions),
      scripts_(scripts),
      replica_(replica),
      identity_(std::move(identity)),
      times_(times),
      id_(identity_.make_id()),
      own_(partitions, scripts, times) {
  replica_.add_own_id(id_);
}

// FNV-1a: the same on every machine.
unsigned PresenceNode::partition_of(std::string_view user) const {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : user) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  return static_cast<unsigned>(hash % partitions_);
}

void PresenceNode::set(const std::string& user, HereState state, TimePoint now) {
  now_ = now;
  const unsigned partition = partition_of(user);
  replica_.set_here(partition, user, state.is_online());
  own_.set(partition, user, state, now);
}

void PresenceNode::when_entered(const std::string& user, Entered done) {
  if (!connected_) return done(false);
  own_.when_entered(partition_of(user), user, std::move(done));
}

void PresenceNode::on_connected(TimePoint now) {
  now_ = now;
  connected_ = true;
  ++connection_;
  begin_to_beat();
}

void PresenceNode::on_lost() {
  connected_ = alive_ = false;
  beat_at_ = check_at_ = kNever;
  reaping_.clear();
  own_.on_lost();
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

// Others send to an id as soon as it is entered.
void PresenceNode::begin_to_beat() {
  beat_at_ = kNever;
  identity_.listen(id_, [this, id = id_, of = connection_] {
    if (of == connection_ && connected_ && id == id_) beat(now_);
  });
}

void PresenceNode::beat(TimePoint now) {
  beat_at_ = now + times_.beat;
  auto on = here_and_now([this, id = id_](std::optional<bool> alive) {
    if (id == id_) on_beat(alive, now_);
  });
  entered_ ? scripts_.beat(id_, std::move(on)) : scripts_.enter(id_, identity_.about, std::move(on));
}

void PresenceNode::on_beat(std::optional<bool> alive, TimePoint now) {
  if (!alive) return alive_ ? void() : own_.let_go();
  if (!*alive) return take_new_id(now);
  if (now - std::exchange(beaten_, now) > times_.lease) be_quiet(now);
  entered_ = true;
  if (!std::exchange(alive_, true)) check_at_ = now + times_.check / partitions_;
  own_.on_alive(id_, now);
  if (now >= quiet_until_) sweep();
}

// What was entered under the old one is found by whoever reaps it.
void PresenceNode::take_new_id(TimePoint now) {
  scripts_.bury(id_);
  id_ = identity_.make_id();
  replica_.add_own_id(id_);
  entered_ = alive_ = false;
  own_.on_swept();
  be_quiet(now);
  begin_to_beat();
}

void PresenceNode::sweep() {
  scripts_.sweep(here_and_now([this](const std::optional<std::vector<std::string>>& dead) {
    for (const std::string& node : dead.value_or(std::vector<std::string>{})) {
      if (!reaping_.try_emplace(node, Reaping{.left = partitions_}).second) continue;
      for (unsigned partition = 0; partition < partitions_; ++partition) reap(partition, node);
    }
  }));
}

void PresenceNode::reap(unsigned partition, const std::string& node) {
  scripts_.reap(partition, node, here_and_now([this, partition, node](std::optional<bool> more) {
                  more.value_or(false) ? reap(partition, node) : on_reaped(node, more.has_value());
                }));
}

void PresenceNode::on_reaped(const std::string& node, bool whole) {
  const auto at = reaping_.find(node);
  if (at == reaping_.end()) return;
  at->second.refused |= !whole;
  if (--at->second.left != 0) return;
  if (!at->second.refused) scripts_.forget(node);
  reaping_.erase(at);
}

// A Redis that has lost its memory hears from all nodes again, each with its next beat.
void PresenceNode::on_snapshot(unsigned partition, const std::optional<Snapshot>& snapshot, TimePoint now) {
  now_ = now;
  if (!snapshot) return replica_.on_no_snapshot(partition);
  if (replica_.is_of_new_epoch(partition, *snapshot)) be_quiet(now);
  replica_.on_snapshot(partition, *snapshot);
  if (connected_) bury_unknown(partition);
}

// Redis decides at that moment which of them live: nobody here has to remember who does.
void PresenceNode::bury_unknown(unsigned partition) {
  auto nodes = replica_.nodes_in(partition);
  nodes.erase(id_);
  if (!nodes.empty()) scripts_.bury_unknown({nodes.begin(), nodes.end()});
}

void PresenceNode::check(TimePoint now) {
  check_at_ = now + times_.check / partitions_;
  own_.check(checking_);
  bury_unknown(checking_);
  checking_ = (checking_ + 1) % partitions_;
}

TimePoint PresenceNode::next_deadline() const {
  return std::min({own_.next_deadline(), beat_at_, check_at_, replica_.next_deadline()});
}

void PresenceNode::on_timer(TimePoint now) {
  now_ = now;
  replica_.on_timer(now);
  own_.on_timer(now);
  if (now >= beat_at_) beat(now);
  if (now >= check_at_) check(now);
}

}  // namespace signalbox::cluster
