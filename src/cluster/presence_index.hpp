#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/agreement.hpp"
#include "cluster/keys.hpp"
#include "cluster/presence_scripts.hpp"
#include "cluster/replica.hpp"
#include "redis/client.hpp"

namespace signalbox::cluster {

/// A node whose lease has not ended.
struct LivingNode {
  std::string id;
  Milliseconds lease;  ///< what is left of it
  std::string about;   ///< as it was entered
};

/// The index of who is online, and on which nodes, in Redis. What changes is published by the scripts themselves, with
/// the version that it makes.
///
/// thread  its client's.
class PresenceIndex final : public PresenceScripts {
 public:
  PresenceIndex(redis::Client& client, const Keys& keys, const NodeTimes& times);

  void tell(unsigned partition, const std::string& node, const std::vector<UserState>& users, Done done) override;
  void reap(unsigned partition, const std::string& node, On<bool> more) override;
  void count(unsigned partition, const std::string& node, On<std::size_t> on) override;
  void members(unsigned partition, const std::string& node, std::function<void(std::vector<std::string>)> on) override;
  void enter(const std::string& node, const std::string& about, On<bool> alive) override;
  void beat(const std::string& node, On<bool> alive) override;
  void end_lease(const std::string& node) override;
  void sweep(On<std::vector<std::string>> dead) override;
  void bury(const std::string& node) override;
  void bury_unknown(const std::vector<std::string>& nodes) override;
  void forget(const std::string& node) override;

  /// Who is where.
  void snapshot(unsigned partition, On<Snapshot> on);
  /// Where that one is, as Replica has it; empty: nowhere.
  void nodes_of(unsigned partition, const std::string& user, On<std::string> on);
  /// What Redis has at this moment.
  void version(unsigned partition, On<Version> on);
  /// Those who live.
  void nodes(On<std::vector<LivingNode>> on);
  /// Ours becomes what all agree on where nothing is there yet. Answers with what is there: for check_agreement().
  void agree(const Agreement& ours, On<Agreement> theirs);

 private:
  redis::ScriptCall of_users(unsigned partition, const std::string& node) const;
  redis::ScriptCall of_nodes(std::vector<std::string> arguments) const;
  void scan(const std::string& set, const std::string& cursor, std::function<void(std::vector<std::string>)> on);

  redis::Client& client_;
  const Keys& keys_;
  const NodeTimes times_;
};

/// What a script has published; nothing where it is something else.
std::optional<Change> read_change(std::string_view payload);

}  // namespace signalbox::cluster
