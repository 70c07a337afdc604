#include "hub/presence_feed.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "hub/hub.hpp"

namespace signalbox::hub {
namespace {

using namespace std::chrono_literals;
using Heard = std::vector<std::string>;

/// A client's queue; what is in it has left when the test says so.
struct Queue final : Link {
  explicit Queue(std::string name) : user(std::move(name)) {}
  void send(FrameRef frame) override {
    waits += frame->memory() + sizeof frame;
    heard.emplace_back(frame->packet());
  }
  void send_kept(FrameRef frame) override { send(std::move(frame)); }
  std::size_t waiting() const override { return waits; }
  std::size_t held() const override { return waits; }
  void confirm(std::uint32_t) override {}
  bool wants(std::uint32_t) const override { return false; }
  void close(CloseReason, TimePoint) override {}
  void set_authenticated(bool) override {}
  void set_user(std::string_view) override {}
  void set_reading(bool) override {}
  void set_partial(std::size_t) override {}
  void deadline_changed() override {}
  bool over_websocket() const override { return true; }
  std::unique_ptr<Tap> tap(Watcher&) override { return nullptr; }

  Heard take() {
    waits = 0;
    return std::exchange(heard, {});
  }

  users::User user;
  std::size_t waits = 0;
  Heard heard;
};

struct Presence : testing::Test {
  explicit Presence(const PresenceLimits& limits = {}) : feed(limits) {}

  void listen(Queue& queue, std::uint32_t slot, std::uint64_t heard = 0) {
    feed.listen(slot, queue, queue.user, heard);
  }
  void tell(const std::string& what, const std::string& user) {
    const FrameRef frame = make_frame(false, FrameKind::user_online, user, what + ' ' + user);
    feed.add(++sequence, frame, Audience::all_but(frame));
  }
  /// True: another turn is wanted at once.
  bool turn() {
    feed.on_timer(now);
    return feed.next_deadline() <= now;
  }

