#include <gtest/gtest.h>

#include <iterator>
#include <memory>
#include <random>
#include <set>

#include "recovering_client.hpp"

// What sockets that may come back hear of who comes and who goes.
namespace signalbox::hub::test {
namespace {

using namespace std::chrono_literals;

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
  EXPECT_FALSE(hub.directory.presence.online("ada")) << "the window is longer, and does not count";
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

TEST_F(RecoveryAndPresence, a_notice_to_all_is_missed_and_heard_once) {
  start();
  Recovering ada(hub, "ada");
  ada.connect(0);
  Packets expected = kAuthenticated;
  for (const unsigned shard : {1u, 1u, 0u}) {
    const auto tell = [&](const std::string& when) {
      EXPECT_TRUE(
          hub.directory.broadcasts.notice(users::notice_of(*users::event_frame("note", when, {})), Audience::all()));
      hub.deliver();
      expected.push_back("42[\"note\",\"" + when + "\"]");
    };
    tell("while it is there");
    ada.hear();
    tell("before the line is cut, and not heard");
    ada.cut();
    tell("while it is away");
    ada.connect(shard);
    EXPECT_TRUE(ada.recovered);
    expected = expected + kAuthenticated;
    tell("when it is back");
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
      hub.directory.sockets.join("m" + std::to_string(late) + "-" + std::to_string(told++), {.shard = 0, .slot = 9999});
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

TEST_F(RecoveryAndPresence, news_of_others_that_waits_for_a_full_queue_is_overtaken_and_not_lost_with_the_line) {
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
  EXPECT_EQ(ada.take(), events_of({1}));
  ada.cut();
  dan.connect(1);
  ada.connect(1);
  EXPECT_TRUE(ada.recovered);
  EXPECT_EQ(ada.take(), (Packets{R"(42["user_online",{"userId":"bob"}])", R"(42["user_online",{"userId":"cyd"}])",
                                 R"(42["user_online",{"userId":"dan"}])"} +
                         kAuthenticated));
  EXPECT_TRUE(ada.offsets_rise());
}

struct RecoveryOfACrowd : RecoveryAndPresence {
  /// Straight to the directory: a user of whom nothing else comes.
  void one_comes() {
    const std::string name = "guest" + std::to_string(named++);
    hub.directory.sockets.join(name, {.shard = 0, .slot = 9999});
    guests.push_back(R"(42["user_online",{"userId":")" + name + "\"}]");
  }
  void turn() {
    test_now += 5ms;
    for (auto& local : hub.locals) local->presence().on_timer(test_now);
    hub.deliver();
  }
  bool told() const {
    return std::ranges::all_of(hub.locals, [](auto& local) { return local->presence().log_size() == 0; });
  }
  static Packets of_guests(const Packets& heard) {
    Packets out;
    std::ranges::copy_if(heard, std::back_inserter(out), [](const auto& one) { return one.contains("guest"); });
    return out;
  }
  static Packets events(const Packets& heard) {
    Packets out;
    std::ranges::copy_if(heard, std::back_inserter(out), [](const auto& one) { return one.contains("\"n\""); });
    return out;
  }
  Packets guests;
  int named = 0;
};

TEST_F(RecoveryOfACrowd, an_event_does_not_bring_the_crowds_news_with_it_and_who_lags_shares_its_frames) {
  start();
  constexpr std::size_t kReaders = 20, kGuests = 2000;
  std::vector<std::unique_ptr<Recovering>> readers;
  for (std::size_t i = 0; i < kReaders; ++i) {
    readers.push_back(std::make_unique<Recovering>(hub, "reader" + std::to_string(i)));
    readers.back()->connect(0);
  }
  for (auto& reader : readers) {
    reader->hear();
    reader->take();
    reader->connection().waits = 1 << 20;
  }
  for (std::size_t i = 0; i < kGuests; ++i) one_comes();
  hub.deliver();
  std::vector<Packets> heard(kReaders);
  std::set<std::string> offsets;
  int value = 0;
  for (bool first = true; first || !told(); first = false) {
    ++value;
    for (std::size_t i = 0; i < kReaders; ++i) {
      const std::size_t before = readers[i]->connection().sent.size();
      emit("reader" + std::to_string(i), value);
      ASSERT_EQ(readers[i]->connection().sent.size(), before + 1);
    }
    for (auto& reader : readers) reader->connection().waits = 0;
    turn();
    for (std::size_t i = 0; i < kReaders; ++i) {
      readers[i]->hear();
      heard[i] = heard[i] + readers[i]->take();
      readers[i]->connection().waits = 1 << 20;
    }
  }
  for (std::size_t i = 0; i < kReaders; ++i) {
    EXPECT_EQ(of_guests(heard[i]), guests);
    EXPECT_EQ(events(heard[i]).size(), static_cast<std::size_t>(value));
    EXPECT_TRUE(readers[i]->offsets_rise());
    offsets.insert(readers[i]->offsets.begin(), readers[i]->offsets.end());
  }
  const std::size_t of_events = kReaders * static_cast<std::size_t>(value + 1);
  EXPECT_LT(offsets.size(), 2 * kGuests + of_events) << "and not " << kReaders << " times as many";
}

/// Lines are cut behind every message, clients come back to whichever shard, lag or do not: nothing is missed, nothing
/// comes twice, a user's events keep their order, as who comes does.
TEST_F(RecoveryOfACrowd, is_heard_once_and_in_order_wherever_lines_are_cut) {
  start();
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    guests.clear();
    std::vector<std::unique_ptr<Recovering>> clients;
    std::vector<Packets> heard(3);
    std::vector<int> emitted(3);
    for (int i = 0; i < 3; ++i) {
      clients.push_back(std::make_unique<Recovering>(hub, "r" + std::to_string(round) + "-" + std::to_string(i)));
      clients.back()->connect(random() % 2);
    }
    Packets pids;
    for (auto& client : clients) {
      client->hear();
      client->take();
      pids.push_back(client->pid);
    }
    const auto hear = [&](std::size_t i) {
      clients[i]->hear();
      heard[i] = heard[i] + clients[i]->take();
    };
    for (int step = 0; step < 150; ++step) {
      const std::size_t i = random() % 3;
      Recovering& client = *clients[i];
      switch (random() % 6) {
        case 0:
          for (std::size_t more = random() % 20; more > 0; --more) one_comes();
          break;
        case 1:
          hub.directory.emit("r" + std::to_string(round) + "-" + std::to_string(i),
                             *users::checked_event_frame("n", std::to_string(++emitted[i])));
          break;
        case 2:
          if (!client.connection().closed) client.connection().waits = random() % 2 == 0 ? 16 * 1024 - 500 : 0;
          break;
        case 3:
          if (!client.answered()) break;
          client.connection().sent.resize(random() % (client.connection().sent.size() + 1));
          hear(i);
          client.cut();
          if (random() % 2 == 0) hub.deliver();
          client.open(random() % 2);
          break;
        case 4:
          hear(i);
          break;
        default:
          random() % 2 == 0 ? turn() : static_cast<void>(hub.deliver_one(random() % 2));
      }
    }
    for (int i = 0; i < 300; ++i) {
      for (auto& client : clients) client->connection().waits = 0;
      turn();
    }
    EXPECT_TRUE(told());
    for (std::size_t i = 0; i < 3; ++i) {
      hear(i);
      EXPECT_EQ(clients[i]->pid, pids[i]) << "it was recovered each time";
      EXPECT_EQ(of_guests(heard[i]), guests) << "round " << round;
      Packets expected;
      for (int value = 1; value <= emitted[i]; ++value) expected = expected + events_of({value});
      EXPECT_EQ(events(heard[i]), expected) << "round " << round;
      EXPECT_TRUE(clients[i]->offsets_rise());
    }
    if (HasFailure()) return;
  }
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
  hub.directory.sockets.join("ada", {.shard = 0, .slot = 9999});
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
  const auto news = Message::broadcast(users::checked_event_frame("news", "1")->frame, Audience::all(), 1000);
  const auto post = [&](unsigned shard) {
    EXPECT_TRUE(hub.mailboxes.post(shard, Message::broadcast(news.frame, Audience::all(), news.number)));
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
