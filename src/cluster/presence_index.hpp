#pragma once
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/keys.hpp"
#include "cluster/presence_node.hpp"
#include "cluster/replica.hpp"
#include "redis/client.hpp"

namespace signalbox::cluster {

/// The index of who is online, in Redis: each call is one script, or several of at most kMost users each. What changes
/// is published by the scripts themselves, with the version that it makes.
///
/// thread  its client's.
class PresenceIndex final : public PresenceScripts {
 public:
  static constexpr std::size_t kMost = 200;

  PresenceIndex(redis::Client& client, const Keys& keys, const NodeTimes& times);

  void join(unsigned partition, const std::string& node, std::vector<std::string> users, Done done) override;
  void leave(unsigned partition, const std::string& node, std::vector<std::string> users, Done done) override;
  void reap(unsigned partition, const std::string& node, Done more) override;
  void beat(const std::string& node, bool fresh, std::move_only_function<void(std::optional<bool>)> on) override;
  void end_lease(const std::string& node) override;
  void sweep(std::move_only_function<void(std::vector<std::string>)> on) override;
  void bury(const std::string& node) override;
  void forget(const std::string& node) override;

  /// Who is online; nothing if there was no answer.
  void snapshot(unsigned partition, std::move_only_function<void(std::optional<Snapshot>)> on);
  /// What Redis has at this moment.
  void version(unsigned partition, std::move_only_function<void(std::optional<Version>)> on);

 private:
  void change(const redis::Script& script, unsigned partition, const std::string& node, std::vector<std::string> users,
              Done done);

  redis::Client& client_;
  const Keys& keys_;
  const NodeTimes times_;
};

/// What a script has published; nothing where it is something else.
std::optional<Change> read_change(std::string_view payload);

}  // namespace signalbox::cluster
