// Sessions and hub together, on a clock that the test turns.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <signalbox/job_events.hpp>

#include "server_world.hpp"
#include "users/encode.hpp"

namespace signalbox::server::test {
namespace {

using Messages = std::vector<std::string>;

std::string online(const std::string& user) {
  return R"(42["user_online",{"userId":")" + user + "\"}]";
}
std::string offline(const std::string& user) {
  return R"(42["user_offline",{"userId":")" + user + "\"}]";
}
/// A browser that is logged in, and has been told so.
std::unique_ptr<Browser> arrive(ServerWorld& world, const std::string& user, unsigned shard = 0) {
  auto browser = std::make_unique<Browser>(world, user, shard);
  browser->login();
  world.turn(2);
  return browser;
}

TEST(Presence, a_page_reload_is_no_absence_and_a_longer_one_is_told_once) {
  ServerWorld world;
  const auto watcher = arrive(world, "watcher");
  auto tab = arrive(world, "ada", 1), other = arrive(world, "ada");
  watcher->heard();
  tab->cut();
  other->cut();
  world.pass(Milliseconds(4900));
  EXPECT_TRUE(world.directory.presence.online("ada"));
  tab = arrive(world, "ada");
  world.pass(seconds(6));
  EXPECT_EQ(watcher->heard(), Messages{}) << "she was there all the time";
  tab->cut();
  world.pass(seconds(6));
  EXPECT_EQ(watcher->heard(), Messages{offline("ada")});
  EXPECT_FALSE(world.directory.presence.online("ada"));
  tab = arrive(world, "ada", 1);
  EXPECT_EQ(watcher->heard(), Messages{online("ada")});
}

// Debug and sanitizer builds check that no lock is held then (LocalSockets::on_message).
TEST(OwnEmits, reach_the_sockets_of_their_own_shard_in_the_same_turn) {
  ServerWorld world;
  const auto ada = arrive(world, "ada");
  ada->heard();
  ASSERT_TRUE(world.post(0, Message::run([&] {
                           EXPECT_EQ(world.directory.emit("ada", *users::checked_event_frame("news", "1")), 1u);
                           EXPECT_EQ(world.directory.emit_all({{"ada", *users::checked_event_frame("news", "2")}}), 1u);
                         })));
  world.turn();
  EXPECT_EQ(ada->heard(), (Messages{R"(42["news",1])", R"(42["news",2])"}));
}

TEST(Presence, of_one_who_is_gone_without_a_word_ends_with_the_heartbeat_and_the_grace) {
  ServerWorld world;
  const auto watcher = arrive(world, "watcher");
  const auto silent = arrive(world, "ada", 1);
  watcher->heard();
  silent->awake = false;
  for (int second = 0; second < 44; ++second) {
    world.pass(seconds(1));
    ASSERT_EQ(watcher->heard(), Messages{}) << second;
    ASSERT_FALSE(silent->gone());
  }
  // A ping after 25 s, 20 s for the pong; then 2 s for the answer to the close frame, and 5 of grace.
  for (int second = 44; second < 49; ++second) {
    world.pass(seconds(1));
    ASSERT_EQ(watcher->heard(), Messages{}) << second;
  }
  EXPECT_TRUE(silent->gone());
  for (int second = 49; second < 52; ++second) world.pass(seconds(1));
  EXPECT_EQ(watcher->heard(), Messages{offline("ada")});
}

TEST(Login, that_does_not_come_ends_the_session) {
  ServerWorld world;
  Browser stranger(world, "ada");
  for (int second = 0; second < 44; ++second) {
    world.pass(seconds(1));
    stranger.heard();
    ASSERT_FALSE(stranger.gone());
  }
  world.pass(seconds(2));
  stranger.heard();
  world.turn(2);
  EXPECT_TRUE(stranger.gone());
  EXPECT_EQ(world.counters().sessions, 0u);
}

TEST(Upgrade, of_a_session_on_another_shard_counts_what_came_behind_its_head) {
  ServerWorld world;
  const int polls = world.connect(0), webs = world.connect(1);
  world.turn();
  world.socket(polls)->in = "GET /socket.io/?EIO=4&transport=polling&name=ada HTTP/1.1\r\nHost: x\r\n\r\n";
  world.turn();
  const std::string opened = world.socket(polls)->out, key = R"("sid":")";
  const auto begin = opened.find(key) + key.size();
  const std::string sid = opened.substr(begin, opened.find('"', begin) - begin);
  world.socket(webs)->in = "GET /socket.io/?EIO=4&transport=websocket&sid=" + sid +
                           " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: "
                           "Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                           "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
                           masked_frame(0x81, std::string(1000, '4')).substr(0, 500);
  world.turn(3);
  ASSERT_TRUE(world.socket(webs)->out.starts_with("HTTP/1.1 101"));
  EXPECT_GE(world.counters().partial_bytes, 490u);
}

TEST(Upgrade, of_a_session_on_a_shard_that_can_watch_no_more_ends_the_websocket_alone) {
  ServerWorld world;
  const int polls = world.connect(0);
  world.turn();
  world.socket(polls)->in = "GET /socket.io/?EIO=4&transport=polling&name=ada HTTP/1.1\r\nHost: x\r\n\r\n";
  world.turn();
  const std::string opened = world.socket(polls)->out, key = R"("sid":")";
  const auto begin = opened.find(key) + key.size();
  const std::string sid = opened.substr(begin, opened.find('"', begin) - begin);
  world.kernel(0).watches = false;
  for (int i = 0; i < 5; ++i) {
    const int webs = world.connect(1);
    world.turn();
    world.socket(webs)->in = "GET /socket.io/?EIO=4&transport=websocket&sid=" + sid +
                             " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: "
                             "Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                             "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    world.turn(3);
    EXPECT_FALSE(world.socket(webs));
  }
  EXPECT_EQ(world.counters().connections, 1u);
  EXPECT_EQ(world.counters().sessions, 1u);
}

