#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::cluster {

/// The names of our keys and channels in Redis. Those of one partition have one hash tag, and so lie in one slot of a
/// Redis Cluster; the tags are chosen so that the partitions lie evenly over the slots, and so over any number of equal
/// nodes. Channels carry the database's number, which pub/sub does not know.
///
/// thread  any.
class Keys {
 public:
  Keys(std::string_view prefix, unsigned database, unsigned partitions);

  unsigned partitions() const { return static_cast<unsigned>(tags_.size()); }

  std::string online(unsigned partition) const { return key(partition, ":on"); }  ///< hash: user -> "n1:2 n2:-"
  /// Set: that node's users.
  std::string of_node(unsigned partition, std::string_view node) const;
  std::string version(unsigned partition) const { return key(partition, ":v"); }  ///< hash: epoch, ver
  std::string changes(unsigned partition) const;                                  ///< channel
  std::string nodes() const { return prefix_ + ":{nodes}"; }                      ///< sorted set: node -> end of lease
  std::string dead_nodes() const { return prefix_ + ":{nodes}:dead"; }            ///< set
  std::string about_nodes() const { return prefix_ + ":{nodes}:about"; }          ///< hash: node -> what is known of it
  std::string agreed() const { return prefix_ + ":meta"; }                        ///< hash: partitions, protocol
  /// What is kept of a user's jobs, in keys of one slot.
  struct OfUser {
    std::string order;     ///< sorted set: outcome -> its time
    std::string packets;   ///< hash: outcome -> its event
    std::string received;  ///< sorted set: outcome that is still there -> when
    std::string progress;  ///< hash: job -> its newest event
    std::string jobs;      ///< hash: outcome -> its job, and "=job" -> its outcome
    std::string over;      ///< sorted set: outcome that is not told any more -> when received; "-outcome" -> replaced
    std::string emitted;   ///< sorted set: outcome of an emitter -> when it was last heard first, for a moment
  };
  OfUser jobs_of(std::string_view user) const;
  std::string keeper() const { return prefix_ + ":{nodes}:keeper"; }  ///< text: which node
  std::string epoch() const { return prefix_ + ":{nodes}:epoch"; }    ///< text: another one if Redis lost its memory
  /// What one node hears, by any of its names; and what all do.
  std::string node(std::string_view name) const { return channel_prefix_ + ":n:" + std::string(name); }
  std::string all_nodes() const { return channel_prefix_ + ":all"; }

 private:
  std::string key(unsigned partition, std::string_view what) const;

  const std::string prefix_, channel_prefix_;
  std::vector<std::string> tags_;
};

/// The slot of a key in a Redis Cluster. source  Redis Cluster specification, "Key distribution model".
unsigned slot_of(std::string_view key);

}  // namespace signalbox::cluster
