#include <gtest/gtest.h>

#include <utility>

#include "fake_hub.hpp"
#include "noted_store.hpp"

// Who is online, from one process to the next.
namespace signalbox::hub::test {
namespace {

struct StoredPresence : testing::Test {
  void turn(Milliseconds by) { hub.directory.on_timer(test_now += by); }
  /// What shard 1 was told of others since the last call.
  Packets told() {
    Packets out;
    for (const Message& message : std::exchange(hub.mailboxes.boxes[1], {})) out.emplace_back(message.frame->packet());
    return out;
  }
  NotedStore store;
  FakeHub hub;
  const SocketRef tab{0, 1, 1};
};

TEST_F(StoredPresence, is_handed_over_once_a_second_when_it_changed_and_as_it_stands_at_the_end) {
  hub.directory.open(store, test_now);
  turn(Milliseconds{0});
  const User* ada = hub.directory.join("ada", tab, test_now).user;
  EXPECT_TRUE(store.notes.empty());
  turn(Milliseconds{1000});
  EXPECT_EQ(store.notes, std::vector<std::string>{"online ada"});
  turn(Milliseconds{1000});
  EXPECT_EQ(store.notes.size(), 1u) << "nothing changed";
  hub.directory.join("bob", {1, 1, 1}, test_now);
  hub.directory.hold_presence();
  EXPECT_EQ(store.notes.back(), "online bob");
  hub.directory.leave(ada, tab, test_now);
  turn(std::chrono::hours(1));
  EXPECT_TRUE(hub.directory.online("ada")) << "the server ends: nobody goes";
  EXPECT_EQ(store.notes.size(), 2u);
}

TEST_F(StoredPresence, keeps_online_for_a_grace_who_was_so_before_the_start) {
  store.were_online = {"ada", "bob"};
  hub.directory.open(store, test_now);
  EXPECT_EQ(hub.directory.online_users(), store.were_online);
  hub.directory.join("ada", tab, test_now);
  turn(Milliseconds{9999});
  EXPECT_EQ(hub.directory.online_count(), 2u);
  EXPECT_EQ(told(), Packets{}) << "ada was not away, and bob may come";
  turn(Milliseconds{1});
  EXPECT_EQ(hub.directory.online_users(), std::vector<std::string>{"ada"});
  EXPECT_EQ(told(), Packets{R"(42["user_offline",{"userId":"bob"}])"});
  EXPECT_TRUE(store.notes.empty());
  turn(Milliseconds{1000});
  EXPECT_EQ(store.notes, std::vector<std::string>{"offline bob"});
  EXPECT_EQ(told(), Packets{}) << "once";
}

TEST_F(StoredPresence, a_short_grace_does_not_wait_for_the_one_after_the_start) {
  store.were_online = {"ada"};
  hub.directory.open(store, test_now);
  hub.directory.leave(hub.directory.join("ada", tab, test_now).user, tab, test_now);
  turn(hub.config.presence_grace);
  EXPECT_FALSE(hub.directory.online("ada"));
}

TEST_F(StoredPresence, waits_while_the_store_cannot_write_and_counts_a_user_once) {
  hub.directory.open(store, test_now);
  store.how = StoreState::failing;
  for (int i = 0; i < 3; ++i) {
    hub.directory.leave(hub.directory.join("ada", tab, test_now).user, tab, test_now);
    turn(hub.config.presence_grace);
  }
  EXPECT_TRUE(store.notes.empty());
  store.how = StoreState::ready;
  turn(Milliseconds{1000});
  EXPECT_EQ(store.notes, std::vector<std::string>{"offline ada"});
}

}  // namespace
}  // namespace signalbox::hub::test
