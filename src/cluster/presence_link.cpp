#include "cluster/presence_link.hpp"

#include <expected>
#include <utility>

namespace signalbox::cluster {
namespace {

using SubscriptionKind = redis::Subscriptions::Kind;

}  // namespace

PresenceLink::PresenceLink(Options options, redis::Client& commands, redis::Subscriber& subscriber, const Keys& keys,
                           users::Presence& presence)
    : subscriber_(subscriber),
      keys_(keys),
      presence_(presence),
      unheard_(std::move(options.unheard)),
      index(commands, keys, options.times),
      replica_(keys.partitions(), *this),
      node(keys.partitions(), index, replica_,
           {.make_id = std::move(options.make_id),
            .listen = [this](const std::string& id, PresenceNode::Heard heard) { listen(id, std::move(heard)); },
            .about = std::move(options.about)},
           options.times) {
  for (unsigned partition = 0; partition < keys_.partitions(); ++partition)
    partition_of_.emplace(keys_.changes(partition), partition);
}

// Each is asked for anew, so that it is known when its changes come over this connection.
void PresenceLink::on_connected(TimePoint now) {
  const std::uint64_t era = ++era_;
  now_ = now;
  asked_ = 0;
  versions_at_ = now + kVersionsEach;
  for (const auto& [channel, partition] : partition_of_) {
    if (era != 1) subscriber_.unsubscribe(SubscriptionKind::channel, channel);
    subscriber_.subscribe(SubscriptionKind::channel, channel,
                          [this, partition, era](const std::expected<void, redis::Error>& heard) {
                            if (heard && era == era_) replica_.on_subscribed(partition);
                          });
  }
  node.on_connected(now);
}

// What comes for the id before was sent before all had heard of the new one.
void PresenceLink::listen(const std::string& id, PresenceNode::Heard heard) {
  const std::string channel = keys_.node(id);
  auto on_heard = [this, heard = std::move(heard)](const std::expected<void, redis::Error>& confirmed) {
    if (!confirmed && confirmed.error().kind == redis::Error::Kind::down) return;  // it is asked for anew
    if (!confirmed) unheard_(confirmed.error());
    heard();
  };
  if (heard_id_ == id) return subscriber_.subscribe_anew(SubscriptionKind::channel, channel, std::move(on_heard));
  subscriber_.subscribe(SubscriptionKind::channel, channel, std::move(on_heard));
  if (!id_before_.empty()) subscriber_.unsubscribe(SubscriptionKind::channel, keys_.node(id_before_));
  id_before_ = std::exchange(heard_id_, id);
}

void PresenceLink::on_lost() {
  ++era_;
  versions_at_ = kNever;
  wanted_.clear();
  replica_.on_lost();
  node.on_lost();
}

bool PresenceLink::on_published(const redis::Published& published) {
  const auto at = partition_of_.find(published.channel);
  if (at == partition_of_.end()) return false;
  if (const auto change = read_change(published.payload)) replica_.on_change(at->second, *change);
  return true;
}

NodeStates PresenceLink::elsewhere(std::string_view user) const {
  return replica_.elsewhere(node.partition_of(user), user);
}

void PresenceLink::on_timer(TimePoint now) {
  now_ = now;
  node.on_timer(now);
  if (now < versions_at_) return;
  versions_at_ = now + kVersionsEach;
  ask_for_versions();
}

void PresenceLink::on_presence(const std::string& user, bool online) {
  if (!online) on_elsewhere(user, {});
  presence_.announce(user, online);
}

// Who is held back is still online for everybody.
void PresenceLink::on_elsewhere(const std::string& user, const NodeStates& nodes) {
  const bool online = any_online(nodes) || replica_.held(node.partition_of(user), user);
  std::uint32_t connections = 0;
  for (const NodeState& each : nodes) connections += each.state.sockets;
  presence_.set_elsewhere(user, online || !nodes.empty(), online, connections);
}

void PresenceLink::wants_snapshot(unsigned partition) {
  wanted_.push_back(partition);
  ask_for_snapshots();
}

// A few at once, so that no answer is long in coming for another.
void PresenceLink::ask_for_snapshots() {
  while (!wanted_.empty() && asked_ < kSnapshotsAtOnce) {
    const unsigned partition = wanted_.back();
    wanted_.pop_back();
    ++asked_;
    index.snapshot(partition, [this, partition, era = era_](const std::optional<Snapshot>& snapshot) {
      if (era != era_) return;
      --asked_;
      node.on_snapshot(partition, snapshot, now_);
      ask_for_snapshots();
    });
  }
}

void PresenceLink::ask_for_versions() {
  for (unsigned partition = 0; partition < keys_.partitions(); ++partition) {
    index.version(partition, [this, partition, era = era_](const std::optional<Version>& version) {
      if (version && era == era_) replica_.on_version(partition, *version);
    });
  }
}

}  // namespace signalbox::cluster
