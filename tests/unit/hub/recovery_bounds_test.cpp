// Recovery together with its neighbours: its bounds, the ledger, presence, and what clients confirm.
#include <gtest/gtest.h>

#include "noted_store.hpp"
#include "recovering_client.hpp"

namespace signalbox::hub::test {
namespace {

/// The client is cut off on the first shard, and comes back on another.
void claim_from(Recovering& client, FakeClient& back) {
  client.connect(0);
  client.cut();
  back.text(client.connect_packet());
}

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
  EXPECT_LE(hub.locals[0]->recovery()->bytes() + hub.locals[1]->recovery()->bytes(), 16'000u);
}

TEST_F(RecoveryWithinAUsersBytes, a_replay_that_is_larger_is_told_without_copies_and_recovered_once_its_last_has_come) {
  start();
  const auto outcome = [](int job) {
    const std::string result(1000, 'x');
    return *checked_event_frame("job_completed",
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
  EXPECT_LE(hub.locals[0]->recovery()->bytes(), 2000u);

  ada.offset = ada.offsets[0];  // as if the line had been cut before the last
  ada.cut();
  ada.connect(1);
  EXPECT_FALSE(ada.recovered);
  EXPECT_EQ(ada.take(), kAuthenticated + replay);
  EXPECT_FALSE(hub.directory.job("ada", "0")->had);

  ada.cut();
  emit("ada", 7);
  ada.connect(0);
  EXPECT_TRUE(ada.recovered);
  EXPECT_EQ(ada.take(), events_of({7}) + kAuthenticated);
  EXPECT_TRUE(hub.directory.job("ada", "19")->had) << "by the offset that was shown";
}

TEST_F(RecoveryWithinAUsersBytes, who_cannot_be_recovered_after_all_is_told_once_what_was_emitted_meanwhile) {
  start();
  Recovering ada(hub, "ada");
  FakeClient back(hub, 1);
  claim_from(ada, back);
  // Behind the claim, and in front of what it hands over: more than is kept.
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(hub.directory.emit("ada", *checked_event_frame("n", std::to_string(i))));
  while (hub.deliver_one(0)) continue;
  // Behind what was handed over.
  ASSERT_TRUE(hub.directory.emit("ada", *checked_event_frame("job_completed", R"({"jobId":"7"})")));
  hub.deliver();
  const Packets told = back.take();
  EXPECT_EQ(std::ranges::count_if(told, [](const std::string& packet) { return packet.contains("job_completed"); }), 1);
  EXPECT_EQ(hub.directory.connections("ada"), 1u);
}

TEST_F(RecoveryWithinAUsersBytes, gone_sockets_of_one_user_are_bounded_as_well) {
  start();
  for (int i = 0; i < 100; ++i) {
    Recovering reload(hub, "ada");
    reload.connect(0);
    reload.cut();
  }
  EXPECT_LE(hub.locals[0]->recovery()->bytes(), 8000u);
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
  EXPECT_LE(hub.locals[0]->recovery()->bytes(), 20'000u) << "half of it is the other thread's";
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
  EXPECT_EQ(hub.locals[0]->recovery()->bytes(), 0u) << "nothing of it is kept any longer";
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
    EXPECT_LT(hub.locals[0]->recovery()->bytes(), 20'000u);
    ada.connection().client.on_received(std::exchange(ada.connection().marker, 0), test_now);
  }
  EXPECT_LT(hub.locals[0]->recovery()->bytes(), 20'000u);
}

TEST_F(RecoveryAndTheRest, the_offset_that_is_shown_confirms_the_outcomes_before_it) {
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  const auto done = [](const std::string& job) {
    return *checked_event_frame("job_completed", R"({"jobId":")" + job + "\"}");
  };
  emit("ada", done("heard"));
  ada.hear();
  emit("ada", done("missed"));
  ada.cut();
  EXPECT_FALSE(hub.directory.job("ada", "heard")->had);
  ada.take();
  ada.connect(1);
  EXPECT_TRUE(ada.recovered);
  EXPECT_EQ(ada.take(), Packets{R"(42["job_completed",{"jobId":"missed"}])"} + kAuthenticated)
      << "and no replay of the ledger";
  EXPECT_TRUE(hub.directory.job("ada", "heard")->had);
  EXPECT_FALSE(hub.directory.job("ada", "missed")->had);
  FakeClient& now = ada.connection();
  ASSERT_NE(now.marker, 0u) << "a receipt of it is asked for";
  now.client.on_received(now.marker, test_now);
  test_now += 2s;
  now.client.on_timer(test_now);
  EXPECT_TRUE(hub.directory.job("ada", "missed")->had);
}

TEST_F(RecoveryAndTheRest, who_is_not_recovered_gets_the_replay_of_the_ledger) {
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  ada.cut(CloseReason::slow_consumer);
  emit("ada", *checked_event_frame("job_completed", R"({"jobId":"7"})"));
  ada.take();
  ada.connect();
  EXPECT_FALSE(ada.recovered);
  EXPECT_EQ(ada.take(), kAuthenticated + Packets{R"(42["job_completed",{"jobId":"7"}])"});
  ada.cut();
  const std::string last = ada.offset;
  ada.connect();
  EXPECT_TRUE(ada.recovered) << "after an event of the replay as well";
}

struct RecoveryAndPresence : RecoveryWorld {
  static Config config(Milliseconds grace) {
    Config config = recovering_config();
    config.presence_events = true;
    config.presence_grace = grace;
    return config;
  }
  explicit RecoveryAndPresence(Milliseconds grace = 5s) : RecoveryWorld(config(grace)) {}
};
struct RecoveryWithoutAGrace : RecoveryAndPresence {
  RecoveryWithoutAGrace() : RecoveryAndPresence(0ms) {}
};

TEST_F(RecoveryAndPresence, follows_the_grace_alone) {
  start();
  Recovering ada(hub, "ada"), bob(hub, "bob");
  bob.connect(1);
  ada.connect(0);
  bob.hear();
  bob.take();
  ada.cut();
  turn_clock(4s);
  ada.connect(1);
  EXPECT_TRUE(ada.recovered);
  turn_clock(10s);
  bob.hear();
  EXPECT_EQ(bob.take(), Packets{}) << "back within it: nothing has changed";
  ada.cut();
  turn_clock(6s);
  EXPECT_FALSE(hub.directory.online("ada")) << "the window is longer, and does not count";
  ada.connect(0);
  EXPECT_TRUE(ada.recovered);
  hub.deliver();
  bob.hear();
  EXPECT_EQ(bob.take(), (Packets{R"(42["user_offline",{"userId":"ada"}])", R"(42["user_online",{"userId":"ada"}])"}));
}

TEST_F(RecoveryWithoutAGrace, a_take_over_is_no_absence) {
  start();
  Recovering ada(hub, "ada"), bob(hub, "bob");
  bob.connect(0);
  ada.connect(0);
  bob.hear();
  bob.take();
  for (const unsigned shard : {1u, 1u, 0u}) {
    ada.connect(shard);
    EXPECT_TRUE(ada.recovered);
    turn_clock(1s);
    bob.hear();
    EXPECT_EQ(bob.take(), Packets{});
  }
}

TEST_F(RecoveryAndPresence, broadcasts_are_missed_and_heard_once_on_whatever_shard) {
  start();
  Recovering ada(hub, "ada");
  ada.connect(0);
  int others = 0;
  Packets expected = kAuthenticated;
  std::vector<std::unique_ptr<Recovering>> crowd;
  const auto come = [&](bool told = true) {
    const std::string name = "u" + std::to_string(others++);
    crowd.push_back(std::make_unique<Recovering>(hub, name));
    crowd.back()->connect(static_cast<unsigned>(others % 2));
    if (told) expected.push_back(R"(42["user_online",{"userId":")" + name + "\"}]");
  };
  for (const unsigned shard : {1u, 1u, 0u, 0u, 1u}) {
    come();
    ada.hear();
    come();
    ada.cut();
    come();
    ada.connect(shard);
    EXPECT_TRUE(ada.recovered);
    expected = expected + kAuthenticated;
    come();
    ada.hear();
  }
  EXPECT_EQ(ada.take(), expected);
}

TEST_F(RecoveryAndPresence, a_socket_that_moves_hears_each_broadcast_once_whichever_shard_is_behind) {
  start();
  for (int late = 0; late < 12; ++late) {
    Recovering ada(hub, "ada");
    ada.connect(0);
    ada.cut();
    FakeClient back(hub, 1);
    back.text(ada.connect_packet());
    int told = 0;
    const auto tell = [&] {
      // Straight to the directory: a user of whom nothing else comes.
      hub.directory.join("m" + std::to_string(late) + "-" + std::to_string(told++), {.shard = 0, .slot = 9999},
                         test_now);
    };
    for (int step = 0; step < 24; ++step) {
      if (step % 4 == late % 4) tell();
      hub.deliver_one(static_cast<unsigned>(step * (late + 1) / 3 % 2));
    }
    hub.deliver();
    Packets heard, expected;
    for (const std::string& packet : back.sent) {
      const Told one(packet);
      if (one.event.find("user_online") != std::string::npos) heard.push_back(one.event);
    }
    for (int i = 0; i < told; ++i) {
      expected.push_back(R"(42["user_online",{"userId":"m)" + std::to_string(late) + "-" + std::to_string(i) + "\"}]");
    }
    EXPECT_EQ(heard, expected) << "late " << late;
  }
}

TEST_F(RecoveryAndPresence, news_of_others_that_waits_for_a_full_queue_is_not_overtaken_and_not_lost_with_the_line) {
  start();
  Recovering ada(hub, "ada"), bob(hub, "bob"), cyd(hub, "cyd"), dan(hub, "dan");
  ada.connect(0);
  ada.hear();
  ada.take();
  ada.connection().waits = 1 << 20;
  bob.connect(1);
  ada.hear();
  EXPECT_EQ(ada.take(), Packets{}) << "her queue has not drained";
  emit("ada", 1);
  cyd.connect(1);
  ada.hear();
  EXPECT_EQ(ada.take(), Packets{R"(42["user_online",{"userId":"bob"}])"} + events_of({1}));
  EXPECT_TRUE(std::ranges::is_sorted(ada.offsets, {}, [](const std::string& offset) {
    return std::stoull(offset.substr(offset.rfind('.') + 1));
  })) << json(ada.offsets);
  ada.cut();
  dan.connect(1);
  ada.connect(1);
  EXPECT_TRUE(ada.recovered);
  EXPECT_EQ(ada.take(), (Packets{R"(42["user_online",{"userId":"cyd"}])", R"(42["user_online",{"userId":"dan"}])"} +
                         kAuthenticated));
}

TEST_F(RecoveryAndPresence, a_socket_of_another_namespace_that_moves_hears_nothing_of_who_comes) {
  hub.events("/open").without_jwt();
  start();
  Recovering nobody(hub, {});
  nobody.connect(0, "/open");
  nobody.cut();
  FakeClient back(hub, 1);
  back.text(nobody.connect_packet("/open"));
  hub.deliver_one(0);  // it is let go there, and goes over behind what lies in that mailbox
  hub.directory.join("ada", {.shard = 0, .slot = 9999}, test_now);
  hub.deliver_one(1);  // which this shard hears first
  hub.deliver();
  ASSERT_FALSE(back.sent.empty());
  for (const std::string& packet : back.sent) EXPECT_EQ(packet.find("user_online"), packet.npos) << packet;
}

TEST_F(RecoveryAndPresence, a_broadcast_that_reaches_the_new_shard_after_the_socket_did_is_not_heard_twice) {
  start();
  Recovering ada(hub, "ada");
  FakeClient back(hub, 1);
  claim_from(ada, back);
  // Its thread has put it into the first mailbox, and not yet into the second.
  const auto news = Message::broadcast(checked_event_frame("news", "1")->frame, 1000);
  const auto post = [&](unsigned shard) {
    EXPECT_TRUE(hub.mailboxes.post(shard, Message::broadcast(news.frame, news.number)));
  };
  post(0);
  hub.deliver();
  post(1);
  hub.deliver();
  Packets heard;
  for (const std::string& packet : back.sent) heard.push_back(Told(packet).event);
  EXPECT_EQ(std::ranges::count(heard, "42[\"news\",1]"), 1) << json(heard);
  ada.offset = Told(back.sent.back()).offset;
  back.close(CloseReason::transport_close, test_now);
  ada.take();
  ada.connect(0);
  EXPECT_TRUE(ada.recovered);
  EXPECT_EQ(ada.take(), kAuthenticated) << "nor at the next return";
}

}  // namespace
}  // namespace signalbox::hub::test
