#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace signalbox::cluster {

/// How far the changes of one partition have come. Redis makes a new epoch when it has lost its memory.
struct Version {
  std::string epoch{};
  std::uint64_t number = 0;
  bool operator==(const Version&) const = default;
};

/// Who came first of all nodes and who went last, as it is published.
struct Change {
  Version version;
  std::vector<std::string> up, down;
};

/// Who is online on any node, at that version.
struct Snapshot {
  Version version;
  std::vector<std::string> users;
};

/// Who is online on any node, as this node knows it: the index in Redis, partition by partition, and this node's own
/// users, who are online whatever Redis says. Each node tells its own sockets when its replica changes: once for each
/// change, however often that is said or whatever was lost on the way.
///
/// thread  its owner's.
class Replica {
 public:
  class Observer {
   public:
    virtual void on_presence(const std::string& user, bool online) = 0;
    /// Of that partition something was missed: on_snapshot() is wanted.
    virtual void wants_snapshot(unsigned partition) = 0;

   protected:
    ~Observer() = default;
  };

  Replica(unsigned partitions, Observer& observer) : partitions_(partitions), observer_(observer) {}

  bool online(unsigned partition, std::string_view user) const;
  std::size_t count() const { return count_; }

  /// Its changes are heard from now on, on this connection.
  void on_subscribed(unsigned partition);
  void on_change(unsigned partition, const Change& change);
  void on_snapshot(unsigned partition, const Snapshot& snapshot);
  /// What Redis has at this moment, asked now and then: a change that was lost last of all shows.
  void on_version(unsigned partition, const Version& version);
  /// The connection is gone. What was known stays, but for users of this node who go.
  void on_lost();

  // This node's first socket of a user, and the end of the grace after the last.
  void came(unsigned partition, const std::string& user);
  void went(unsigned partition, const std::string& user);

  /// Nobody whom only Redis took away is announced as gone before that time: those who lost their node, or whose node
  /// has to enter them again, have time to be back.
  void hold_back(TimePoint until);
  TimePoint next_deadline() const { return held_until_; }
  void on_timer(TimePoint now);

 private:
  struct User {
    bool here = false;   ///< has a socket on this node
    bool known = false;  ///< Redis has somebody
    bool held = false;   ///< Redis has nobody any more, and that is not announced yet
    bool told = false;   ///< as online
    bool online() const { return here || known || held; }
  };
  using Users = std::unordered_map<std::string, User, TextHash, std::equal_to<>>;
  struct Partition {
    Users users;
    Version version;
    bool follows = false;  ///< its changes come, and all up to `version` were applied
    bool awaits = false;   ///< a snapshot, before which changes are put aside
    std::vector<Change> aside;
  };

  void ask(unsigned partition);
  void apply(Partition& partition, const Change& change);
  void set_known(Partition& partition, const std::string& user, bool known);
  void settle(Partition& partition, Users::iterator at);

  static constexpr std::size_t kMostAside = 1000;  ///< changes; past it a newer snapshot is asked for

  std::vector<Partition> partitions_;
  Observer& observer_;
  bool connected_ = false;
  std::size_t count_ = 0;
  TimePoint held_until_ = kNever;
};

}  // namespace signalbox::cluster
