// The scripts of presence on a real Redis, beside the model on which presence is simulated.
#include "cluster/presence_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <random>

#include "presence_world.hpp"
#include "unit/redis/live_client.hpp"
#include "unit/redis/redis_server.hpp"

namespace signalbox::cluster::test {
namespace {

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
  bool join(const std::string& node, const std::vector<std::string>& users) {
    return wait<bool>([&](auto done) { index->join(0, node, users, done); });
  }
  bool leave(const std::string& node, const std::vector<std::string>& users) {
    return wait<bool>([&](auto done) { index->leave(0, node, users, done); });
  }
  bool reap(const std::string& node) {
    return wait<bool>([&](auto more) { index->reap(0, node, more); });
  }
  std::optional<bool> beat(const std::string& node, bool fresh) {
    return wait<std::optional<bool>>([&](auto on) { index->beat(node, fresh, on); });
  }
  std::vector<std::string> sweep() {
    return wait<std::vector<std::string>>([&](auto on) { index->sweep(on); });
  }
  Snapshot snapshot() {
    auto got = wait<std::optional<Snapshot>>([&](auto on) { index->snapshot(0, on); }).value();
    std::ranges::sort(got.users);
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
    return read_change(said.substr(said.find(": ") + 2)).value_or(Change{});
  }

  std::unique_ptr<redis::test::RedisServer> server;
  std::unique_ptr<redis::test::LiveClient> hearing;
  std::promise<void> up;
  redis::ClientThread thread;
  redis::Client* client = nullptr;
  const Keys keys{"sb", 0, 256};
  std::optional<PresenceIndex> index;
};

using Users = std::vector<std::string>;

TEST_F(RealIndex, publishes_the_first_node_of_a_user_and_the_last) {
  hear();
  EXPECT_TRUE(join("n1", {"ada", "a \"b\" {c} *?[é"}));
  Change change = heard();
  EXPECT_EQ(change.up, (Users{"ada", "a \"b\" {c} *?[é"}));
  EXPECT_EQ(change.version.number, 1u);
  EXPECT_TRUE(join("n2", {"ada", "bob"}));
  change = heard();
  EXPECT_EQ(change.up, Users{"bob"});
  EXPECT_TRUE(join("n2", {"ada", "bob"})) << "twice is once";
  EXPECT_TRUE(leave("n1", {"ada", "nobody"}));
  EXPECT_TRUE(leave("n1", {"ada"}));
  EXPECT_TRUE(leave("n2", {"ada"}));
  change = heard();
  EXPECT_EQ(change.down, Users{"ada"});
  EXPECT_EQ(change.version.number, 3u);
  EXPECT_EQ(snapshot().users, (Users{"a \"b\" {c} *?[é", "bob"}));
  EXPECT_EQ(snapshot().version, change.version);
  EXPECT_EQ(version(), change.version);
}

TEST_F(RealIndex, has_an_epoch_before_anybody_comes_and_another_when_its_memory_is_lost) {
  const Version first = snapshot().version;
  EXPECT_FALSE(first.epoch.empty());
  EXPECT_EQ(snapshot().version, first);
  EXPECT_EQ(version(), first);
  redis::test::LiveClient other(server->url());
  EXPECT_EQ(other.next(), "up");
  EXPECT_EQ(other.ask({"FLUSHALL"}), "OK");
  EXPECT_EQ(version(), Version{});
  EXPECT_NE(snapshot().version, first);
}

TEST_F(RealIndex, takes_many_in_pieces) {
  Users many;
  for (int i = 0; i < 1001; ++i) many.push_back("user " + std::to_string(i));
  EXPECT_TRUE(join("n1", many));
  EXPECT_TRUE(join("n2", {"user 7"}));
  EXPECT_EQ(snapshot().users.size(), 1001u);
  EXPECT_EQ(snapshot().version.number, 6u);
  int pieces = 1;
  while (reap("n1")) ++pieces;
  EXPECT_EQ(pieces, 6);
  EXPECT_EQ(snapshot().users, Users{"user 7"});
}

TEST_F(RealIndex, knows_which_nodes_live) {
  EXPECT_EQ(beat("n1", false), false) << "it was never entered";
  EXPECT_EQ(beat("n1", true), true);
  EXPECT_EQ(beat("n1", false), true);
  EXPECT_EQ(sweep(), Users{});
  EXPECT_TRUE(thread.post([this] { index->end_lease("n1"); }));
  while (sweep().empty()) EXPECT_TRUE(beat("n2", true).value());  // until the grace is over
  EXPECT_EQ(sweep(), Users{"n1"}) << "and again, until it is reaped";
  EXPECT_EQ(beat("n1", false), false);
  EXPECT_EQ(beat("n1", true), false) << "an id that was swept is never used again";
  EXPECT_TRUE(thread.post([this] { index->forget("n1"); }));
  EXPECT_EQ(sweep(), Users{});
  EXPECT_TRUE(thread.post([this] { index->bury("n2"); }));
  static_cast<void>(version());  // whose answer comes behind, also where Redis had to be told the script
  EXPECT_EQ(sweep(), Users{"n2"});
  EXPECT_EQ(beat("n2", false), false);
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
    std::set<std::string> users;
    for (unsigned count = random() % 4; count != 0; --count) users.insert("u" + std::to_string(random() % 8));
    const Users list(users.begin(), users.end());
    if (list.empty()) continue;
    if (random() % 2) {
      EXPECT_TRUE(join(node, list));
      model.join(0, node, list);
    } else {
      EXPECT_TRUE(leave(node, list));
      model.leave(0, node, list);
    }
  }
  EXPECT_EQ(snapshot().users, model.snapshot(0).users);
  EXPECT_EQ(snapshot().version.number, model.snapshot(0).version.number);
  for (const Change& expected : published) {
    const Change got = heard();
    EXPECT_EQ(got.version.number, expected.version.number);
    EXPECT_EQ(got.up, expected.up);
    EXPECT_EQ(got.down, expected.down);
  }
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
  EXPECT_TRUE(read_change(R"({"e":"1.2","v":1,"up":["a"],"more":[[1]]})").has_value() == false) << "nested too deeply";
  EXPECT_TRUE(read_change(R"({"e":"1.2","v":1,"more":[1]})"));
}

}  // namespace
}  // namespace signalbox::cluster::test
