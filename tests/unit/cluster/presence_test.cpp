// Presence over nodes: the replica and the node's side of every script, over a model of Redis and a clock that the test
// turns.
#include <gtest/gtest.h>

#include "presence_world.hpp"

namespace signalbox::cluster::test {
namespace {

using std::chrono::seconds;

TEST(PresenceOverNodes, is_known_on_every_node_and_told_once) {
  PresenceWorld world(3);
  world.pass(seconds(11));
  world[0].come("ada");
  EXPECT_TRUE(world[0].online("ada")) << "at once, where she is";
  world.pass(Milliseconds(50));
  world.expect_all_know("she came");
  world[1].come("ada");
  world.pass(Milliseconds(50));
  world[0].go("ada");
  world.pass(Milliseconds(50));
  world.expect_all_know("she is still on another node");
  world[1].go("ada");
  world.pass(Milliseconds(50));
  world.expect_all_know("she went");
  for (auto& node : world.nodes) EXPECT_EQ(node->told["ada"], 2u);
}

TEST(PresenceOverNodes, knows_at_once_of_a_users_first_and_last_socket_and_of_those_between_in_a_while) {
  PresenceWorld world(2);
  world.pass(Milliseconds(100));
  const auto known = [&] { return world[1].asked("ada")[world[0].presence.id()]; };
  for (const unsigned sockets : {1, 0, 1}) {
    world[0].come("ada", sockets);
    world.pass(Milliseconds(100));
    EXPECT_EQ(known(), HereState::online(sockets));
  }
  world[0].come("ada", 2);
  world.pass(Milliseconds(100));
  EXPECT_EQ(known(), HereState::online(1));
  world.pass(Milliseconds(1500));
  EXPECT_EQ(known(), HereState::online(2));
}

TEST(PresenceOverNodes, is_what_redis_knew_before_a_node_came) {
  PresenceWorld world(2);
  world[1].lose();
  world.pass(seconds(1));
  world[0].come("ada");
  world.pass(Milliseconds(50));
  EXPECT_FALSE(world[1].online("ada"));
  world[1].connect();
  world.pass(Milliseconds(50));
  world.expect_all_know("it has caught up");
}

TEST(PresenceOverNodes, after_a_crash_is_never_told_of_those_who_are_back_within_the_grace) {
  PresenceWorld world(3);
  world.pass(seconds(15));
  for (const char* user : {"back", "gone"}) world[2].come(user);
  world.pass(Milliseconds(50));
  world.kill(2);
  world.pass(seconds(3));
  world[0].come("back");
  world.pass(seconds(5 + 5 + 1 - 3));
  world.expect_all_know("lease, grace and a second are over");
  for (auto& node : world.nodes) {
    EXPECT_EQ(node->told["back"], 1u);
    EXPECT_EQ(node->told["gone"], 2u);
  }
  EXPECT_TRUE(world.redis.dead.empty());
}

TEST(PresenceOverNodes, at_a_graceful_end_goes_after_the_grace_without_the_lease) {
  PresenceWorld world(2);
  world.pass(seconds(15));
  for (const char* user : {"back", "gone"}) world[1].come(user);
  world.pass(Milliseconds(50));
  world[1].presence.stop();
  world.kill(1);
  world.pass(seconds(4));
  EXPECT_TRUE(world[0].online("gone"));
  world[0].come("back");
  world.pass(seconds(3));
  world.expect_all_know("the grace is over");
  EXPECT_EQ(world[0].told["back"], 1u);
}

TEST(PresenceOverNodes, of_a_node_that_was_away_is_down_and_up_once) {
  PresenceWorld world(2);
  world.pass(seconds(15));
  world[1].come("ada");
  world.pass(Milliseconds(50));
  world[1].pause(seconds(20));
  world.pass(seconds(15));
  EXPECT_FALSE(world[0].online("ada"));
  EXPECT_TRUE(world[1].online("ada")) << "where she is";
  world.pass(seconds(20));
  world.expect_all_know("it has a new id");
  EXPECT_EQ(world[0].told["ada"], 3u);
  EXPECT_EQ(world[1].told["ada"], 1u);
}

TEST(PresenceOverNodes, is_not_announced_anew_when_redis_has_lost_its_memory) {
  PresenceWorld world(3);
  world.pass(seconds(15));
  for (int i = 0; i < 30; ++i) world[i % 3].come("user " + std::to_string(i));
  world.pass(Milliseconds(100));
  for (auto& node : world.nodes) node->told.clear();
  for (auto& node : world.nodes) node->lose();
  world.redis.flush();
  world.pass(seconds(2));
  for (auto& node : world.nodes) node->connect();
  world.pass(seconds(30));
  world.expect_all_know("all have entered theirs again");
  for (auto& node : world.nodes) EXPECT_TRUE(node->told.empty());
}

TEST(PresenceOverNodes, stays_as_it_was_while_redis_is_away_but_for_the_nodes_own_users) {
  PresenceWorld world(2);
  world.pass(seconds(15));
  world[0].come("here");
  world[1].come("there");
  world.pass(Milliseconds(50));
  world[0].lose();
  world[0].go("here");
  world[0].come("new");
  EXPECT_FALSE(world[0].online("here"));
  EXPECT_TRUE(world[0].online("new"));
  EXPECT_TRUE(world[0].online("there"));
  world.pass(seconds(2));
  world[0].connect();
  world.pass(seconds(15));
  world.expect_all_know("it is back");
}

TEST(PresenceOverNodes, is_swept_by_nobody_who_was_away_longer) {
  Settled world;
  for (auto& node : world.nodes) node->lose();  // as when Redis is stopped for half a minute
  world.pass(seconds(30));
  for (auto& node : world.nodes) {
    node->connect();
    world.pass(seconds(2));
  }
  world.pass(seconds(30));
  world.expect_all_know("all are back");
  world.expect_undisturbed();
}

TEST(PresenceOverNodes, is_swept_by_nobody_who_was_stopped_as_long_as_the_others) {
  Settled world;
  for (int i = 0; i < 3; ++i) world[static_cast<std::size_t>(i)].pause(seconds(20 + 3 * i));  // as with their machine
  world.pass(seconds(60));
  world.expect_all_know("all run again");
  world.expect_undisturbed();
}

TEST(PresenceOverNodes, that_changes_while_a_snapshot_is_on_its_way_is_known_as_soon) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    PresenceWorld world(2, seed);
    world.pass(seconds(1));
    world[1].lose();
    world.pass(Milliseconds(20));
    world[0].come("ada");
    world.pass(Milliseconds(seed % 10));
    world[1].connect();
    world.pass(Milliseconds(30));
    world.expect_all_know("seed " + std::to_string(seed));
  }
}

