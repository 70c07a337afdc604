// What a login waits for: that Redis has its user.
#include <gtest/gtest.h>

#include "presence_world.hpp"

namespace signalbox::cluster::test {
namespace {

using std::chrono::seconds;

using Logins = std::vector<std::string>;

TEST(Login, goes_on_when_redis_has_the_user_under_the_present_id) {
  Settled world;
  Node& node = world[0];
  node.log_in("nobody");
  EXPECT_EQ(node.logins, Logins{"nobody goes on"}) << "who was not set";
  node.logins.clear();
  node.come("ada");
  node.log_in("ada");
  node.log_in("ada");
  EXPECT_TRUE(node.logins.empty());
  world.pass(Milliseconds(50));
  EXPECT_EQ(node.logins, (Logins{"ada is entered", "ada is entered"}));
  node.log_in("ada");
  EXPECT_EQ(node.logins.size(), 3u) << "at once";
  node.go("ada");
  world.pass(Milliseconds(6));  // Redis is being told
  node.come("ada");
  node.log_in("ada");
  EXPECT_EQ(node.logins.size(), 3u) << "that she went is on its way to Redis";
  world.pass(Milliseconds(50));
  EXPECT_EQ(node.logins.size(), 4u);
  EXPECT_EQ(node.logins.back(), "ada is entered");
  world.expect_all_know("she is back");
}

TEST(Login, of_a_user_who_goes_is_over) {
  Settled world;
  world[0].come("ada");
  world[0].log_in("ada");
  world[0].go("ada");
  EXPECT_EQ(world[0].logins, Logins{"ada goes on"});
}

TEST(Login, goes_on_without_redis) {
  Settled world;
  Node& node = world[0];
  node.come("ada");
  node.log_in("ada");
  node.lose();
  EXPECT_EQ(node.logins, Logins{"ada goes on"}) << "the connection was lost";
  node.come("bob");
  node.log_in("bob");
  EXPECT_EQ(node.logins.back(), "bob goes on") << "there is none";
  node.connect();
  node.log_in("bob");
  world.pass(Milliseconds(50));
  EXPECT_EQ(node.logins.back(), "bob is entered");
}

TEST(Login, goes_on_where_redis_does_not_even_take_the_node) {
  PresenceWorld world(1);
  world.redis.full = true;
  world[0].come("ada");
  world[0].log_in("ada");
  world.pass(Milliseconds(50));
  EXPECT_EQ(world[0].logins, Logins{"ada goes on"});
}

TEST(Login, waits_for_the_id_that_a_swept_node_takes) {
  Settled world;
  world.redis.flush();
  world[0].come("ada");
  world[0].log_in("ada");
  world.pass(Milliseconds(20));
  world[0].come("bob");
  world.pass(seconds(2));
  EXPECT_EQ(world[0].ids, 2u);
  world[0].log_in("ada");
  EXPECT_EQ(world[0].logins.back(), "ada is entered");
  world.pass(seconds(20));
  world.expect_all_know("all are entered again");
  for (auto& node : world.nodes)
    for (const auto& [user, times] : node->told) EXPECT_EQ(times, 1u) << user;
}

}  // namespace
}  // namespace signalbox::cluster::test
