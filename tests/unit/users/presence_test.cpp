#include "users/presence.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "fake_mailboxes.hpp"
#include "users/sockets.hpp"

namespace signalbox::users::test {
namespace {

/// Notes what it hears, and what else happens then.
struct NotedPresence final : PresenceObserver {
  void on_presence(const std::string& user, bool online) override {
    heard.push_back((online ? "+" : "-") + user);
    if (meanwhile) meanwhile(user);
  }
  std::vector<std::string> heard;
  std::function<void(const std::string&)> meanwhile{};
};

struct PresenceTest : testing::Test {
  PresenceTest() { presence.observe(first), presence.observe(second); }

  const LedgerOptions options{};
  Stripes users{options};
  LedgerState state{.users = users, .options = options, .clock = LedgerClock({})};
  LedgerExpiry expiry{state};
  Ledger ledger{state, expiry};
  FakeMailboxes mailboxes{1};
  Presence presence{users, mailboxes, {.grace = Milliseconds(10), .restart_grace = Milliseconds(10)}};
  Sockets sockets{users, presence, ledger, 0};
  NotedPresence first, second;
  TimePoint now{};
};

TEST_F(PresenceTest, observers_are_told_when_the_users_lock_is_free) {
  std::vector<bool> seen;
  first.meanwhile = [&](const std::string& user) { seen.push_back(presence.online(user)); };
  const User* ada = sockets.join("ada", {0, 1, 1}).user;
  sockets.leave(ada, {0, 1, 1}, now);
  presence.on_timer(now + Milliseconds(10));
  EXPECT_EQ(first.heard, (std::vector<std::string>{"+ada", "-ada"}));
  EXPECT_EQ(second.heard, first.heard);
  EXPECT_EQ(seen, (std::vector<bool>{true, false}));
}

TEST_F(PresenceTest, what_comes_while_an_observer_is_told_is_told_behind_that_and_to_all_in_one_order) {
  first.meanwhile = [&](const std::string& user) {
    if (user == "ada") sockets.join("bob", {0, 2, 1});
  };
  sockets.join("ada", {0, 1, 1});
  EXPECT_EQ(first.heard, (std::vector<std::string>{"+ada", "+bob"}));
  EXPECT_EQ(second.heard, first.heard);
}

}  // namespace
}  // namespace signalbox::users::test