/// The ids of the jobs whose outcomes are among these.
Messages outcomes_in(const Messages& messages) {
  Messages jobs;
  for (const std::string& message : messages) {
    const std::string begin = R"(42["job_completed",{"jobId":")";
    if (message.starts_with(begin))
      jobs.push_back(message.substr(begin.size(), message.find('"', begin.size()) - begin.size()));
  }
  return jobs;
}

bool complete(ServerWorld& world, const std::string& user, const std::string& job) {
  const auto event = users::job_frame(JobCompleted{.job_id = job, .result = 1}, {});
  const bool taken = world.directory.emit(user, *event).has_value();
  world.turn(2);
  return taken;
}

TEST(Outcomes, are_told_again_until_a_pong_and_a_second_have_shown_that_they_arrived) {
  Config config = sim_config();
  config.outcome_replay = Milliseconds(0);
  ServerWorld world(config);
  ASSERT_TRUE(complete(world, "ada", "1"));
  auto tab = arrive(world, "ada");
  EXPECT_EQ(outcomes_in(tab->heard()), Messages{"1"}) << "it waited for her";
  tab->cut();  // before her pong
  tab = arrive(world, "ada", 1);
  EXPECT_EQ(outcomes_in(tab->heard()), Messages{"1"});
  world.turn();  // which brings the pong
  world.pass(Milliseconds(500));
  tab->cut();
  tab = arrive(world, "ada", 1);
  EXPECT_EQ(outcomes_in(tab->heard()), Messages{"1"});
  world.turn();
  world.pass(seconds(1));
  tab->cut();
  tab = arrive(world, "ada");
  ASSERT_TRUE(complete(world, "ada", "2"));
  EXPECT_EQ(outcomes_in(tab->heard()), Messages{"2"});
}

/// Users come, go, fall silent and are cut off in any order, while outcomes are emitted to them.
class Town {
 public:
  explicit Town(unsigned seed) : random_(seed) {}

  void live(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) step();
  }
  /// All go, and each comes back once: then everything has been told.
  void end() {
    for (Tab& tab : tabs_) tab.browser->cut();
    world_.pass(seconds(6));
    look();
    for (const std::string& user : kUsers) EXPECT_FALSE(shown_[user]) << user;
    for (const std::string& user : kUsers) {
      tabs_.push_back({user, arrive(world_, user)});
      look();
      EXPECT_EQ(told_[user], emitted_[user]) << user;
    }
  }

 private:
  struct Tab {
    std::string user;
    std::unique_ptr<Browser> browser;
    std::set<std::string> told{};
  };
  inline static const std::array<std::string, 5> kUsers{"ada", "bob", "cleo", "dan", "eve"};

  void step() {
    const auto chance = random_() % 100;
    const std::string& user = kUsers[random_() % kUsers.size()];
    if (chance < 20) {
      tabs_.push_back({user, arrive(world_, user, random_() % 2)});
    } else if (chance < 30 && !tabs_.empty()) {
      tabs_[random_() % tabs_.size()].browser->cut();
    } else if (chance < 35 && !tabs_.empty()) {
      tabs_[random_() % tabs_.size()].browser->awake = false;
    } else if (chance < 45 && !tabs_.empty()) {
      tabs_[random_() % tabs_.size()].browser->send(random_() % 2 ? "41" : "1");
    } else if (chance < 75) {
      const std::string job = user + ' ' + std::to_string(++jobs_);
      if (complete(world_, user, job)) emitted_[user].insert(job);
    } else {
      world_.pass(Milliseconds(random_() % 9000));
      look();
    }
    if (random_() % 2) look();
  }

  /// What everybody has heard: presence changes each time it is told, and nobody hears an outcome twice or of another.
  void look() {
    for (const std::string& message : watcher_->heard()) {
      for (const std::string& user : kUsers) {
        if (message != online(user) && message != offline(user)) continue;
        EXPECT_NE(shown_[user], message == online(user)) << message << " twice";
        shown_[user] = message == online(user);
      }
    }
    for (Tab& tab : tabs_) {
      for (const std::string& job : outcomes_in(tab.browser->heard())) {
        EXPECT_TRUE(job.starts_with(tab.user + ' ')) << job << " told to " << tab.user;
        EXPECT_TRUE(tab.told.insert(job).second) << job << " twice";
        told_[tab.user].insert(job);
      }
    }
    world_.turn(2);
    std::erase_if(tabs_, [](const Tab& tab) { return tab.browser->gone(); });
  }

  std::mt19937 random_;
  ServerWorld world_;
  std::unique_ptr<Browser> watcher_ = arrive(world_, "watcher");
  std::vector<Tab> tabs_;
  std::map<std::string, bool> shown_;
  std::map<std::string, std::set<std::string>> emitted_, told_;
  int jobs_ = 0;
};

TEST(Town, hears_each_change_of_presence_once_and_every_outcome) {
  for (unsigned seed = 1; seed <= 50 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Town town(seed);
    town.live(300);
    town.end();
  }
}

}  // namespace
}  // namespace signalbox::server::test
