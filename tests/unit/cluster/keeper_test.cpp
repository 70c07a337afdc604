#include "cluster/keeper.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "subscriber_model.hpp"

// Which of two nodes keeps what emitters publish, on a clock and a Redis of the test's own.
namespace signalbox::cluster::test {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds kLease = redis::Lease::kTerm, kRenew = redis::Lease::kRenew;

/// The one key, on the test's clock.
struct LeaseInRedis {
  const TimePoint& now;
  std::string holder{};
  TimePoint until{};

  std::string hold(const std::string& who, Milliseconds time) {
    if (holder.empty() || now >= until || holder == who) {
      holder = who;
      until = now + time;
    }
    return holder;
  }
  void leave(const std::string& who) {
    if (holder == who && now < until) holder.clear();
  }
};

/// A node's way to it: answers come when the test says so.
struct LeaseCommands final : redis::Commands {
  explicit LeaseCommands(LeaseInRedis& its) : lease(its) {}
  void run(const redis::Script&, redis::ScriptCall call, redis::OnAnswer on_answer, Milliseconds) override {
    if (!reaches) return static_cast<void>(waiting.emplace_back(std::move(on_answer), redis::Reply{}));
    const auto& words = call.arguments;
    redis::Reply reply{.kind = redis::Reply::Kind::text};
    if (words.size() == 2) reply.text = lease.hold(words[0], Milliseconds(std::stol(words[1])));
    if (words.size() == 1) lease.leave(words[0]);
    waiting.emplace_back(std::move(on_answer), std::move(reply));
  }
  void answer() {
    for (auto& [on_answer, reply] : std::exchange(waiting, {})) on_answer(std::move(reply));
  }
  LeaseInRedis& lease;
  bool reaches = true;  ///< Redis
  std::vector<std::pair<redis::OnAnswer, redis::Reply>> waiting;
};

struct KeeperNode {
  KeeperNode(LeaseInRedis& lease, const Keys& keys, const Channels& channels, std::string name)
      : commands(lease), keeper(commands, subscriber, keys, channels, std::move(name)) {}
  void come(TimePoint now) {
    subscriber.connect();
    keeper.on_connected(now);
  }
  LeaseCommands commands;
  SubscriberModel subscriber;
  Keeper keeper;
};

struct KeeperTest : testing::Test {
  /// Time goes by in small steps, in which Redis answers those whom it hears.
  void pass(Milliseconds time) {
    for (const TimePoint end = now + time; now < end; now += 50ms) turn();
    turn();
  }
  void turn() {
    for (KeeperNode* node : {&a, &b}) {
      if (now >= node->keeper.next_deadline()) node->keeper.on_timer(now);
      if (node->commands.reaches) node->commands.answer();
      if (node->subscriber.up) node->subscriber.answer();
      EXPECT_TRUE(!node->keeper.keeps() || !node->subscriber.up || node->subscriber.hears("socket.io#/#user:*"));
    }
    EXPECT_FALSE(a.keeper.keeps() && b.keeper.keeps()) << "one node at a time";
  }
  TimePoint now{1h};
  LeaseInRedis lease{now};
  const Keys keys{"sb", 0, 4};
  const Channels channels{"socket.io"};
  KeeperNode a{lease, keys, channels, "a"}, b{lease, keys, channels, "b"};
};

TEST_F(KeeperTest, the_first_node_keeps_and_goes_on_while_it_renews_its_lease) {
  a.come(now);
  pass(50ms);
  b.come(now);
  for (int i = 0; i < 10; ++i) {
    pass(kLease);
    EXPECT_TRUE(a.keeper.keeps());
    EXPECT_FALSE(b.keeper.keeps());
  }
}

TEST_F(KeeperTest, a_node_that_leaves_has_a_successor_with_the_next_question) {
  a.come(now);
  pass(50ms);
  b.come(now);
  pass(50ms);
  a.keeper.leave();
  EXPECT_FALSE(a.keeper.keeps());
  EXPECT_EQ(a.subscriber.names.size(), 1u) << "until Redis has heard that it is not wanted";
  pass(kRenew);
  EXPECT_TRUE(b.keeper.keeps());
  EXPECT_EQ(a.subscriber.names.size(), 0u);
}

TEST_F(KeeperTest, a_node_that_loses_Redis_keeps_no_more_and_another_does_when_its_lease_is_over) {
  a.come(now);
  pass(50ms);
  b.come(now);
  pass(50ms);
  a.subscriber.lose();
  a.keeper.on_lost();
  EXPECT_FALSE(a.keeper.keeps());
  EXPECT_EQ(a.keeper.next_deadline(), kNever);
  pass(kLease - kRenew);
  EXPECT_FALSE(b.keeper.keeps());
  pass(2 * kRenew);
  EXPECT_TRUE(b.keeper.keeps());
  a.come(now);
  pass(kLease);
  EXPECT_FALSE(a.keeper.keeps()) << "it is the other's now";
}

TEST_F(KeeperTest, a_lease_that_was_not_renewed_in_time_is_over_for_its_holder_before_it_is_for_others) {
  a.come(now);
  pass(50ms);
  b.come(now);
  a.commands.reaches = false;
  pass(kLease - kRenew);
  EXPECT_TRUE(a.keeper.keeps());
  pass(2 * kRenew);  // turn() sees that there are never two
  EXPECT_TRUE(b.keeper.keeps());
}

TEST_F(KeeperTest, an_answer_that_comes_when_Redis_is_lost_changes_nothing) {
  a.come(now);
  a.keeper.on_timer(now);
  a.keeper.on_lost();
  a.commands.answer();
  EXPECT_FALSE(a.keeper.keeps());
}

TEST_F(KeeperTest, a_node_that_hears_nothing_lets_another_keep) {
  a.come(now);
  pass(50ms);
  b.come(now);
  pass(50ms);
  a.subscriber.lose();
  pass(kRenew);
  EXPECT_FALSE(a.keeper.keeps());
  pass(kLease + kRenew);
  EXPECT_TRUE(b.keeper.keeps());
}

}  // namespace
}  // namespace signalbox::cluster::test
