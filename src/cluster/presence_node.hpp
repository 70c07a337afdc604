#pragma once
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "cluster/replica.hpp"

namespace signalbox::cluster {

/// What Redis does for presence: each is one script, carried out whole or not at all. The answer comes later, on the
/// same thread; nothing if there was none, where it may have been carried out.
class PresenceScripts {
 public:
  using Done = std::move_only_function<void(bool)>;

  /// These users have a socket on that node. The first node of a user is published.
  virtual void join(unsigned partition, const std::string& node, std::vector<std::string> users, Done done) = 0;
  /// They have none there any more. The last node of a user is published.
  virtual void leave(unsigned partition, const std::string& node, std::vector<std::string> users, Done done) = 0;
  /// leave() for some of a dead node's users; true: there may be more.
  virtual void reap(unsigned partition, const std::string& node, Done more) = 0;
  /// The node lives for another lease. A `fresh` one is entered; another one that is not there was swept: `alive`
  /// false.
  virtual void beat(const std::string& node, bool fresh,
                    std::move_only_function<void(std::optional<bool> alive)> on) = 0;
  /// Its lease ends now: a node that stops says so.
  virtual void end_lease(const std::string& node) = 0;
  /// Nodes whose lease ended a grace ago are dead from now on. Answers with all that are dead and not reaped.
  virtual void sweep(std::move_only_function<void(std::vector<std::string> dead)> on) = 0;
  virtual void bury(const std::string& node) = 0;    ///< it is dead, whether it was entered or not
  virtual void forget(const std::string& node) = 0;  ///< it was reaped in all partitions

 protected:
  ~PresenceScripts() = default;
};

struct NodeTimes {
  Milliseconds beat{1000};
  Milliseconds lease{5000};
  Milliseconds grace{5000};  ///< between the end of a node's lease and its users' going
  Milliseconds gather{5};    ///< who comes and goes in so long a time is told together
};

/// This node among the others: it lives as long as it says so, enters its own users into the index in Redis under its
/// id, and takes out those of nodes that died. An id that was swept is never used again.
///
/// thread  its owner's.
class PresenceNode {
 public:
  using MakeId = std::function<std::string()>;
  /// `make_id` gives an id that no node has had.
  PresenceNode(unsigned partitions, PresenceScripts& scripts, Replica& replica, MakeId make_id, const NodeTimes& times);

  const std::string& id() const { return id_; }
  unsigned partition_of(std::string_view user) const;

  // This node's first socket of a user, and the end of the grace after the last.
  void came(const std::string& user, TimePoint now);
  void went(const std::string& user, TimePoint now);

  void on_connected(TimePoint now);
  void on_lost();
  /// Its clients will be back, here or elsewhere: nobody is announced as gone before the grace is over.
  void stop();

  TimePoint next_deadline() const;
  void on_timer(TimePoint now);

 private:
  using ByPartition = std::map<unsigned, std::set<std::string>>;

  /// To be told soon; who is among the opposite need not be. Returns the partition.
  unsigned note(const std::string& user, ByPartition& changed, ByPartition& opposite, TimePoint now);
  void beat(TimePoint now);
  void on_beat(bool alive, TimePoint now);
  void take_new_id(TimePoint now);
  void enter_all();
  void tell_changes();
  void sweep();
  void reap(unsigned partition, const std::string& node);
  void be_quiet(TimePoint now);

  const unsigned partitions_;
  PresenceScripts& scripts_;
  Replica& replica_;
  const MakeId make_id_;
  const NodeTimes times_;
  std::string id_;
  bool connected_ = false;
  bool entered_ = false;                     ///< under this id, as far as we know
  bool told_all_ = false;                    ///< on this connection, under this id
  std::set<std::string> users_;              ///< this node's
  ByPartition came_, went_;                  ///< to be told
  std::map<std::string, unsigned> reaping_;  ///< dead nodes: partitions that are not reaped yet
  TimePoint tell_at_ = kNever, beat_at_ = kNever;
  TimePoint beaten_{};       ///< when Redis last said that we live
  TimePoint quiet_until_{};  ///< nobody is swept before: others may only be as late as we are
  TimePoint now_{};
};

}  // namespace signalbox::cluster
