#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "cluster/presence_node.hpp"
#include "cluster/replica.hpp"

namespace signalbox::cluster::test {

inline constexpr unsigned kPartitions = 4;

/// What happens later, in the order of its time.
struct Agenda {
  TimePoint now{std::chrono::hours(1)};
  std::multimap<TimePoint, std::function<void()>> tasks;
  void after(Milliseconds delay, std::function<void()> task) { tasks.emplace(now + delay, std::move(task)); }
};

/// The index as the scripts keep it in Redis.
struct ModelRedis {
  struct Partition {
    Version version;
    std::map<std::string, std::set<std::string>> nodes_of;  ///< by user
    std::map<std::string, std::set<std::string>> users_of;  ///< by node
  };
  explicit ModelRedis(Agenda& its) : agenda(its) { flush(); }

  void flush() {
    for (Partition& each : partitions) {
      each = {};
      each.version.epoch = "e" + std::to_string(++epochs);
    }
    leases.clear();
    dead.clear();
  }
  void join(unsigned partition, const std::string& node, const std::vector<std::string>& users) {
    Partition& its = partitions[partition];
    Change change;
    for (const std::string& user : users) {
      if (!its.users_of[node].insert(user).second) continue;
      if (its.nodes_of[user].empty()) change.up.push_back(user);
      its.nodes_of[user].insert(node);
    }
    publish(partition, std::move(change));
  }
  void leave(unsigned partition, const std::string& node, const std::vector<std::string>& users) {
    Partition& its = partitions[partition];
    Change change;
    for (const std::string& user : users) {
      if (its.users_of[node].erase(user) == 0) continue;
      its.nodes_of[user].erase(node);
      if (!its.nodes_of[user].empty()) continue;
      its.nodes_of.erase(user);
      change.down.push_back(user);
    }
    publish(partition, std::move(change));
  }
  bool reap(unsigned partition, const std::string& node) {
    std::vector<std::string> some;
    for (const std::string& user : partitions[partition].users_of[node])
      if (some.size() < 3) some.push_back(user);
    leave(partition, node, some);
    return !partitions[partition].users_of[node].empty();
  }
  bool beat(const std::string& node, bool fresh) {
    if (dead.contains(node) || (!fresh && !leases.contains(node))) return false;
    leases[node] = agenda.now + times.lease;
    return true;
  }
  std::vector<std::string> sweep() {
    for (auto at = leases.begin(); at != leases.end();) {
      const auto lease = at++;
      if (lease->second + times.grace > agenda.now) continue;
      dead.insert(lease->first);
      leases.erase(lease);
    }
    return {dead.begin(), dead.end()};
  }
  Snapshot snapshot(unsigned partition) const {
    Snapshot snapshot{.version = partitions[partition].version, .users = {}};
    for (const auto& [user, nodes] : partitions[partition].nodes_of) snapshot.users.push_back(user);
    return snapshot;
  }
  void publish(unsigned partition, Change change) {
    if (change.up.empty() && change.down.empty()) return;
    ++partitions[partition].version.number;
    change.version = partitions[partition].version;
    on_publish(partition, change);
  }

  Agenda& agenda;
  NodeTimes times;
  Partition partitions[kPartitions];
  std::map<std::string, TimePoint> leases;
  std::set<std::string> dead;
  unsigned epochs = 0;
  std::function<void(unsigned, const Change&)> on_publish = [](unsigned, const Change&) {};
};

/// A node with its replica, and what it announced.
struct Node final : Replica::Observer, PresenceScripts {
  Node(Agenda& its, ModelRedis& its_redis, std::mt19937& dice, std::string name)
      : agenda(its),
        redis(its_redis),
        random(dice),
        presence(
            kPartitions, *this, replica, [this, name] { return name + "." + std::to_string(++ids); }, redis.times) {}

  void connect() {
    ++connection;
    connected = true;
    presence.on_connected(agenda.now);
    for (unsigned i = 0; i < kPartitions; ++i)
      later([this, i] {
        subscribed.insert(i);
        replica.on_subscribed(i);
      });
  }
  void lose() {
    ++connection;
    connected = false;
    subscribed.clear();
    presence.on_lost();
    replica.on_lost();
  }
  /// Nothing of it runs until then, and what comes meanwhile waits.
  void pause(Milliseconds time) { paused_until = agenda.now + time; }
  void come(const std::string& user) {
    here.insert(user);
    presence.came(user, agenda.now);
  }
  void go(const std::string& user) {
    here.erase(user);
    presence.went(user, agenda.now);
  }
  bool online(const std::string& user) const { return replica.online(presence.partition_of(user), user); }
  void hear(unsigned partition, const Change& change) {
    if (!connected || !subscribed.contains(partition)) return;
    heard = std::max(heard, agenda.now + Milliseconds(random() % 4));  // a connection of its own, with its own order
    agenda.tasks.emplace(heard, [this, partition, change, of = connection] {
      run([this, partition, change] { replica.on_change(partition, change); }, of);
    });
  }
  void turn() {
    if (agenda.now >= paused_until && agenda.now >= presence.next_deadline()) presence.on_timer(agenda.now);
  }
  void ask_for_versions() {
    if (!connected) return;
    for (unsigned i = 0; i < kPartitions; ++i)
      call([this, i] { return redis.partitions[i].version; },
           [this, i](const Version& version) { replica.on_version(i, version); });
  }

