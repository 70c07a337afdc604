#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "simulated_node.hpp"

namespace signalbox::cluster::test {

/// Nodes over one Redis, and a bus that loses some of what is published.
struct PresenceWorld {
  explicit PresenceWorld(unsigned count, unsigned seed = 1) : random(seed) {
    for (unsigned i = 0; i < count; ++i)
      nodes.push_back(std::make_unique<Node>(agenda, redis, random, "n" + std::to_string(i)));
    redis.on_publish = [this](unsigned partition, const Change& change) {
      for (auto& node : nodes)
        if (random() % 100 >= lost_percent) node->hear(partition, change);
    };
    for (auto& node : nodes) node->connect();
  }
  void pass(Milliseconds time) {
    for (const TimePoint end = agenda.now + time; agenda.now < end;) {
      agenda.now += Milliseconds(1);
      while (!agenda.tasks.empty() && agenda.tasks.begin()->first <= agenda.now) {
        const auto task = std::move(agenda.tasks.begin()->second);
        agenda.tasks.erase(agenda.tasks.begin());
        task();
      }
      for (auto& node : nodes) node->turn();
      if ((agenda.now.time_since_epoch() / Milliseconds(1)) % 5000 == 0)
        for (auto& node : nodes) node->ask_for_versions();
    }
  }
  Node& operator[](std::size_t i) { return *nodes[i]; }
  /// It is gone, without a word.
  void kill(std::size_t i) {
    graves.push_back(std::move(nodes[i]));
    graves.back()->lose();
    graves.back()->paused_until = TimePoint::max();
    nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(i));
  }
  /// What the others than that one have, by user.
  Elsewhere elsewhere_of(const Node& one) const {
    Elsewhere truth;
    for (auto& node : nodes) {
      if (node.get() == &one) continue;
      for (const auto& [user, state] : node->here) truth[user][node->presence.id()] = state;
    }
    return truth;
  }
  std::set<std::string> online() const {
    std::set<std::string> users;
    for (auto& node : nodes)
      for (const auto& [user, state] : node->here)
        if (state.is_online()) users.insert(user);
    return users;
  }
  void expect_all_know(const std::string& why) {
    for (auto& node : nodes) {
      const std::string of = node->presence.id() + ", " + why;
      EXPECT_EQ(node->announced, online()) << of;
      EXPECT_EQ(node->replica.count(), online().size()) << of;
      const Elsewhere truth = elsewhere_of(*node);
      EXPECT_EQ(node->elsewhere, truth) << of;
      for (const auto& [user, nodes_of_user] : truth) EXPECT_EQ(node->asked(user), nodes_of_user) << of;
      EXPECT_EQ(node->logins_left, 0u) << of;
    }
    expect_index(why);
  }
  /// Redis has what is, and nothing else.
  void expect_index(const std::string& why) {
    std::map<std::string, std::set<std::string>> there, truth;
    for (const auto& partition : redis.partitions) {
      for (const auto& [node, users] : partition.users_of) there[node].insert(users.begin(), users.end());
    }
    std::erase_if(there, [](const auto& each) { return each.second.empty(); });
    for (auto& node : nodes)
      for (const auto& [user, state] : node->here) truth[node->presence.id()].insert(user);
    EXPECT_EQ(there, truth) << why;
  }

  Agenda agenda;
  ModelRedis redis{agenda};
  std::mt19937 random;
  unsigned lost_percent = 0;
  std::vector<std::unique_ptr<Node>> nodes, graves;
};

/// Three nodes with a user each, whose presence has settled.
struct Settled : PresenceWorld {
  Settled() : PresenceWorld(3) {
    pass(std::chrono::seconds(15));
    for (std::size_t i = 0; i < 3; ++i) nodes[i]->come("user " + std::to_string(i));
    pass(Milliseconds(50));
  }
  /// No node was swept, and everybody was announced once.
  void expect_undisturbed() {
    for (auto& node : nodes) {
      EXPECT_EQ(node->ids, 1u);
      for (const auto& [user, times] : node->told) EXPECT_EQ(times, 1u) << user << " on " << node->presence.id();
    }
  }
};

}  // namespace signalbox::cluster::test
