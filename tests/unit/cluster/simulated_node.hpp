#pragma once
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cluster/presence_node.hpp"
#include "cluster/replica.hpp"
#include "model_redis.hpp"

namespace signalbox::cluster::test {

/// By user and node.
using NodesOfUser = std::map<std::string, HereState>;
using Elsewhere = std::map<std::string, NodesOfUser>;

/// A node with its replica, and what it announced.
struct Node final : Replica::Observer, PresenceScripts {
  Node(Agenda& its, ModelRedis& its_redis, std::mt19937& dice, std::string name)
      : agenda(its),
        redis(its_redis),
        random(dice),
        presence(
            kPartitions, *this, replica,
            {.make_id = [this, name] { return name + "." + std::to_string(++ids); },
             .listen = [this](const std::string& id, PresenceNode::Heard on_heard) { listen(id, std::move(on_heard)); },
             .about = "{}"},
            redis.times) {}

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
    hears.clear();
    presence.on_lost();
    replica.on_lost();
  }
  /// Nothing of it runs until then, and what comes meanwhile waits.
  void pause(Milliseconds time) { paused_until = agenda.now + time; }
  void set(const std::string& user, HereState state) {
    state.is_gone() ? void(here.erase(user)) : void(here[user] = state);
    presence.set(user, state, agenda.now);
  }
  void come(const std::string& user, unsigned sockets = 1) { set(user, HereState::online(sockets)); }
  void go(const std::string& user) { set(user, {}); }
  /// Waits to be entered.
  void log_in(const std::string& user) {
    ++logins_left;
    presence.when_entered(user, [this, user](bool done) {
      --logins_left;
      logins.push_back(user + (done ? " is entered" : " goes on"));
    });
  }
  bool online(const std::string& user) const { return replica.online(presence.partition_of(user), user); }
  NodesOfUser asked(const std::string& user) const {
    return by_node(replica.elsewhere(presence.partition_of(user), user));
  }
  static NodesOfUser by_node(const NodeStates& states) {
    NodesOfUser nodes;
    for (const auto& [node, state] : states) nodes[std::string(node)] = state;
    return nodes;
  }
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
    if (!now_online) held.erase(user);
    ++told[user];
  }
  void on_elsewhere(const std::string& user, const NodeStates& states) override {
    const NodesOfUser nodes = by_node(states);
    EXPECT_FALSE(nodes.contains(presence.id())) << "that is here";
    const bool is_held = replica.held(presence.partition_of(user), user), was_held = held.contains(user);
    const bool same = (elsewhere.contains(user) ? elsewhere[user] : NodesOfUser{}) == nodes && is_held == was_held;
    EXPECT_FALSE(same) << user << " is told twice";
    is_held ? void(held.insert(user)) : void(held.erase(user));
    nodes.empty() ? void(elsewhere.erase(user)) : void(elsewhere[user] = nodes);
  }
  void listen(const std::string& id, PresenceNode::Heard on_heard) {
    later([this, id, on_heard = std::move(on_heard)] {
      hears = id;
      on_heard();
    });
  }
  void wants_snapshot(unsigned partition) override {
    call([this, partition] { return redis.snapshot(partition); },
         [this, partition](const Snapshot& snapshot) { presence.on_snapshot(partition, snapshot, agenda.now); });
  }
  void tell(unsigned partition, const std::string& node, const std::vector<UserState>& users, Done done) override {
    EXPECT_EQ(hears, node) << "what is sent to it is missed";
    call([=, this] { return redis.tell(partition, node, users); }, std::move(done));
  }
  void reap(unsigned partition, const std::string& node, On<bool> more) override {
    call([=, this] { return redis.reap(partition, node); }, std::move(more));
  }
  void count(unsigned partition, const std::string& node, On<std::size_t> on) override {
    call([=, this] { return redis.partitions[partition].users_of[node].size(); }, std::move(on));
  }
  void members(unsigned partition, const std::string& node, std::function<void(std::vector<std::string>)> on) override {
    call(
        [=, this] {
          const auto& users = redis.partitions[partition].users_of[node];
          return std::vector<std::string>(users.begin(), users.end());
        },
        std::move(on));
  }
  void enter(const std::string& node, const std::string&, On<bool> alive) override {
    call([=, this] { return redis.beat(node, true); }, std::move(alive));
  }
  void beat(const std::string& node, On<bool> alive) override {
    call([=, this] { return redis.beat(node, false); }, std::move(alive));
  }
  void end_lease(const std::string& node) override { redis.leases[node] = agenda.now; }
  void sweep(On<std::vector<std::string>> dead) override {
    call([this] { return redis.sweep(); }, std::move(dead));
  }
  void bury(const std::string& node) override {
    call([=, this] { return redis.leases.erase(node), redis.dead.insert(node), 0; }, [](int) {});
  }
  void bury_unknown(const std::vector<std::string>& nodes) override {
    call([=, this] { return redis.bury_unknown(nodes), 0; }, [](int) {});
  }
  void forget(const std::string& node) override {
    call([=, this] { return redis.dead.erase(node), 0; }, [](int) {});
  }

  /// A script: carried out after a while, and answered after another, in the order in which they were sent.
  template <class Ask, class Answer>
  void call(Ask ask, Answer answer) {
    sent = std::max(sent, agenda.now + Milliseconds(random() % 4));
    const auto shared = std::make_shared<Answer>(std::move(answer));  // tasks are copied
    agenda.tasks.emplace(sent, [this, ask, shared, of = connection] {
      if (of != connection && random() % 2) return;  // it was on its way, or not
      auto result = ask();
      if (of == connection) later([shared, result] { (*shared)(result); });
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
  std::string hears;  ///< what is published for this id
  std::map<std::string, HereState> here;
  std::set<std::string> announced;
  std::set<std::string> held;            ///< likewise
  Elsewhere elsewhere;                   ///< as announced
  std::map<std::string, unsigned> told;  ///< how often each user was announced
  unsigned logins_left = 0;              ///< that still wait
  std::vector<std::string> logins;
};

}  // namespace signalbox::cluster::test
