#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "cluster/keys.hpp"
#include "cluster/presence_index.hpp"
#include "cluster/presence_node.hpp"
#include "cluster/replica.hpp"
#include "redis/client.hpp"
#include "users/presence.hpp"

namespace signalbox::cluster {

/// Who is online on which nodes: follows what is published of the index, asks it for what was missed, and tells this
/// node's users.
///
/// thread  the cluster's; `node` and `index` too.
class PresenceLink final : Replica::Observer {
 public:
  struct Options {
    NodeTimes times;
    std::function<std::string()> make_id;              ///< PresenceNode::Identity
    std::string about;                                 ///< what others are told of this node
    std::function<void(const redis::Error&)> unheard;  ///< Redis refuses to let it hear what is for this node
  };
  PresenceLink(Options options, redis::Client& commands, redis::Subscriber& subscriber, const Keys& keys,
               users::Presence& presence);

  /// Redis answers, and both connections are up.
  void on_connected(TimePoint now);
  void on_lost();
  /// False: it was no change of the index.
  bool on_published(const redis::Published& published);
  /// This node goes, and its users will be back.
  void leave() { node.stop(); }

  /// Is it known of everybody where they are?
  bool complete() const { return replica_.complete(); }
  /// The nodes that have this user, but for this one.
  NodeStates elsewhere(std::string_view user) const;
  /// The same of what the index has of somebody.
  NodeStates others_in(std::string_view nodes) const { return replica_.others_in(nodes); }

  TimePoint next_deadline() const { return std::min(node.next_deadline(), versions_at_); }
  void on_timer(TimePoint now);

 private:
  void on_presence(const std::string& user, bool online) override;
  void on_elsewhere(const std::string& user, const NodeStates& nodes) override;
  void wants_snapshot(unsigned partition) override;
  void listen(const std::string& id, PresenceNode::Heard heard);
  void ask_for_snapshots();
  void ask_for_versions();

  static constexpr Milliseconds kVersionsEach{5000};
  static constexpr std::size_t kSnapshotsAtOnce = 8;

  redis::Subscriber& subscriber_;
  const Keys& keys_;
  users::Presence& presence_;
  std::unordered_map<std::string, unsigned, TextHash, std::equal_to<>>
      partition_of_;  ///< by the channel of its changes
  const std::function<void(const redis::Error&)> unheard_;
  std::string heard_id_;          ///< the node's id on whose channel we listen
  std::string id_before_;         ///< and the one that it had before
  std::vector<unsigned> wanted_;  ///< snapshots
  std::size_t asked_ = 0;         ///< of them
  std::uint64_t era_ = 0;         ///< of the connection: answers of an earlier one are nobody's
  TimePoint versions_at_ = kNever;
  TimePoint now_{};

 public:
  PresenceIndex index;

 private:
  Replica replica_;

 public:
  PresenceNode node;
};

}  // namespace signalbox::cluster
