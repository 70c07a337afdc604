#include <gtest/gtest.h>

#include <utility>

#include "fake_mailboxes.hpp"
#include "noted_store.hpp"
#include "users/directory.hpp"

// Who is online, from one process to the next.
namespace signalbox::users::test {
namespace {

constexpr Milliseconds kGrace{5000};

struct StoredPresence : testing::Test {
  void turn(Milliseconds by) { directory.on_timer(test_now += by); }
  /// What shard 1 was told of others since the last call.
  std::vector<std::string> told() {
    std::vector<std::string> out;
    for (const Message& message : std::exchange(mailboxes.boxes[1], {})) out.emplace_back(message.frame->packet());
    return out;
  }
  NotedStore store;
  FakeMailboxes mailboxes{2};
  Directory directory{mailboxes, Config{.presence_grace = kGrace}};
  const SocketRef tab{0, 1, 1};
};

TEST_F(StoredPresence, is_handed_over_once_a_second_when_it_changed_and_as_it_stands_at_the_end) {
  directory.open(store, test_now);
  turn(Milliseconds{0});
  const User* ada = directory.sockets.join("ada", tab).user;
  EXPECT_TRUE(store.notes.empty());
  turn(Milliseconds{1000});
  EXPECT_EQ(store.notes, std::vector<std::string>{"online ada"});
  turn(Milliseconds{1000});
  EXPECT_EQ(store.notes.size(), 1u) << "nothing changed";
  directory.sockets.join("bob", {1, 1, 1});
  directory.hold_presence();
  EXPECT_EQ(store.notes.back(), "online bob");
  directory.sockets.leave(ada, tab, test_now);
  turn(std::chrono::hours(1));
  EXPECT_TRUE(directory.presence.online("ada")) << "the server ends: nobody goes";
  EXPECT_EQ(store.notes.size(), 2u);
}

TEST_F(StoredPresence, keeps_online_for_a_grace_who_was_so_before_the_start) {
  store.were_online = {"ada", "bob"};
  directory.open(store, test_now);
  EXPECT_EQ(directory.presence.online_users(), store.were_online);
  directory.sockets.join("ada", tab);
  turn(Milliseconds{9999});
  EXPECT_EQ(directory.presence.online_count(), 2u);
  EXPECT_EQ(told(), std::vector<std::string>{}) << "ada was not away, and bob may come";
  turn(Milliseconds{1});
  EXPECT_EQ(directory.presence.online_users(), std::vector<std::string>{"ada"});
  EXPECT_EQ(told(), std::vector<std::string>{R"(42["user_offline",{"userId":"bob"}])"});
  EXPECT_TRUE(store.notes.empty());
  turn(Milliseconds{1000});
  EXPECT_EQ(store.notes, std::vector<std::string>{"offline bob"});
  EXPECT_EQ(told(), std::vector<std::string>{}) << "once";
}

TEST_F(StoredPresence, a_short_grace_does_not_wait_for_the_one_after_the_start) {
  store.were_online = {"ada"};
  directory.open(store, test_now);
  directory.sockets.leave(directory.sockets.join("ada", tab).user, tab, test_now);
  turn(kGrace);
  EXPECT_FALSE(directory.presence.online("ada"));
}

TEST_F(StoredPresence, waits_while_the_store_cannot_write_and_counts_a_user_once) {
  directory.open(store, test_now);
  store.how = StoreState::failing;
  for (int i = 0; i < 3; ++i) {
    directory.sockets.leave(directory.sockets.join("ada", tab).user, tab, test_now);
    turn(kGrace);
  }
  EXPECT_TRUE(store.notes.empty());
  store.how = StoreState::ready;
  turn(Milliseconds{1000});
  EXPECT_EQ(store.notes, std::vector<std::string>{"offline ada"});
}

}  // namespace
}  // namespace signalbox::users::test