  PresenceFeed feed;
  std::uint64_t sequence = 0;
  TimePoint now{1h};
};

TEST_F(Presence, of_few_is_told_to_few_in_the_turn_in_which_it_came) {
  Queue ada("ada"), bob("bob");
  listen(ada, 0);
  listen(bob, 7);
  tell("on", "cyd");
  tell("on", "bob");
  tell("off", "cyd");
  EXPECT_FALSE(turn());
  EXPECT_EQ(ada.take(), (Heard{"on cyd", "on bob", "off cyd"}));
  EXPECT_EQ(bob.take(), (Heard{"on cyd", "off cyd"})) << "nobody hears of themselves";
  EXPECT_EQ(feed.log_size(), 0u);
  EXPECT_EQ(feed.next_deadline(), kNever);
}

TEST_F(Presence, is_told_to_a_socket_from_where_it_joined) {
  Queue ada("ada"), bob("bob"), moved("cyd");
  listen(ada, 0);
  tell("on", "x");
  listen(bob, 1);
  tell("on", "y");
  listen(moved, 2, 3);  // it has heard there of three
  tell("on", "z");
  tell("on", "u");
  turn();
  EXPECT_EQ(ada.take(), (Heard{"on x", "on y", "on z", "on u"}));
  EXPECT_EQ(bob.take(), (Heard{"on y", "on z", "on u"}));
  EXPECT_EQ(moved.take(), Heard{"on u"});
}

struct PacedPresence : Presence {
  explicit PacedPresence(std::size_t sockets = 2, std::size_t references = 5)
      : Presence({.sockets = sockets, .references = references, .queue = 1000, .slow_queue = 4000, .short_log = 4}) {
    for (std::uint32_t i = 0; i < 5; ++i) {
      queues.emplace_back("u" + std::to_string(i));
      listen(queues.back(), i);
    }
  }
  std::deque<Queue> queues;
};

TEST_F(PacedPresence, is_told_to_so_many_sockets_a_turn) {
  tell("on", "x");
  std::vector<std::size_t> told;
  for (bool more = true; more;) {
    more = turn();
    std::size_t sum = 0;
    for (const Queue& queue : queues) sum += queue.heard.size();
    told.push_back(sum);
  }
  EXPECT_EQ(told, (std::vector<std::size_t>{2, 4, 5}));
}

TEST_F(PacedPresence, takes_so_many_references_a_turn) {
  for (const char* user : {"x", "y", "z"}) tell("on", user);
  std::size_t before = 0;
  for (bool more = true; more;) {
    more = turn();
    std::size_t sum = 0;
    for (const Queue& queue : queues) sum += queue.heard.size();
    EXPECT_LE(sum, before + 5);
    before = sum;
  }
  for (Queue& queue : queues) EXPECT_EQ(queue.take(), (Heard{"on x", "on y", "on z"}));
  EXPECT_EQ(feed.log_size(), 0u);
}

TEST_F(PacedPresence, passes_over_a_socket_whose_queue_has_not_drained) {
  tell("on", "w");
  while (turn()) continue;
  for (Queue& queue : queues) queue.take();
  Queue& full = queues[1];
  full.waits = 1000;
  tell("on", "x");
  while (turn()) continue;
  for (Queue& queue : queues) EXPECT_EQ(queue.heard.size(), &queue == &full ? 0u : 1u);
  EXPECT_EQ(feed.next_deadline(), now + 5ms) << "it is looked at again";
  EXPECT_EQ(feed.log_size(), 1u);
  now += 5ms;
  EXPECT_FALSE(turn());
  full.waits = 0;
  now += 5ms;
  while (turn()) continue;
  EXPECT_EQ(full.heard, Heard{"on x"});
  EXPECT_EQ(feed.next_deadline(), kNever);
  EXPECT_EQ(feed.log_size(), 0u);
}

TEST_F(PacedPresence, fills_no_queue_past_its_bound) {
  for (int i = 0; i < 100; ++i) tell("on", "user" + std::to_string(i));
  std::size_t told = 0;
  for (int turns = 0; feed.next_deadline() != kNever && turns < 1000; ++turns, now += 5ms) {
    turn();
    for (Queue& queue : queues) {
      EXPECT_LE(queue.waits, 1000u);
      if (turns % 3 == 0) told += queue.take().size();
    }
  }
  for (Queue& queue : queues) told += queue.take().size();
  EXPECT_EQ(told, 500u);
}

struct PresenceForSlowOnes : PacedPresence {
  PresenceForSlowOnes() : PacedPresence(100, 1000) {}
};

TEST_F(PresenceForSlowOnes, reaches_a_socket_whose_queue_never_drains_once_a_second) {
  Queue& slow = queues[1];
  for (int i = 0; i < 200; ++i) tell("on", "user" + std::to_string(i));
  for (int time = 0; time < 2000; ++time) {
    for (Queue& queue : queues) queue.waits = &queue == &slow ? 2000 : 0;
    turn();
    now += 5ms;
  }
  EXPECT_EQ(queues[0].heard.size(), 200u);
  EXPECT_EQ(slow.heard.size(), 200u) << "in ten seconds";
  slow.waits = 4000;
  tell("on", "z");
  for (int time = 0; time < 2000; ++time, now += 5ms) turn();
  EXPECT_EQ(slow.heard.size(), 200u) << "but not for ever";
}

TEST_F(PacedPresence, of_one_user_is_kept_once_in_a_long_log) {
  Queue &lags = queues[0], &heard_one = queues[1];
  lags.waits = 4000;  // nothing at all for it
  for (const char* user : {"a", "b", "c", "d"}) tell("on", user);
  tell("on", "x");
  tell("on", "y");
  while (turn()) continue;
  for (Queue& queue : queues) queue.take();
  lags.waits = heard_one.waits = 4000;
  tell("off", "x");
  EXPECT_EQ(feed.log_size(), 6u);
  for (const char* what : {"off", "on", "off"}) tell(what, "y");
  EXPECT_EQ(feed.log_size(), 6u);
  lags.waits = heard_one.waits = 0;
  for (bool more = true; more;) more = turn();
  EXPECT_EQ(heard_one.take(), (Heard{"off x", "off y"}));
  const Heard all = lags.take();
  EXPECT_EQ(Heard(all.begin(), all.begin() + 4), (Heard{"on a", "on b", "on c", "on d"}));
  EXPECT_EQ(Heard(all.begin() + 4, all.end()), (Heard{"off x", "off y"}))
      << "whatever it may have been told of x otherwise";
}

TEST_F(PacedPresence, of_one_who_comes_and_goes_for_ever_takes_no_memory) {
  queues[0].waits = 1000;
  for (int i = 0; i < 10'000; ++i) {
    tell(i % 2 ? "off" : "on", "x");
    while (turn()) continue;
    for (Queue& queue : queues) {
      if (&queue != &queues[0]) {
        EXPECT_EQ(queue.take(), Heard{i % 2 ? "off x" : "on x"});
      }
    }
    EXPECT_LE(feed.log_size(), 5u);
  }
}

/// Sockets come and go, drain or do not, while users come and go: who is here at the end knows who is online.
TEST_F(PacedPresence, ends_with_everybody_knowing_who_is_online) {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    std::mt19937 random(seed);
    PresenceFeed seeds({.sockets = 3, .references = 7, .queue = 300, .slow_queue = 600, .short_log = seed % 30});
    std::map<std::uint32_t, Queue> here;
    std::map<std::uint32_t, std::set<std::string>> known;
    std::set<std::string> online;
    std::uint64_t number = 0;
    const auto hear = [&](std::uint32_t slot) {
      for (const std::string& packet : here.at(slot).take()) {
        const std::string user = packet.substr(packet.find(' ') + 1);
        EXPECT_NE(user, here.at(slot).user.id);
        packet.starts_with("on ") ? void(known[slot].insert(user)) : void(known[slot].erase(user));
      }
    };
    for (int step = 0; step < 2000; ++step) {
      const auto slot = static_cast<std::uint32_t>(random() % 20);
      const std::string user = "u" + std::to_string(random() % 12);
      switch (random() % 6) {
        case 0:
          if (!here.contains(slot)) {
            Queue& queue = here.try_emplace(slot, user).first->second;
            seeds.listen(slot, queue, queue.user, 0);
            known[slot] = online;
          } else if (random() % 3 == 0) {
            seeds.leave(slot);
            here.erase(slot);
          }
          break;
        case 1:
        case 2: {
          const bool goes = online.erase(user) != 0;
          if (!goes) online.insert(user);
          const FrameRef frame = make_frame(false, FrameKind::user_online, user, (goes ? "off " : "on ") + user);
          seeds.add(++number, frame, Audience::all_but(frame));
          break;
        }
        case 3:
          if (here.contains(slot)) hear(slot);
          break;
        default:
          seeds.on_timer(now += 2ms);
      }
    }
    while (seeds.next_deadline() != kNever) {
      for (auto& [slot, queue] : here) hear(slot);
      seeds.on_timer(now += 5ms);
    }
    EXPECT_EQ(seeds.log_size(), 0u);
    for (auto& [slot, queue] : here) {
      hear(slot);
      std::set<std::string> others = online;
      others.erase(queue.user.id);
      known[slot].erase(queue.user.id);
      EXPECT_EQ(known[slot], others) << "seed " << seed << " slot " << slot;
    }
  }
}

struct Notices : PacedPresence {
  Notices() : PacedPresence(100, 1000) {}
  void notice(const std::string& text, const Audience& to = Audience::all()) {
    feed.add(++sequence, text_frame(text), to);
  }
};

TEST_F(Notices, are_told_to_all_in_the_order_of_all_broadcasts) {
  tell("on", "x");
  notice("one");
  tell("off", "u0");
  notice("two");
  turn();
  EXPECT_EQ(queues[0].take(), (Heard{"on x", "one", "two"}));
  EXPECT_EQ(queues[1].take(), (Heard{"on x", "one", "off u0", "two"}));
  EXPECT_EQ(feed.log_size(), 0u);
}

TEST_F(Notices, are_told_to_their_audience_alone) {
  notice("not for u0", Audience::all_but(text_frame("", FrameKind::user_online, "u0")));
  notice("for all");
  turn();
  EXPECT_EQ(queues[0].take(), Heard{"for all"});
  EXPECT_EQ(queues[1].take(), (Heard{"not for u0", "for all"}));
}

TEST_F(Notices, are_never_replaced_however_long_the_log_is) {
  Heard expected;
  queues[0].waits = 1000;
  for (int i = 0; i < 50; ++i) {
    notice("n" + std::to_string(i));
    expected.push_back("n" + std::to_string(i));
    tell(i % 2 == 0 ? "on" : "off", "x");
  }
  turn();
  now += 1s;
  Heard heard;
  for (int i = 0; i < 100; ++i) {
    for (std::string& one : queues[0].take()) {
      if (one.front() == 'n') heard.push_back(std::move(one));
    }
    now += 5ms;
    turn();
  }
  EXPECT_EQ(heard, expected);
  EXPECT_EQ(feed.log_size(), 0u);
}

TEST_F(Notices, need_some_room_and_not_their_own_size) {
  notice(std::string(5000, 'x'));
  queues[0].waits = 999;
  queues[1].waits = 1000;
  turn();
  EXPECT_EQ(queues[0].heard.size(), 1u);
  EXPECT_EQ(queues[1].heard.size(), 0u);
  queues[1].take();
  now += 5ms;
  turn();
  EXPECT_EQ(queues[1].heard.size(), 1u);
}

TEST_F(Notices, wait_for_a_slow_client_ten_seconds_and_not_longer) {
  queues[0].waits = 100'000;  // and never drains
  tell("on", "x");
  notice("one");
  tell("on", "y");
  turn();
  now += 9999ms;
  turn();
  EXPECT_EQ(queues[0].heard, Heard{});
  now += 5ms;
  turn();
  EXPECT_EQ(queues[0].take(), (Heard{"on x", "one"}));
}

}  // namespace
}  // namespace signalbox::hub
