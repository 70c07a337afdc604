#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "cluster/own_users.hpp"
#include "cluster/presence_scripts.hpp"
#include "cluster/replica.hpp"

namespace signalbox::cluster {

/// This node among the others: it lives as long as it says so, enters its own users into the index in Redis under its
/// id, and takes out those of nodes that died. An id that was swept is never used again.
///
/// thread  its owner's.
class PresenceNode {
 public:
  using Entered = OwnUsers::Entered;
  using Heard = std::function<void()>;

  struct Identity {
    /// Gives an id that no node has had, without blanks and colons.
    std::function<std::string()> make_id;
    /// Calls `heard` once this node hears what is published for that id: before that nobody is to know it.
    std::function<void(const std::string& id, Heard heard)> listen;
    std::string about;  ///< what all nodes may know about this one, any text
  };

  PresenceNode(unsigned partitions, PresenceScripts& scripts, Replica& replica, Identity identity,
               const NodeTimes& times);

  const std::string& id() const { return id_; }
  unsigned partition_of(std::string_view user) const;

  /// What this node has of the user.
  void set(const std::string& user, HereState state, TimePoint now);
  /// Calls `done` once Redis has the user under this node's id, at once if it has. False: it has not, because it is
  /// away, or refused, or because the user went meanwhile or was never set(). A login waits for it, and goes on anyhow.
  void when_entered(const std::string& user, Entered done);

  void on_connected(TimePoint now);
  void on_lost();
  /// What the replica had asked for; nothing: Redis refused. Nodes in it that nobody knows are buried.
  void on_snapshot(unsigned partition, const std::optional<Snapshot>& snapshot, TimePoint now);
  /// Its clients will be back, here or elsewhere: nobody is announced as gone before the grace is over.
  void stop();

  TimePoint next_deadline() const;
  void on_timer(TimePoint now);

 private:
  struct Reaping {
    unsigned left;         ///< partitions
    bool refused = false;  ///< one of them: the node stays dead, and the next sweep begins again
  };

  void begin_to_beat();
  void beat(TimePoint now);
  void on_beat(std::optional<bool> alive, TimePoint now);
  void take_new_id(TimePoint now);
  void sweep();
  void reap(unsigned partition, const std::string& node);
  void on_reaped(const std::string& node, bool whole);
  void bury_unknown(unsigned partition);
  void check(TimePoint now);
  void be_quiet(TimePoint now);
  /// `call` for an answer that counts on this connection alone.
  template <class Call>
  auto here_and_now(Call call) {
    return [this, call = std::move(call), of = connection_](auto&& answer) {
      if (of == connection_ && connected_) call(std::forward<decltype(answer)>(answer));
    };
  }

  const unsigned partitions_;
  PresenceScripts& scripts_;
  Replica& replica_;
  const Identity identity_;
  const NodeTimes times_;
  std::string id_;
  OwnUsers own_;
  bool connected_ = false;
  std::uint32_t connection_ = 0;            ///< which one it is
  bool entered_ = false;                    ///< under this id, as far as we know
  bool alive_ = false;                      ///< as Redis said on this connection
  std::map<std::string, Reaping> reaping_;  ///< dead nodes
  unsigned checking_ = 0;                   ///< the partition that comes next
  TimePoint beat_at_ = kNever, check_at_ = kNever;
  TimePoint beaten_{};       ///< when Redis last said that we live
  TimePoint quiet_until_{};  ///< nobody is swept before: others may only be as late as we are
  TimePoint now_{};
};

}  // namespace signalbox::cluster