TEST(PresenceOverNodes, is_right_in_the_end_whatever_is_lost_killed_paused_cut_off_refused_or_forgotten) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    PresenceWorld world(4, seed);
    world.lost_percent = seed % 11;
    world.pass(seconds(11));
    auto& random = world.random;
    for (int step = 0; step < 400; ++step) {
      Node& node = world[random() % world.nodes.size()];
      const std::string user = "user " + std::to_string(random() % 60);
      const auto kind = random() % 6;
      node.set(user, kind < 2 ? HereState{} : kind == 2 ? HereState::away() : HereState::online(random() % 4));
      if (kind % 2) node.log_in(user);
      switch (random() % 100) {
        case 0:
          if (world.nodes.size() > 2) world.kill(random() % world.nodes.size());
          break;
        case 1:
          node.pause(Milliseconds(random() % 20'000));
          break;
        case 2:
        case 3:
          node.connected ? node.lose() : node.connect();
          break;
        case 4:
          if (random() % 3 == 0) world.redis.flush();
          break;
        case 5:
        case 6:
          world.redis.full = !world.redis.full;
          break;
        case 7:
          for (auto& each : world.nodes)
            if (each->connected) each->lose();
          world.redis.fail_over();
          break;
        default:
          break;
      }
      world.pass(Milliseconds(random() % 200));
    }
    world.lost_percent = 0;
    world.redis.full = false;
    for (auto& node : world.nodes)
      if (!node->connected) node->connect();
    world.pass(seconds(120));
    world.expect_all_know("seed " + std::to_string(seed));
    EXPECT_TRUE(world.redis.dead.empty()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace signalbox::cluster::test
