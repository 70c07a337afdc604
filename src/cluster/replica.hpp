#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "cluster/node_states.hpp"

namespace signalbox::cluster {

/// How far the changes of one partition have come. Redis makes a new epoch when it has lost its memory.
struct Version {
  std::string epoch{};
  std::uint64_t number = 0;
  bool operator==(const Version&) const = default;
};

/// A user, and the text of what the nodes have of them; empty: nobody has anything.
struct UserNodes {
  std::string user, nodes;
  bool operator==(const UserNodes&) const = default;
};

/// Whose nodes are others now, as it is published: the nodes as they are, not what came and went.
struct Change {
  Version version;
  std::vector<UserNodes> users;
};

/// All users of whom a node has something, at that version.
struct Snapshot {
  Version version;
  std::vector<UserNodes> users;
};

/// Who is online, and on which nodes, as this node knows it: the index in Redis, partition by partition, and this
/// node's own users, who are online whatever Redis says. Each node tells its own sockets when its replica changes: once
/// for each change, however often that is said or whatever was lost on the way.
///
/// thread  its owner's.
class Replica {
 public:
  class Observer {
   public:
    virtual void on_presence(const std::string& user, bool online) = 0;
    /// What other nodes have of the user; also when held() has changed. The views are good until this returns.
    virtual void on_elsewhere(const std::string& user, const NodeStates& nodes) = 0;
    /// Of that partition something was missed: on_snapshot() is wanted.
    virtual void wants_snapshot(unsigned partition) = 0;

   protected:
    ~Observer() = default;
  };

  Replica(unsigned partitions, Observer& observer) : partitions_(partitions), observer_(observer) {}

  bool online(unsigned partition, std::string_view user) const;
  std::size_t count() const { return count_; }
  /// Does it follow all partitions?
  bool complete() const {
    return std::ranges::all_of(partitions_, [](const Partition& each) { return each.follows; });
  }
  /// What other nodes have of the user. The views are good until the next call that changes something.
  NodeStates elsewhere(unsigned partition, std::string_view user) const;
  /// The same of the text that Redis has of a user.
  NodeStates others_in(std::string_view nodes) const;
  /// Is the user online for everybody although no node has them any more?
  bool held(unsigned partition, std::string_view user) const;
  /// All nodes, this one included, that have something of a user of that partition.
  std::set<std::string, std::less<>> nodes_in(unsigned partition) const;

  /// This node's id from now on, under which nobody was entered yet. Earlier ones stay its own: what stands under them
  /// is not elsewhere.
  void add_own_id(const std::string& id) { own_ids_.push_back(id); }

  /// Its changes are heard from now on, on this connection.
  void on_subscribed(unsigned partition);
  void on_change(unsigned partition, const Change& change);
  void on_snapshot(unsigned partition, const Snapshot& snapshot);
  /// Has Redis lost its memory since the last one?
  bool is_of_new_epoch(unsigned partition, const Snapshot& snapshot) const;
  /// Redis refused the snapshot. It is wanted again with the next on_version().
  void on_no_snapshot(unsigned partition);
  /// What Redis has at this moment, asked now and then: a change that was lost last of all shows.
  void on_version(unsigned partition, const Version& version);
  /// The connection is gone. What was known stays, but for users of this node who go.
  void on_lost();

  /// Is the user online through this node?
  void set_here(unsigned partition, const std::string& user, bool online);

  /// Nobody whom only Redis took away is announced as gone before that time: those who lost their node, or whose node
  /// has to enter them again, have time to be back.
  void hold_back(TimePoint until);
  TimePoint next_deadline() const { return held_until_; }
  void on_timer(TimePoint now);

 private:
  struct User {
    std::string nodes{};  ///< as Redis has them; one or two names need no allocation
    bool here = false;    ///< online through this node
    bool known = false;   ///< online through one of `nodes`
    bool held = false;    ///< online through none of them any more, and that is not announced yet
    bool told = false;    ///< as online
    bool online() const { return here || known || held; }
  };
  using Users = std::unordered_map<std::string, User, TextHash, std::equal_to<>>;
  struct Partition {
    Users users;
    Version version;
    bool heard = false;    ///< its changes come
    bool follows = false;  ///< all of them up to `version` were applied
    bool awaits = false;   ///< a snapshot, before which changes are put aside
    std::vector<Change> aside;
  };

  void ask(unsigned partition);
  void apply(Partition& partition, const Change& change);
  void set_nodes(Partition& partition, const UserNodes& user);
  void settle(Partition& partition, Users::iterator at);

  static constexpr std::size_t kMostAside = 1000;  ///< changes; past it a newer snapshot is asked for

  std::vector<Partition> partitions_;
  Observer& observer_;
  std::vector<std::string> own_ids_;
  bool connected_ = false;
  std::size_t count_ = 0;
  TimePoint held_until_ = kNever;
};

}  // namespace signalbox::cluster