  void on_presence(const std::string& user, bool now_online) override {
    EXPECT_NE(announced.contains(user), now_online) << user << " is told twice";
    now_online ? void(announced.insert(user)) : void(announced.erase(user));
    ++told[user];
  }
  void wants_snapshot(unsigned partition) override {
    call([this, partition] { return redis.snapshot(partition); },
         [this, partition](const Snapshot& snapshot) { replica.on_snapshot(partition, snapshot); });
  }
  void join(unsigned partition, const std::string& node, std::vector<std::string> users, Done) override {
    call([=, this] { return redis.join(partition, node, users), 0; }, [](int) {});
  }
  void leave(unsigned partition, const std::string& node, std::vector<std::string> users, Done) override {
    call([=, this] { return redis.leave(partition, node, users), 0; }, [](int) {});
  }
  void reap(unsigned partition, const std::string& node, Done more) override {
    call([=, this] { return redis.reap(partition, node); },
         [done = std::make_shared<Done>(std::move(more))](bool left) { (*done)(left); });
  }
  void beat(const std::string& node, bool fresh, std::move_only_function<void(std::optional<bool>)> on) override {
    call([=, this] { return redis.beat(node, fresh); },
         [done = std::make_shared<decltype(on)>(std::move(on))](bool alive) { (*done)(alive); });
  }
  void end_lease(const std::string& node) override { redis.leases[node] = agenda.now; }
  void sweep(std::move_only_function<void(std::vector<std::string>)> on) override {
    call([this] { return redis.sweep(); }, [done = std::make_shared<decltype(on)>(std::move(on))](
                                               const std::vector<std::string>& dead) { (*done)(dead); });
  }
  void bury(const std::string& node) override {
    call([=, this] { return redis.leases.erase(node), redis.dead.insert(node), 0; }, [](int) {});
  }
  void forget(const std::string& node) override {
    call([=, this] { return redis.dead.erase(node), 0; }, [](int) {});
  }

  /// A script: carried out after a while, and answered after another, in the order in which they were sent.
  template <class Ask, class Answer>
  void call(Ask ask, Answer answer) {
    sent = std::max(sent, agenda.now + Milliseconds(random() % 4));
    agenda.tasks.emplace(sent, [this, ask, answer, of = connection] {
      if (of != connection && random() % 2) return;  // it was on its way, or not
      auto result = ask();
      if (of == connection) later([answer, result] { answer(result); });
    });
  }
  /// On this connection, when the node runs.
  void later(std::function<void()> task) {
    came = std::max(came, agenda.now + Milliseconds(random() % 4));
    agenda.tasks.emplace(came, [this, task, of = connection] { run(task, of); });
  }
  void run(const std::function<void()>& task, unsigned of) {
    if (of != connection) return;
    if (agenda.now >= paused_until) return task();
    agenda.tasks.emplace(paused_until, [this, task, of] { run(task, of); });
  }

  Agenda& agenda;
  ModelRedis& redis;
  std::mt19937& random;
  Replica replica{kPartitions, *this};
  unsigned ids = 0;
  PresenceNode presence;
  bool connected = false;
  unsigned connection = 0;
  TimePoint paused_until{}, sent{}, came{}, heard{};
  std::set<unsigned> subscribed;
  std::set<std::string> here, announced;
  std::map<std::string, unsigned> told;  ///< how often each user was announced
};

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
  void expect_all_know(const std::string& why) {
    std::set<std::string> truth;
    for (auto& node : nodes) truth.insert(node->here.begin(), node->here.end());
    for (auto& node : nodes) {
      EXPECT_EQ(node->announced, truth) << node->presence.id() << ", " << why;
      EXPECT_EQ(node->replica.count(), truth.size());
    }
  }

  Agenda agenda;
  ModelRedis redis{agenda};
  std::mt19937 random;
  unsigned lost_percent = 0;
  std::vector<std::unique_ptr<Node>> nodes, graves;
};

}  // namespace signalbox::cluster::test
