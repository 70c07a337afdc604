#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "cluster/node_states.hpp"

namespace signalbox::cluster {

/// What Redis does for presence: each is one script or command, carried out whole or not at all. The answer comes
/// later, on the same thread, or before the call returns where Redis was not even asked; nothing or false if Redis
/// refused, or gave no answer and may have carried it out.
class PresenceScripts {
 public:
  static constexpr std::size_t kMost = 200;  ///< users a script, so that none takes long
  using Done = std::move_only_function<void(bool)>;
  template <class Result>
  using On = std::move_only_function<void(std::optional<Result>)>;

  /// That node has this of these users, at most kMost. What changes is published.
  virtual void tell(unsigned partition, const std::string& node, const std::vector<UserState>& users, Done done) = 0;
  /// Takes out at most kMost of a dead node's users, as tell(); true: there are more.
  virtual void reap(unsigned partition, const std::string& node, On<bool> more) = 0;
  /// How many users that node has.
  virtual void count(unsigned partition, const std::string& node, On<std::size_t> on) = 0;
  /// These, in as many pieces as there are; one may come twice.
  virtual void members(unsigned partition, const std::string& node,
                       std::function<void(std::vector<std::string> some)> on) = 0;

  /// The node lives for a lease from now on, and that is known about it. False: it is dead, and stays so.
  virtual void enter(const std::string& node, const std::string& about, On<bool> alive) = 0;
  /// For another lease. False: it is dead, or nobody knows it any more.
  virtual void beat(const std::string& node, On<bool> alive) = 0;
  /// Its lease ends now: a node that stops says so.
  virtual void end_lease(const std::string& node) = 0;
  /// Nodes whose lease ended a grace ago are dead from now on. Answers with all that are dead and not reaped.
  virtual void sweep(On<std::vector<std::string>> dead) = 0;
  /// It is dead, whether it was entered or not.
  virtual void bury(const std::string& node) = 0;
  /// Those of them that are not entered are dead.
  virtual void bury_unknown(const std::vector<std::string>& nodes) = 0;
  /// It was reaped in all partitions.
  virtual void forget(const std::string& node) = 0;

 protected:
  ~PresenceScripts() = default;
};

struct NodeTimes {
  Milliseconds beat{1000};
  Milliseconds lease{5000};
  Milliseconds grace{5000};         ///< between the end of a node's lease and its users' going
  Milliseconds gather{5};           ///< who comes and goes, also the last socket, in so long a time is told together
  Milliseconds count_gather{1000};  ///< likewise of how many more sockets a user has
  Milliseconds check{60'000};       ///< in which the index is compared once with what was told, partition by partition
};

}  // namespace signalbox::cluster
