// Recovery together with its neighbours: its bounds, the ledger, presence, and what clients confirm.
#include <gtest/gtest.h>

#include "recovering_client.hpp"
#include "unit/users/noted_store.hpp"

namespace signalbox::hub::test {
namespace {

using users::test::NotedStore;

using namespace std::chrono_literals;

Config config_with(std::size_t user_bytes, std::size_t total_bytes) {
  Config config = recovering_config();
  config.recovery_bytes_per_user = user_bytes;
  config.recovery_total_bytes = total_bytes;
  return config;
}

struct RecoveryWithinAUsersBytes : RecoveryWorld {
  RecoveryWithinAUsersBytes() : RecoveryWorld(config_with(8000, 64 << 20)) {}
};

TEST_F(RecoveryWithinAUsersBytes, who_needs_what_was_pushed_out_is_a_new_socket_and_who_missed_nothing_recovers) {
  start();
  Recovering ada(hub, "ada"), tab(hub, "ada");
  ada.connect(0);
  tab.connect(1);
  ada.cut();
  for (int i = 0; i < 300; ++i) emit("ada", i);
  tab.hear();
  tab.cut();
  ada.take();
  ada.connect(0);
  EXPECT_FALSE(ada.recovered);
  EXPECT_EQ(ada.take(), kAuthenticated);
  tab.connect(0);
  EXPECT_TRUE(tab.recovered);
  EXPECT_LE(hub.locals[0]->outboxes().bytes() + hub.locals[1]->outboxes().bytes(), 16'000u);
}

TEST_F(RecoveryWithinAUsersBytes, a_replay_that_is_larger_is_told_without_copies_and_recovered_once_its_last_has_come) {
  start();
  const auto outcome = [](int job) {
    const std::string result(1000, 'x');
    return *users::checked_event_frame("job_completed",
                                       R"({"jobId":")" + std::to_string(job) + R"(","result":")" + result + "\"}");
  };
  Packets replay;
  for (int job = 0; job < 20; ++job) {
    emit("ada", outcome(job));
    replay.emplace_back(outcome(job)->packet());
  }
  Recovering ada(hub, "ada");
  ada.connect(0);
  EXPECT_EQ(ada.take(), kAuthenticated + replay);
  EXPECT_EQ(ada.offsets.size(), 2u) << "of authenticated, and of the last of them";
  EXPECT_LE(hub.locals[0]->outboxes().bytes(), 2000u);

  ada.offset = ada.offsets[0];  // as if the line had been cut before the last
  ada.cut();
  ada.connect(1);
  EXPECT_FALSE(ada.recovered);
  EXPECT_EQ(ada.take(), kAuthenticated + replay);
  EXPECT_FALSE(hub.directory.ledger.job("ada", "0")->received);

  ada.cut();
  emit("ada", 7);
  ada.connect(0);
  EXPECT_TRUE(ada.recovered);
  EXPECT_EQ(ada.take(), events_of({7}) + kAuthenticated);
  EXPECT_TRUE(hub.directory.ledger.job("ada", "19")->received) << "by the offset that was shown";
}

TEST_F(RecoveryWithinAUsersBytes, who_cannot_be_recovered_after_all_is_told_once_what_was_emitted_meanwhile) {
  start();
  Recovering ada(hub, "ada");
  FakeClient back(hub, 1);
  claim_from(ada, back);
  // Behind the claim, and in front of what it hands over: more than is kept.
  for (int i = 0; i < 300; ++i)
    ASSERT_TRUE(hub.directory.emit("ada", *users::checked_event_frame("n", std::to_string(i))));
  while (hub.deliver_one(0)) continue;
  // Behind what was handed over.
  ASSERT_TRUE(hub.directory.emit("ada", *users::checked_event_frame("job_completed", R"({"jobId":"7"})")));
  hub.deliver();
  const Packets told = back.take();
  EXPECT_EQ(std::ranges::count_if(told, [](const std::string& packet) { return packet.contains("job_completed"); }), 1);
  EXPECT_EQ(hub.directory.sockets.connections("ada"), 1u);
}

TEST_F(RecoveryWithinAUsersBytes, gone_sockets_of_one_user_are_bounded_as_well) {
  start();
  for (int i = 0; i < 100; ++i) {
    Recovering reload(hub, "ada");
    reload.connect(0);
    reload.cut();
  }
  EXPECT_LE(hub.locals[0]->outboxes().bytes(), 8000u);
  EXPECT_LE(hub.hub.recovery.size(), 15u);
}

struct RecoveryWithinTheTotal : RecoveryWorld {
  RecoveryWithinTheTotal() : RecoveryWorld(config_with(8000, 40'000)) {}
};

TEST_F(RecoveryWithinTheTotal, the_oldest_events_go_and_then_the_sockets_that_have_been_gone_longest) {
  start();
  Recovering first(hub, "first"), last(hub, "last");
  first.connect();
  first.cut();
  for (int i = 0; i < 100; ++i) {
    Recovering other(hub, "u" + std::to_string(i));
    other.connect(0);
    other.cut();
  }
  last.connect();
  last.cut();
  EXPECT_LE(hub.locals[0]->outboxes().bytes(), 20'000u) << "half of it is the other thread's";
  first.connect();
  EXPECT_FALSE(first.recovered);
  last.connect();
  EXPECT_TRUE(last.recovered);
}

struct RecoveryAndTheRest : RecoveryWorld {};

TEST_F(RecoveryAndTheRest, a_quiet_connection_whose_events_were_all_confirmed_recovers) {
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  for (int i = 0; i < 10; ++i) emit("ada", i);
  ada.hear();
  turn_clock(5s);  // the client is asked what it has had
  ASSERT_NE(ada.connection().marker, 0u);
  ada.connection().client.on_received(ada.connection().marker, test_now);
  EXPECT_EQ(hub.locals[0]->outboxes().bytes(), 0u) << "nothing of it is kept any longer";
  turn_clock(10min);
  ada.cut();
  emit("ada", 77);
  ada.take();
  ada.connect(1);
  EXPECT_TRUE(ada.recovered);
  EXPECT_EQ(ada.take(), events_of({77}) + kAuthenticated);
}

TEST_F(RecoveryAndTheRest, a_connected_client_is_asked_before_much_is_kept_for_it) {
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  for (int i = 0; i < 5000; ++i) {
    emit("ada", i);
    if (ada.connection().marker == 0) continue;
    EXPECT_LT(hub.locals[0]->outboxes().bytes(), 20'000u);
    ada.connection().client.on_received(std::exchange(ada.connection().marker, 0), test_now);
  }
  EXPECT_LT(hub.locals[0]->outboxes().bytes(), 20'000u);
}

TEST_F(RecoveryAndTheRest, the_offset_that_is_shown_confirms_the_outcomes_before_it) {
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  const auto done = [](const std::string& job) {
    return *users::checked_event_frame("job_completed", R"({"jobId":")" + job + "\"}");
  };
  emit("ada", done("heard"));
  ada.hear();
  emit("ada", done("missed"));
  ada.cut();
  EXPECT_FALSE(hub.directory.ledger.job("ada", "heard")->received);
  ada.take();
  ada.connect(1);
  EXPECT_TRUE(ada.recovered);
  EXPECT_EQ(ada.take(), Packets{R"(42["job_completed",{"jobId":"missed"}])"} + kAuthenticated)
      << "and no replay of the ledger";
  EXPECT_TRUE(hub.directory.ledger.job("ada", "heard")->received);
  EXPECT_FALSE(hub.directory.ledger.job("ada", "missed")->received);
  FakeClient& now = ada.connection();
  ASSERT_NE(now.marker, 0u) << "a receipt of it is asked for";
  now.client.on_received(now.marker, test_now);
  test_now += 2s;
  now.client.on_timer(test_now);
  EXPECT_TRUE(hub.directory.ledger.job("ada", "missed")->received);
}

TEST_F(RecoveryAndTheRest, who_is_not_recovered_gets_the_replay_of_the_ledger) {
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  ada.cut(CloseReason::slow_consumer);
  emit("ada", *users::checked_event_frame("job_completed", R"({"jobId":"7"})"));
  ada.take();
  ada.connect();
  EXPECT_FALSE(ada.recovered);
  EXPECT_EQ(ada.take(), kAuthenticated + Packets{R"(42["job_completed",{"jobId":"7"}])"});
  ada.cut();
  const std::string last = ada.offset;
  ada.connect();
  EXPECT_TRUE(ada.recovered) << "after an event of the replay as well";
}

}  // namespace
}  // namespace signalbox::hub::test
