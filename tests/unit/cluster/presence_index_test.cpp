// The scripts of presence on a real Redis, beside the model on which presence is simulated.
#include "cluster/presence_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <random>
#include <set>

#include "model_redis.hpp"
#include "unit/redis/live_client.hpp"
#include "unit/redis/redis_server.hpp"

namespace signalbox::cluster::test {
namespace {

using Texts = std::vector<std::string>;
using States = std::vector<UserState>;
using Nodes = std::vector<UserNodes>;

constexpr HereState kGone, kAway = HereState::away();
constexpr HereState on(unsigned sockets) {
  return HereState::online(sockets);
}

/// One client of a Redis of the test's own; each call waits for its answer.
struct RealIndex : testing::Test, redis::Client::Observer {
  void SetUp() override {
    if (!redis::test::has_redis()) GTEST_SKIP() << "there is no redis-server: apt-get install redis-server";
    server = std::make_unique<redis::test::RedisServer>();
    hearing = std::make_unique<redis::test::LiveClient>(
        server->url(), redis::ConnectionOptions{.mode = redis::ConnectionOptions::Mode::subscriber});
    EXPECT_EQ(hearing->next(), "up");
    client = &thread.add({.url = redis::parse_url(server->url()).value()}, *this);
    thread.start();
    up.get_future().wait();
    index.emplace(*client, keys, NodeTimes{.lease = Milliseconds(300), .grace = Milliseconds(200)});
  }
  void TearDown() override { thread.stop(); }
  void on_up() override { up.set_value(); }
  void on_down(const redis::Error& why) override { ADD_FAILURE() << why.text; }

  /// What the call tells its callback.
  template <class Result, class Call>
  Result wait(Call call) {
    auto promise = std::make_shared<std::promise<Result>>();
    auto result = promise->get_future();
    EXPECT_TRUE(thread.post([&] { call([promise](Result got) { promise->set_value(std::move(got)); }); }));
    return result.get();
  }
  bool tell(const std::string& node, const States& users) {
    return wait<bool>([&](auto done) { index->tell(0, node, users, done); });
  }
  std::optional<bool> reap(const std::string& node) {
    return wait<std::optional<bool>>([&](auto more) { index->reap(0, node, more); });
  }
  std::optional<std::size_t> count(const std::string& node) {
    return wait<std::optional<std::size_t>>([&](auto on) { index->count(0, node, on); });
  }
  std::optional<bool> enter(const std::string& node, const std::string& about) {
    return wait<std::optional<bool>>([&](auto on) { index->enter(node, about, on); });
  }
  std::optional<bool> beat(const std::string& node) {
    return wait<std::optional<bool>>([&](auto on) { index->beat(node, on); });
  }
  std::optional<Texts> sweep() {
    return wait<std::optional<Texts>>([&](auto on) { index->sweep(on); });
  }
  std::map<std::string, std::string> living() {
    const auto nodes = wait<std::optional<std::vector<LivingNode>>>([&](auto on) { index->nodes(on); }).value();
    std::map<std::string, std::string> about;
    for (const LivingNode& each : nodes) {
      about[each.id] = each.about;
      EXPECT_GT(each.lease, Milliseconds(0));
      EXPECT_LE(each.lease, Milliseconds(300));
    }
    return about;
  }
  Agreement agree(const Agreement& ours) {
    return wait<std::optional<Agreement>>([&](auto on) { index->agree(ours, on); }).value();
  }
  /// Of another client, on which errors come as text.
  std::string ask(const std::vector<std::string>& words) {
    redis::test::LiveClient other(server->url());
    EXPECT_EQ(other.next(), "up");
    return other.ask(words);
  }
  void after_those_before(std::function<void()> call) {
    EXPECT_TRUE(thread.post(std::move(call)));
    // Whose answers come behind, also where Redis had to be told the script.
    for (int i = 0; i < 2; ++i) static_cast<void>(version());
  }
  Snapshot snapshot() {
    auto got = wait<std::optional<Snapshot>>([&](auto on) { index->snapshot(0, on); }).value();
    std::ranges::sort(got.users, {}, &UserNodes::user);
    return got;
  }
  Version version() {
    return wait<std::optional<Version>>([&](auto on) { index->version(0, on); }).value();
  }
  void hear() {
    hearing->subscribe(keys.changes(0));
    EXPECT_EQ(hearing->next(), "confirmed " + keys.changes(0));
  }
  Change heard() {
    const std::string said = hearing->next();
    Change change = read_change(said.substr(said.find(": ") + 2)).value_or(Change{});
    std::ranges::sort(change.users, {}, &UserNodes::user);
    return change;
  }

