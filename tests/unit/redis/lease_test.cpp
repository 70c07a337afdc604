#include "redis/lease.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>

namespace signalbox::redis {
namespace {

/// Notes what it is asked, and answers when the test says so.
struct LateCommands final : Commands {
  void run(const Script&, ScriptCall, OnAnswer on_answer, Milliseconds) override {
    asked.push_back(std::move(on_answer));
  }
  void answer(const std::string& holder) {
    OnAnswer next = std::move(asked.front());
    asked.pop_front();
    next(Reply{.kind = Reply::Kind::text, .text = holder});
  }
  std::deque<OnAnswer> asked;
};

struct LeaseTest : testing::Test {
  /// Asks for it, or renews it.
  void ask() {
    lease.begin(now);
    lease.on_timer(now);
  }
  TimePoint now{std::chrono::hours(1)};
  LateCommands redis;
  Lease lease{redis, "lease", "we", [](bool) {}};
};

TEST_F(LeaseTest, is_held_for_its_term_from_when_it_was_asked_for) {
  ask();
  now += Lease::kTerm / 2;
  redis.answer("we");
  EXPECT_TRUE(lease.held(now));
  now += Lease::kTerm / 2;
  EXPECT_FALSE(lease.held(now)) << "although no timer has come yet";
}

TEST_F(LeaseTest, an_answer_to_what_was_asked_before_it_was_given_back_is_nobody_s) {
  ask();
  redis.answer("we");
  ask();
  lease.leave();
  lease.begin(now + Lease::kRenew);
  redis.answer("we");
  EXPECT_FALSE(lease.held());
  EXPECT_EQ(lease.holder(), "");
}

}  // namespace
}  // namespace signalbox::redis
