// On which nodes a user is: as the others know it, as Redis has it, and what is mended where Redis has it wrong.
#include <gtest/gtest.h>

#include "presence_world.hpp"

namespace signalbox::cluster::test {
namespace {

using std::chrono::seconds;

TEST(NodesOfAUser, are_known_with_their_sockets_on_every_other_node) {
  Settled world;
  world[0].come("ada", 2);
  world[1].come("ada", 1);
  world.pass(Milliseconds(50));
  world.expect_all_know("she came on two nodes");
  const std::string n0 = world[0].presence.id(), n1 = world[1].presence.id();
  EXPECT_EQ(world[2].elsewhere["ada"], (NodesOfUser{{n0, HereState::online(2)}, {n1, HereState::online(1)}}));
  EXPECT_EQ(world[0].elsewhere["ada"], (NodesOfUser{{n1, HereState::online(1)}}));
  world[1].go("ada");
  world.pass(Milliseconds(50));
  world.expect_all_know("she went from one");
  EXPECT_FALSE(world[0].elsewhere.contains("ada"));
  for (auto& node : world.nodes) EXPECT_EQ(node->told["ada"], 1u);
}

TEST(NodesOfAUser, follow_a_user_who_moves_within_the_grace) {
  Settled world;
  world[0].come("ada");
  world.pass(Milliseconds(50));
  world[0].come("ada", 0);
  world.pass(seconds(2));
  world.expect_all_know("the grace runs: still online, and there");
  world[1].come("ada");
  world.pass(Milliseconds(50));
  world[0].go("ada");
  world.pass(Milliseconds(50));
  world.expect_all_know("she has moved");
  for (auto& node : world.nodes) EXPECT_EQ(node->told["ada"], 1u);
}

TEST(NodesOfAUser, who_is_only_away_are_known_and_the_user_is_not_online) {
  Settled world;
  world[0].come("ada");
  world.pass(Milliseconds(50));
  world[0].set("ada", HereState::away());
  world.pass(Milliseconds(50));
  world.expect_all_know("away");
  EXPECT_FALSE(world[0].online("ada"));
  EXPECT_EQ(world[1].elsewhere["ada"], (NodesOfUser{{world[0].presence.id(), HereState::away()}}));
  world[0].come("ada");
  world.pass(Milliseconds(50));
  world.expect_all_know("back");
  world[0].set("ada", HereState::away());
  world[0].go("ada");
  world.pass(Milliseconds(50));
  world.expect_all_know("gone");
  for (auto& node : world.nodes) EXPECT_EQ(node->told["ada"], 4u);
}

TEST(NodesOfAUser, are_not_told_to_redis_for_a_reload) {
  Settled world;
  world[0].come("ada", 2);
  world.pass(Milliseconds(50));
  const unsigned before = world.redis.tells;
  world[0].come("ada", 1);
  world.pass(Milliseconds(400));
  world[0].come("ada", 2);
  world.pass(seconds(2));
  EXPECT_EQ(world.redis.tells, before);
  world[0].come("ada", 1);
  world.pass(Milliseconds(500));
  EXPECT_EQ(world.redis.tells, before) << "it may be a reload";
  world.pass(Milliseconds(600));
  EXPECT_EQ(world.redis.tells, before + 1);
  world.expect_all_know("a tab was closed");
}

TEST(NodesOfAUser, are_not_told_to_redis_for_a_user_who_comes_and_goes_at_once) {
  Settled world;
  const unsigned before = world.redis.tells;
  world[0].come("ada");
  world[0].go("ada");
  world.pass(Milliseconds(50));
  EXPECT_EQ(world.redis.tells, before);
  world.expect_all_know("nothing was");
}

TEST(NodesOfAUser, of_whom_redis_has_lost_a_write_are_entered_again_by_and_by) {
  Settled world;
  world.redis.lose_write("user 1");
  world.pass(seconds(61));
  world.expect_all_know("each partition was compared");
  world.expect_undisturbed();
}

TEST(NodesOfAUser, who_stand_in_redis_and_are_not_there_are_taken_out_by_and_by) {
  Settled world;
  Node& node = world[0];
  world.redis.tell(node.presence.partition_of("ghost"), node.presence.id(), {{"ghost", HereState::online(1)}});
  world.pass(Milliseconds(50));
  EXPECT_TRUE(world[1].online("ghost"));
  world.pass(seconds(61));
  world.expect_all_know("each partition was compared");
}

TEST(NodesOfAUser, whom_nobody_knows_are_buried) {
  for (const bool at_a_snapshot : {true, false}) {
    Settled world;
    const std::string user = "haunted";
    world.redis.tell(world[0].presence.partition_of(user), "ghost", {{user, HereState::online(1)}});
    world.pass(Milliseconds(50));
    EXPECT_TRUE(world[1].online(user));
    if (at_a_snapshot) {
      world[2].lose();
      world[2].connect();
    }
    world.pass(at_a_snapshot ? seconds(2) : seconds(62));
    world.expect_all_know("it was not among the nodes");
    EXPECT_TRUE(world.redis.dead.empty());
  }
}

TEST(NodesOfAUser, that_have_just_come_are_not_buried) {
  PresenceWorld world(1);
  world.pass(seconds(15));
  world.nodes.push_back(std::make_unique<Node>(world.agenda, world.redis, world.random, "new"));
  world[1].connect();
  world[1].come("ada");
  world.pass(Milliseconds(30));
  world[0].lose();
  world[0].connect();
  world.pass(seconds(62));
  world.expect_all_know("both are there");
  EXPECT_EQ(world[1].ids, 1u);
}

TEST(PresenceThatRedisRefuses, is_told_again_with_the_next_beat) {
  Settled world;
  world.redis.full = true;
  world[0].come("ada");
  world[0].log_in("ada");
  world.pass(Milliseconds(100));
  EXPECT_EQ(world[0].logins, Logins{"ada goes on"});
  world[0].go("user 0");
  world.pass(seconds(3));
  EXPECT_FALSE(world[1].online("ada"));
  world.redis.full = false;
  world.pass(seconds(2));
  world.expect_all_know("Redis has memory again");
  world.expect_index("Redis has memory again");
}

TEST(PresenceThatRedisRefuses, costs_no_node_its_life) {
  Settled world;
  world.redis.full = true;
  world.pass(seconds(30));
  world.redis.full = false;
  world.pass(seconds(30));
  world.expect_all_know("Redis has memory again");
  world.expect_undisturbed();
}

TEST(PresenceThatRedisRefuses, is_reaped_once_it_does_not) {
  Settled world;
  world.kill(2);
  world.pass(seconds(9));
  world.redis.full = true;
  world.pass(seconds(4));
  world.redis.full = false;
  world.pass(seconds(25));
  world.expect_all_know("Redis has memory again");
  EXPECT_TRUE(world.redis.dead.empty());
}

}  // namespace
}  // namespace signalbox::cluster::test