  std::unique_ptr<redis::test::RedisServer> server;
  std::unique_ptr<redis::test::LiveClient> hearing;
  std::promise<void> up;
  redis::ClientThread thread;
  redis::Client* client = nullptr;
  const Keys keys{"sb", 0, 256};
  std::optional<PresenceIndex> index;
};

TEST_F(RealIndex, publishes_the_nodes_of_a_user_as_they_are) {
  hear();
  const std::string odd = "a \"b\" {c} *?[é";
  EXPECT_TRUE(tell("n1", {{"ada", on(2)}, {odd, kAway}, {"7", on(0)}, {"nobody", kGone}}));
  Change change = heard();
  EXPECT_EQ(change.users, (Nodes{{"7", "n1:0"}, {odd, "n1:-"}, {"ada", "n1:2"}}));
  EXPECT_EQ(change.version.number, 1u);
  EXPECT_TRUE(tell("n2", {{"ada", on(1)}}));
  EXPECT_EQ(heard().users, (Nodes{{"ada", "n1:2 n2:1"}}));
  EXPECT_TRUE(tell("n1", {{"ada", on(2)}, {odd, kAway}})) << "twice is once";
  EXPECT_TRUE(tell("n", {{"ada", kGone}})) << "which is no node's beginning";
  EXPECT_TRUE(tell("n1", {{"ada", kAway}}));
  EXPECT_EQ(heard().users, (Nodes{{"ada", "n1:- n2:1"}}));
  EXPECT_TRUE(tell("n1", {{"ada", kGone}, {odd, kGone}}));
  EXPECT_EQ(heard().users, (Nodes{{odd, ""}, {"ada", "n2:1"}}));
  EXPECT_TRUE(tell("n2", {{"ada", kGone}, {"ada", kGone}}));
  change = heard();
  EXPECT_EQ(change.users, (Nodes{{"ada", ""}}));
  EXPECT_EQ(change.version.number, 5u);
  EXPECT_EQ(snapshot().users, (Nodes{{"7", "n1:0"}}));
  EXPECT_EQ(snapshot().version, change.version);
  EXPECT_EQ(version(), change.version);
}

TEST_F(RealIndex, has_an_epoch_before_anybody_comes_and_another_when_its_memory_is_lost) {
  const Version first = snapshot().version;
  EXPECT_FALSE(first.epoch.empty());
  EXPECT_EQ(snapshot().version, first);
  EXPECT_EQ(version(), first);
  EXPECT_EQ(ask({"FLUSHALL"}), "OK");
  EXPECT_EQ(version(), Version{});
  EXPECT_NE(snapshot().version, first);
}

TEST_F(RealIndex, takes_out_a_dead_nodes_users_in_pieces) {
  for (int i = 0; i < 1000;) {
    States some;
    while (some.size() < PresenceIndex::kMost) some.push_back({"user " + std::to_string(i++), on(1)});
    EXPECT_TRUE(tell("n1", some));
  }
  EXPECT_TRUE(tell("n2", {{"user 7", kAway}}));
  EXPECT_EQ(snapshot().users.size(), 1000u);
  EXPECT_EQ(count("n1"), 1000u);
  std::set<std::string> members;
  std::promise<void> all;
  EXPECT_TRUE(thread.post([&] {
    index->members(0, "n1", [&](const Texts& some) {
      const bool had_all = members.size() == 1000;
      members.insert(some.begin(), some.end());
      if (!had_all && members.size() == 1000) all.set_value();
    });
  }));
  all.get_future().wait();
  hear();
  int pieces = 1;
  while (reap("n1").value()) ++pieces;
  EXPECT_EQ(pieces, 5);
  std::size_t published = 0;
  for (int i = 0; i < pieces; ++i) published += heard().users.size();
  EXPECT_EQ(published, 1000u);
  EXPECT_EQ(snapshot().users, (Nodes{{"user 7", "n2:-"}}));
  EXPECT_EQ(count("n1"), 0u);
  EXPECT_EQ(reap("n1"), false);
}

TEST_F(RealIndex, that_refuses_a_write_has_changed_nothing) {
  EXPECT_TRUE(tell("n1", {{"ada", on(1)}, {"bob", on(1)}}));
  EXPECT_EQ(enter("n1", "{}"), true);
  const Snapshot before = snapshot();
  EXPECT_EQ(ask({"CONFIG", "SET", "maxmemory", "1"}), "OK");
  EXPECT_FALSE(tell("n1", {{"ada", kGone}, {"carl", on(1)}}));
  EXPECT_EQ(reap("n1"), std::nullopt);
  EXPECT_EQ(beat("n1"), std::nullopt);
  EXPECT_EQ(snapshot().users, before.users);
  EXPECT_EQ(snapshot().version, before.version);
  EXPECT_EQ(count("n1"), 2u);
  EXPECT_EQ(ask({"CONFIG", "SET", "maxmemory", "0"}), "OK");
  EXPECT_TRUE(tell("n1", {{"ada", kGone}}));
  EXPECT_EQ(snapshot().users, (Nodes{{"bob", "n1:1"}}));
}

TEST_F(RealIndex, knows_which_nodes_live) {
  EXPECT_EQ(beat("n1"), false) << "it was never entered";
  EXPECT_EQ(enter("n1", R"({"home":"a"})"), true);
  EXPECT_EQ(beat("n1"), true);
  EXPECT_EQ(living(), (std::map<std::string, std::string>{{"n1", R"({"home":"a"})"}}));
  EXPECT_EQ(sweep(), Texts{});
  EXPECT_EQ(enter("n2", ""), true);
  after_those_before([this] { index->end_lease("n1"); });
  EXPECT_EQ(living(), (std::map<std::string, std::string>{{"n2", ""}}));
  while (sweep().value().empty()) EXPECT_TRUE(beat("n2").value());  // until the grace is over
  EXPECT_EQ(sweep(), Texts{"n1"}) << "and again, until it is reaped";
  EXPECT_EQ(ask({"HKEYS", keys.about_nodes()}), "[n2]");
  EXPECT_EQ(beat("n1"), false);
  EXPECT_EQ(enter("n1", ""), false) << "an id that was swept is never used again";
  after_those_before([this] { index->forget("n1"); });
  EXPECT_EQ(sweep(), Texts{});
  after_those_before([this] { index->bury("n2"); });
  EXPECT_EQ(sweep(), Texts{"n2"});
  EXPECT_EQ(beat("n2"), false);
}

TEST_F(RealIndex, buries_whom_nobody_knows) {
  EXPECT_EQ(enter("n1", ""), true);
  after_those_before([this] { index->bury_unknown({"n1", "ghost"}); });
  EXPECT_EQ(sweep(), Texts{"ghost"});
  EXPECT_EQ(beat("n1"), true);
}

TEST_F(RealIndex, keeps_what_the_first_node_said_for_all) {
  EXPECT_EQ(agree({.partitions = 256, .protocol = 2}), (Agreement{.partitions = 256, .protocol = 2}));
  EXPECT_EQ(agree({.partitions = 64, .protocol = 3}), (Agreement{.partitions = 256, .protocol = 2}));
  EXPECT_EQ(agree({.partitions = 256, .protocol = 4}), (Agreement{.partitions = 256, .protocol = 2}));
  EXPECT_EQ(agree({.partitions = 256, .protocol = 3}), (Agreement{.partitions = 256, .protocol = 2}));
  EXPECT_EQ(agree({.partitions = 256, .protocol = 4}), (Agreement{.partitions = 256, .protocol = 3}))
      << "so that the release after it finds a neighbour";
  EXPECT_EQ(agree({.partitions = 256, .protocol = 3}), (Agreement{.partitions = 256, .protocol = 4}));
  EXPECT_EQ(agree({.partitions = 256, .protocol = 2}), (Agreement{.partitions = 256, .protocol = 3}))
      << "so that one can go back as one went";
}

TEST_F(RealIndex, is_what_the_model_is) {
  Agenda agenda;
  ModelRedis model(agenda);
  std::vector<Change> published;
  model.on_publish = [&](unsigned, const Change& change) { published.push_back(change); };
  hear();
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    const std::string node = "n" + std::to_string(random() % 3);
    std::map<std::string, HereState> users;
    for (unsigned left = 1 + random() % 4; left != 0; --left) {
      const auto kind = static_cast<unsigned>(random() % 5);
      users["u" + std::to_string(random() % 8)] = kind < 2 ? kGone : kind == 2 ? kAway : on(kind - 3);
    }
    States states;
    for (const auto& [user, state] : users) states.push_back({user, state});
    EXPECT_TRUE(tell(node, states));
    EXPECT_TRUE(model.tell(0, node, states));
  }
  EXPECT_EQ(snapshot().users, model.snapshot(0).users);
  EXPECT_EQ(snapshot().version.number, model.snapshot(0).version.number);
  for (const Change& expected : published) {
    const Change got = heard();
    EXPECT_EQ(got.version.number, expected.version.number);
    EXPECT_EQ(got.users, expected.users);
  }
}

TEST(Agreement, is_wanted_of_partitions_and_neighbouring_protocols) {
  const Agreement there{.partitions = 256, .protocol = 5};
  for (const std::uint32_t protocol : {4u, 5u, 6u})
    EXPECT_TRUE(check_agreement({.partitions = 256, .protocol = protocol}, there)) << protocol;
  EXPECT_EQ(check_agreement({.partitions = 64, .protocol = 5}, there).error(),
            "the nodes on this Redis keep presence in 256 partitions and this node in 64: they must be the same; "
            "another REDIS_PREFIX makes a system of its own");
  EXPECT_EQ(check_agreement({.partitions = 256, .protocol = 7}, there).error(),
            "the nodes on this Redis speak version 5 of the protocol between nodes and this node version 7: "
            "upgrade by way of a release that speaks 6");
  EXPECT_EQ(check_agreement({.partitions = 256, .protocol = 3}, there).error(),
            "the nodes on this Redis speak version 5 of the protocol between nodes and this node version 3: "
            "upgrade by way of a release that speaks 4");
}

TEST(NodeStates, are_read_as_they_were_written) {
  const NodeStates states{{"n1", on(2)}, {"n2", kAway}, {"n3", on(0)}};
  EXPECT_EQ(text_of(states), "n1:2 n2:- n3:0");
  EXPECT_EQ(read_node_states("n1:2 n2:- n3:0"), states);
  EXPECT_EQ(read_node_states("n1 :1 n2: n3:x n4:-1 n5:99999999999  n6:1:1"), NodeStates{});
  EXPECT_TRUE(any_online({{"n1", kAway}, {"n2", on(0)}}));
  EXPECT_FALSE(any_online({{"n1", kAway}}));
}

TEST(Keys, of_a_partition_lie_in_one_slot_and_partitions_evenly_over_equal_nodes) {
  EXPECT_EQ(slot_of("123456789"), 0x31C3u) << "as the specification has it";
  EXPECT_EQ(slot_of("{user1000}.following"), slot_of("{user1000}.followers"));
  EXPECT_EQ(slot_of("foo{}{bar}"), slot_of("foo{}{bar}"));
  const Keys keys("sb", 3, 256);
  for (const unsigned nodes : {1u, 3u, 6u, 12u}) {
    std::vector<unsigned> share(nodes);
    for (unsigned i = 0; i < keys.partitions(); ++i) {
      const unsigned slot = slot_of(keys.online(i));
      EXPECT_EQ(slot_of(keys.of_node(i, "n1")), slot);
      EXPECT_EQ(slot_of(keys.version(i)), slot);
      EXPECT_EQ(slot_of(keys.changes(i)), slot);
      ++share[slot * nodes / 16'384];
    }
    EXPECT_LE(std::ranges::max(share), 1.05 * keys.partitions() / nodes) << nodes << " nodes";
  }
  EXPECT_TRUE(keys.changes(0).starts_with("sb:3:{")) << "pub/sub knows no database";
}

TEST(Change, that_is_none_is_not_read) {
  for (const char* payload :
       {"", "{}", "[]", R"({"e":"1.2"})", R"({"v":1})", R"({"e":"1.2","v":-1})", R"({"e":"x","v":1)"})
    EXPECT_FALSE(read_change(payload)) << payload;
  EXPECT_TRUE(read_change(R"({"e":"1.2","v":1,"s":{"a":"n:1"},"more":[[1]]})").has_value() == false)
      << "nested too deeply";
  EXPECT_TRUE(read_change(R"({"e":"1.2","v":1,"more":[1],"s":[]})"));
}

}  // namespace
}  // namespace signalbox::cluster::test
