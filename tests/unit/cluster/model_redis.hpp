#pragma once
#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cluster/presence_scripts.hpp"
#include "cluster/replica.hpp"

namespace signalbox::cluster::test {

inline constexpr unsigned kPartitions = 4;

/// What happens later, in the order of its time.
struct Agenda {
  TimePoint now{std::chrono::hours(1)};
  std::multimap<TimePoint, std::function<void()>> tasks;
  void after(Milliseconds delay, std::function<void()> task) { tasks.emplace(now + delay, std::move(task)); }
};

/// The index as the scripts keep it in Redis. What it refuses it answers with nothing.
struct ModelRedis {
  using Nodes = std::vector<std::pair<std::string, std::string>>;  ///< node, state
  struct Partition {
    Version version;
    std::map<std::string, Nodes> nodes_of;                  ///< by user
    std::map<std::string, std::set<std::string>> users_of;  ///< by node
  };
  explicit ModelRedis(Agenda& its) : agenda(its) { flush(); }

  void flush() {
    for (Partition& each : partitions) {
      each = {};
      each.version.epoch = "e" + std::to_string(++epochs);
    }
    std::ranges::copy(partitions, before);
    leases.clear();
    dead.clear();
  }
  bool tell(unsigned partition, const std::string& node, const std::vector<UserState>& users) {
    if (full) return false;
    ++tells;
    Partition& its = partitions[partition];
    before[partition] = its;
    Change change;
    for (const auto& [user, state] : users) {
      state.is_gone() ? void(its.users_of[node].erase(user)) : void(its.users_of[node].insert(user));
      set(its, user, node, state, change);
    }
    publish(partition, std::move(change));
    return true;
  }
  std::optional<bool> reap(unsigned partition, const std::string& node) {
    if (full) return std::nullopt;
    Partition& its = partitions[partition];
    before[partition] = its;
    Change change;
    for (int i = 0; i < 3 && !its.users_of[node].empty(); ++i) {
      const std::string user = its.users_of[node].extract(its.users_of[node].begin()).value();
      set(its, user, node, {}, change);
    }
    publish(partition, std::move(change));
    return !its.users_of[node].empty();
  }
  /// Another server takes over, which has not had the last write of each partition.
  void fail_over() { std::ranges::copy(before, partitions); }
  /// A write is undone, of which nobody hears.
  void lose_write(const std::string& user) {
    for (Partition& each : partitions) {
      each.nodes_of.erase(user);
      for (auto& [node, users] : each.users_of) users.erase(user);
    }
  }
  std::optional<bool> beat(const std::string& node, bool fresh) {
    if (full) return std::nullopt;
    if (dead.contains(node) || (!fresh && !leases.contains(node))) return false;
    leases[node] = agenda.now + times.lease;
    return true;
  }
  std::optional<std::vector<std::string>> sweep() {
    if (full) return std::nullopt;
    for (auto at = leases.begin(); at != leases.end();) {
      const auto lease = at++;
      if (lease->second + times.grace > agenda.now) continue;
      dead.insert(lease->first);
      leases.erase(lease);
    }
    return std::vector<std::string>{dead.begin(), dead.end()};
  }
  void bury_unknown(const std::vector<std::string>& nodes) {
    for (const std::string& node : nodes)
      if (!leases.contains(node)) dead.insert(node);
  }
  Snapshot snapshot(unsigned partition) const {
    Snapshot snapshot{.version = partitions[partition].version, .users = {}};
    for (const auto& [user, nodes] : partitions[partition].nodes_of)
      snapshot.users.push_back({.user = user, .nodes = text(nodes)});
    return snapshot;
  }

  static std::string text(const Nodes& nodes) {
    std::string text;
    for (const auto& [node, state] : nodes) text += (text.empty() ? "" : " ") + node + ":" + state;
    return text;
  }
  static void set(Partition& its, const std::string& user, const std::string& node, HereState state, Change& change) {
    const std::string before = text(its.nodes_of[user]);
    Nodes& nodes = its.nodes_of[user];
    const auto at = std::ranges::find(nodes, node, &Nodes::value_type::first);
    if (at != nodes.end() && state.is_gone()) nodes.erase(at);
    if (at != nodes.end() && !state.is_gone()) at->second = state.word();
    if (at == nodes.end() && !state.is_gone()) nodes.emplace_back(node, state.word());
    const std::string now = text(nodes);
    if (nodes.empty()) its.nodes_of.erase(user);
    if (now != before) change.users.push_back({.user = user, .nodes = now});
  }
  void publish(unsigned partition, Change change) {
    if (change.users.empty()) return;
    ++partitions[partition].version.number;
    change.version = partitions[partition].version;
    on_publish(partition, change);
  }

  Agenda& agenda;
  NodeTimes times;
  Partition partitions[kPartitions], before[kPartitions];
  std::map<std::string, TimePoint> leases;
  std::set<std::string> dead;
  bool full = false;  ///< its memory: it refuses every write
  unsigned epochs = 0, tells = 0;
  std::function<void(unsigned, const Change&)> on_publish = [](unsigned, const Change&) {};
};

}  // namespace signalbox::cluster::test
